"""From logits to probabilities that mean what they say, fitted on held-out Wikipedia comments of natural prevalence.

`python scripts/train/calibrate.py --model models/english --comity target/release/comity --data ../shared/data` fits the
calibration of an exported model on what the program makes of the dev rows, its second reading of disguised texts included,
and writes it into the manifest. Dev rows come in the order of sha256 of their id: even ranks fit, odd ranks measure.

For a model of several languages the line of toxicity is fitted on the even ranks of Spanish, Italian and Turkish Wikipedia
comments too, each of the four languages with the same weight; the figures have the error by language on the odd ranks. The other
labels and the temperature come from English: of other languages there is no such file.
"""

import argparse
import csv
import json
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from metrics import auc, brier, brier_skill, ece, sigmoid, softmax, threshold_rows
from scipy.optimize import minimize, minimize_scalar
from languages import CALIBRATED, UMSAB, jigsaw_ranks
from sources import JIGSAW_COLUMNS, SENTIMENT_LABELS, TOXICITY_LABELS, jigsaw_split, read

# How far scale (as a logarithm) and bias may stray from 1 and 0 before a rare label's few positives must argue for it.
PRIOR_DEVIATION = (0.5, 2.0)
# What the reports call toxic.
FLAGGED = 0.5


# The share of harmless rows over the threshold may differ by so much between two measured languages.
MOST_BIAS = 0.03


def fit_platt(logits: np.ndarray, truth: np.ndarray, weight: np.ndarray | float = 1.0) -> dict:
    """Scale and bias of a logit by penalised likelihood; the scale is positive, so the order of texts never changes."""

    def cost(parameters):
        log_scale, bias = parameters
        margin = np.exp(log_scale) * logits + bias
        likelihood = np.logaddexp(0, margin) - truth * margin
        prior = 0.5 * (log_scale / PRIOR_DEVIATION[0]) ** 2 + 0.5 * (bias / PRIOR_DEVIATION[1]) ** 2
        return (weight * likelihood).sum() + prior

    log_scale, bias = minimize(cost, np.zeros(2), method="L-BFGS-B").x
    return {"scale": round(float(np.exp(log_scale)), 6), "bias": round(float(bias), 6)}


def probability(logits: np.ndarray, line: dict) -> np.ndarray:
    return sigmoid(line["scale"] * logits + line["bias"])


def sentiment_dev(data: Path, sample: float = 1.0) -> dict[str, tuple[list[str], np.ndarray]]:
    """Three-class dev sets by name, then sst2, whose raters had no neutral."""
    tweets = read(data, "tweeteval_sentiment/val")
    reddit = [row for row in read(data, "goemotions/dev") if row["sentiment_group"] in SENTIMENT_LABELS]
    films = read(data, "sst2/dev")
    tweets, reddit, films = (rows[: max(60, int(sample * len(rows)))] for rows in (tweets, reddit, films))
    return {
        "tweeteval_sentiment/val": ([row["text"] for row in tweets], np.array([int(row["label"]) for row in tweets])),
        "goemotions/dev": (
            [row["text"].replace("[NAME]", "@user") for row in reddit],
            np.array([SENTIMENT_LABELS.index(row["sentiment_group"]) for row in reddit]),
        ),
        "sst2/dev": ([row["text"] for row in films], np.array([2 * int(row["label"]) for row in films])),
    }


def sentiment_nll(logits: np.ndarray, truth: np.ndarray, temperature: float, binary: bool) -> float:
    scaled = logits / temperature
    if binary:
        scaled = scaled - np.array([0.0, 1e9, 0.0])
    return float(-np.log(np.clip(softmax(scaled)[np.arange(len(truth)), truth], 1e-12, 1)).mean())


def sentiment_figures(logits: np.ndarray, truth: np.ndarray, temperature: float) -> dict:
    chance = softmax(logits / temperature)
    best = chance.argmax(axis=1)
    recalls = [float((best[truth == label] == label).mean()) for label in range(3) if (truth == label).any()]
    return {
        "macro_recall": round(float(np.mean(recalls)), 4),
        "ece": round(ece(chance.max(axis=1), (best == truth).astype(float)), 4),
    }


def identity() -> dict:
    """The calibration that changes nothing."""
    return {**{label: {"scale": 1.0, "bias": 0.0} for label in TOXICITY_LABELS}, "sentiment": {"temperature": 1.0}}


def program_logits(comity: Path, model: Path, texts: list[str]) -> np.ndarray:
    """Logits of texts as the program scores them: of each toxicity label, and log-probabilities of the sentiments."""
    with tempfile.TemporaryDirectory() as folder:
        plain, table, out = (Path(folder) / name for name in ("model", "texts.csv", "out"))
        shutil.copytree(model, plain)
        manifest = json.loads((plain / "manifest.json").read_text(encoding="utf-8"))
        manifest["calibration"] = identity()
        (plain / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
        with table.open("w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(["id", "text"])
            rows.writerows(enumerate(texts))
        command = [comity, "score", table, "--map", "id=id,text=text", "--language", "any", "--model", plain, "--out", out]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        chances = np.full((len(texts), 9), np.nan)
        with (out / "scores.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                if not row["unscored"]:
                    chances[int(row["id"])] = [float(row[label]) for label in TOXICITY_LABELS + SENTIMENT_LABELS]
    # Six decimals are what the program writes.
    chances = np.clip(chances, 5e-7, 1 - 5e-7)
    logits = np.log(chances)
    logits[:, :6] -= np.log1p(-chances[:, :6])
    # A text without words has no score; the model would have given it the least.
    return np.where(np.isnan(logits), np.nanmin(logits, axis=0), logits)


def other_dev(score, data: Path, sample: float) -> dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """By language of `jigsaw_multilingual_val`: logits of toxicity, truth, and which rows fit the calibration."""
    found = {}
    for language in CALIBRATED:
        rows = [(row, fits) for row, fits in jigsaw_ranks(data) if row["lang"] == language]
        rows = rows[: max(60, int(sample * len(rows)))]
        logits = score([row["text"] for row, _ in rows])[:, 0]
        found[language] = (logits, np.array([float(row["label"]) for row, _ in rows]), np.array([fits for _, fits in rows]))
    return found


def balanced(groups: list[tuple[np.ndarray, np.ndarray]]) -> dict:
    """The line fitted on groups of logits and truth, each with the mean weight of all."""
    mean = np.mean([len(truth) for _, truth in groups])
    weight = np.concatenate([np.full(len(truth), mean / len(truth)) for _, truth in groups])
    return fit_platt(np.concatenate([logits for logits, _ in groups]), np.concatenate([truth for _, truth in groups]), weight)


def by_language(languages: dict[str, tuple[np.ndarray, np.ndarray]], line: dict) -> dict[str, dict]:
    """For logits of toxicity and truth by language: area under the curve, calibration error, and the share of harmless rows flagged."""
    figures = {}
    for language, (logits, truth) in languages.items():
        chance = probability(logits, line)
        figures[language] = {
            "rows": len(truth),
            "auc": round(auc(chance, truth), 4) if len(set(truth)) == 2 else None,
            "ece": round(ece(chance, truth), 4),
            "harmless_flagged": round(float((chance[truth == 0] >= FLAGGED).mean()), 4),
        }
    shares = [known["harmless_flagged"] for known in figures.values()]
    figures["widest difference of harmless_flagged"] = round(max(shares) - min(shares), 4)
    return figures


def calibrate(score, data: Path, sample: float = 1.0, multilingual: bool = False) -> tuple[dict, dict]:
    """(the manifest's calibration, figures on the rows that did not fit it); `score(texts)` gives logits of all nine labels.

    A `sample` below 1 takes the first rows only, for a trial of the whole way.
    """
    dev = jigsaw_split(data)[1]
    dev = dev[: max(200, int(sample * len(dev)))]
    logits = score([row["comment_text"] for row in dev])
    fit, measure = np.arange(len(dev)) % 2 == 0, np.arange(len(dev)) % 2 == 1
    calibration, figures = {}, {}
    others = other_dev(score, data, sample) if multilingual else {}
    for index, (label, column) in enumerate(zip(TOXICITY_LABELS, JIGSAW_COLUMNS, strict=True)):
        truth = np.array([float(row[column]) for row in dev])
        calibration[label] = fit_platt(logits[fit, index], truth[fit])
        if others and label == "toxicity":
            calibration[label] = balanced([(logits[fit, index], truth[fit])] + [(known[fits], seen[fits]) for known, seen, fits in others.values()])
            odd = {"en": (logits[measure, index], truth[measure])} | {name: (known[~fits], seen[~fits]) for name, (known, seen, fits) in others.items()}
            figures["languages"] = by_language(odd, calibration[label])
        chance, seen = probability(logits[measure, index], calibration[label]), truth[measure]
        if len(set(seen)) < 2:
            continue  # a trial's few rows
        flagged = chance >= FLAGGED
        figures[label] = {
            "rows": int(measure.sum()),
            "at_half": {
                "true_positives": int((flagged & (seen == 1)).sum()),
                "false_positives": int((flagged & (seen == 0)).sum()),
                "false_negatives": int((~flagged & (seen == 1)).sum()),
                "true_negatives": int((~flagged & (seen == 0)).sum()),
            },
            "positives": int(seen.sum()),
            "auc": round(auc(chance, seen), 4),
            "ece": round(ece(chance, seen), 4),
            "brier": round(brier(chance, seen), 5),
            "brier_skill": round(brier_skill(chance, seen), 4),
            "thresholds": threshold_rows(chance, seen),
        }

    sets = {name: (score(texts)[:, 6:], truth) for name, (texts, truth) in sentiment_dev(data, sample).items()}
    even = {name: (scores[::2], truth[::2]) for name, (scores, truth) in sets.items()}

    def cost(temperature):
        return sum(sentiment_nll(scores, truth, temperature, name == "sst2/dev") for name, (scores, truth) in even.items())

    temperature = round(float(minimize_scalar(cost, bounds=(0.3, 4.0), method="bounded").x), 6)
    calibration["sentiment"] = {"temperature": temperature}
    for name, (scores, truth) in sets.items():
        if name == "sst2/dev":
            right = (scores[1::2, 2] > scores[1::2, 0]) == (truth[1::2] == 2)
            figures[name] = {"accuracy": round(float(right.mean()), 4)}
        else:
            figures[name] = sentiment_figures(scores[1::2], truth[1::2], temperature)
    for language in UMSAB if multilingual else []:
        rows = [row for row in read(data, "multilingual/umsab_sentiment/val") if row["lang"] == language]
        rows = rows[: max(30, int(sample * len(rows)))]
        truth = np.array([int(row["label"]) for row in rows])
        figures[f"umsab_sentiment/val {language}"] = sentiment_figures(score([row["text"] for row in rows])[:, 6:], truth, temperature)
    return calibration, figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--model", type=Path, required=True, help="exported model folder, whose manifest is rewritten")
    parser.add_argument("--comity", type=Path, required=True, help="the program")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder of labelled sets")
    options = parser.parse_args()
    path = options.model / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    multilingual = manifest["languages"] != ["en"]
    calibration, figures = calibrate(lambda texts: program_logits(options.comity, options.model, texts), options.data, multilingual=multilingual)
    manifest["calibration"] = calibration
    toxicity = figures["toxicity"]
    manifest["held_out"] = {
        "data": f"{toxicity['rows']} Wikipedia talk-page comments of 2017, {toxicity['positives']} of them labelled toxic",
        "threshold": FLAGGED,
        **toxicity["at_half"],
    }
    path.write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(json.dumps({"dev": figures, "calibration": calibration}, indent=1))


if __name__ == "__main__":
    main()
