"""Measures a multilingual model folder on the labelled tests, by language, and prints every target with what was reached.

`python scripts/train/measure_multilingual.py --model ../train/models/multilingual --data ../shared/data --out ../train/multilingual.json`

It works from PyTorch's logits, without the program: no 8-bit arithmetic and no second reading of disguised texts. Scores are
calibrated by the manifest. A threshold is settled on a dev file, or on the rows of a training file that were held out for that,
and frozen for the test. `--english` names the `accuracy.json` of the English model, to compare the English figures with.

hatecheck   AUC by language; toxicity, identity_attack or their geometric mean, whichever has the better AUC on the dev files of
            HatemojiBuild and GAHD
jigsaw      Wikipedia comments, odd ranks: AUC and ECE of toxicity, and the share of harmless rows over the threshold
tests       the test of each set: AUC, macro F1 or accuracy
sentiment   UMSAB by language: macro F1 of three classes; Indonesian, Thai
english     the published tests of the English model
"""

import argparse
import json
from pathlib import Path

import numpy as np
from calibrate import FLAGGED, MOST_BIAS, by_language, other_dev, probability
from languages import HATECHECK, UMSAB, rows_of
from metrics import auc, best_threshold, macro_f1, softmax
from predict import load, text_logits
from sources import JIGSAW_COLUMNS, TOXICITY_LABELS, jigsaw_split, read

RULES = {
    "toxicity": lambda scores: scores[:, 0],
    "identity_attack": lambda scores: scores[:, 5],
    "toxicity*identity_attack": lambda scores: np.sqrt(scores[:, 0] * scores[:, 5]),
}
LEAST = 40  # rows of a sample
# Of each test: language, file, its part, the dev file and its part for the threshold, the figure, and the target.
TESTS = [
    ("de", "germeval2018/test", "train", "germeval2018/train", "dev", "macro F1", 0.74),
    ("de", "gahd_de/test", "train", None, None, "AUC", None),
    ("es", "offendes/test", "train", None, None, "AUC", 0.85),
    ("tr", "offenseval2020_tr/test", "train", "offenseval2020_tr/train", "dev", "macro F1", 0.76),
    ("zh", "cold_zh/test", "train", "cold_zh/dev", "train", "accuracy", 0.80),
    ("pt", "told_br/all", "test", "told_br/all", "dev", "macro F1", 0.74),
    ("pl", "poleval2019_pl/test", "train", None, None, "AUC", 0.85),
    ("ko", "kocohub_ko/dev", "train", None, None, "AUC", None),
    ("ru", "russe_detox_ru/dev", "train", None, None, "AUC", None),
    ("ro", "ro_offense/test", "train", "ro_offense/train", "dev", "macro F1", None),
    ("fr", "mlma/all_fr", "test", None, None, "AUC", None),
    ("ar", "mlma/all_ar", "test", None, None, "AUC", None),
    ("el", "ogtd_el/all", "test", None, None, "AUC", None),
    ("da", "dkhate_da/test", "train", None, None, "AUC", None),
    ("ja", "inspection_ja/all", "train", None, None, "AUC", None),
]
JIGSAW = {"es": 0.89, "it": 0.89, "tr": 0.97}
HATECHECK_TARGET, UMSAB_TARGET, BELOW_ENGLISH = 0.77, 0.66, 0.02
# The English figures: set and figure as `scripts/accuracy` names them.
ENGLISH = {
    "AUC toxic (Jigsaw)": ("jigsaw_toxic_2018/test_official_balanced, weighted", "AUC toxic"),
    "mean AUC of six (Jigsaw)": ("jigsaw_toxic_2018/test_official_balanced, weighted", "mean AUC of six, blanks as 0"),
    "AUC offensive (TweetEval)": ("tweeteval_offensive/test", "AUC"),
    "accuracy (SST-2)": ("sst2/test", "accuracy, positive above negative"),
    "macro recall of sentiment (TweetEval)": ("tweeteval_sentiment/test", "macro recall"),
    "AUC (HateCheck)": ("hatecheck/test", "AUC"),
}


def macro_f1_of_three(predicted: np.ndarray, truth: np.ndarray) -> float:
    scores = []
    for value in range(3):
        hits = np.sum((predicted == value) & (truth == value))
        scores.append(2 * hits / max(np.sum(predicted == value) + np.sum(truth == value), 1))
    return float(np.mean(scores))


def accuracy(predicted: np.ndarray, truth: np.ndarray) -> float:
    return float(np.mean(predicted == truth))


class Bench:
    """A model, the data, and the lines of the table so far."""

    def __init__(self, folder: Path, data: Path, sample: float):
        self.model, self.tokenizer = load(folder)
        self.manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        self.data, self.sample, self.lines = data, sample, []

    def logits(self, texts: list[str]) -> np.ndarray:
        return text_logits(self.model, self.tokenizer, texts, self.manifest["normalizer"])

    def scores(self, texts: list[str]) -> np.ndarray:
        """Calibrated probabilities of the six labels and the three sentiments."""
        logits, lines = self.logits(texts), self.manifest["calibration"]
        toxic = [probability(logits[:, index], lines[label]) for index, label in enumerate(TOXICITY_LABELS)]
        return np.concatenate([np.stack(toxic, axis=1), softmax(logits[:, 6:] / lines["sentiment"]["temperature"])], axis=1)

    def some(self, rows: list[dict]) -> list[dict]:
        """The rows, or, in a trial, some of them from the whole file."""
        count = max(LEAST, int(self.sample * len(rows)))
        return rows if self.sample >= 1 or count >= len(rows) else rows[:: len(rows) // count]

    def add(self, test: str, language: str, figure: str, value: float | None, target: float | None = None) -> None:
        self.lines.append({"test": test, "language": language, "figure": figure, "value": value, "target": target})
        print(row_of(self.lines[-1]), flush=True)


def row_of(line: dict) -> str:
    value, target = ("-" if line[name] is None else f"{line[name]:.4f}" for name in ("value", "target"))
    reached = "" if None in (line["value"], line["target"]) else "yes" if line["value"] >= line["target"] else "no"
    return f"| {line['test']} | {line['language']} | {line['figure']} | {value} | {target} | {reached} |"


def truth_of(rows: list[dict], column: str = "label") -> np.ndarray:
    return np.array([int(row[column]) for row in rows])


def auc_or_none(score: np.ndarray, truth: np.ndarray, weight: np.ndarray | None = None) -> float | None:
    return auc(score, truth, weight) if len(set(truth)) == 2 else None


def share_over(scores: np.ndarray) -> float | None:
    """The share of scores at or over the threshold."""
    return float((scores >= FLAGGED).mean()) if len(scores) else None


def mean_of(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None


def hate_rule(bench: Bench) -> str:
    sets = []
    for rows, column in ((read(bench.data, "hatemoji_build/validation"), "label_gold"), (rows_of(bench.data, "gahd_de/dev"), "label")):
        rows = bench.some(rows)
        sets.append((bench.scores([row["text"] for row in rows]), truth_of(rows, column)))
    return max(RULES, key=lambda rule: np.mean([auc_or_none(RULES[rule](scores), truth) or 0.0 for scores, truth in sets]))


def hatecheck(bench: Bench) -> None:
    rule, found = hate_rule(bench), {name: [] for name in RULES}
    for language in HATECHECK:
        rows = bench.some(read(bench.data, f"multilingual/multilingual_hatecheck/test_{language}"))
        scores, truth = bench.scores([row["text"] for row in rows]), truth_of(rows)
        for name, of in RULES.items():
            found[name].append(auc_or_none(of(scores), truth))
        bench.add("Multilingual HateCheck", language, f"AUC of {rule}", found[rule][-1])
    for name, values in found.items():
        chosen = name == rule
        bench.add("Multilingual HateCheck", "mean of 10", f"AUC of {name}", mean_of(values), HATECHECK_TARGET if chosen else None)


def jigsaw(bench: Bench) -> None:
    dev = jigsaw_split(bench.data)[1]
    dev = dev[: max(2 * LEAST, int(bench.sample * len(dev)))][1::2]
    languages = {"en": (bench.logits([row["comment_text"] for row in dev])[:, 0], truth_of(dev, "toxic"))}
    for language, (logits, truth, fits) in other_dev(bench.logits, bench.data, bench.sample).items():
        languages[language] = (logits[~fits], truth[~fits])
    figures = by_language(languages, bench.manifest["calibration"]["toxicity"])
    widest = figures.pop("widest difference of harmless_flagged")
    for language, known in figures.items():
        bench.add("Wikipedia comments, odd ranks", language, "AUC", known["auc"], JIGSAW.get(language))
        bench.add("Wikipedia comments, odd ranks", language, "ECE", known["ece"])
        bench.add("Wikipedia comments, odd ranks", language, f"harmless over {FLAGGED}", known["harmless_flagged"])
    bench.add("Wikipedia comments, odd ranks", "all", f"widest difference of harmless over {FLAGGED} (at most {MOST_BIAS})", widest)


def tests(bench: Bench) -> None:
    for language, name, split, dev_name, dev_split, figure, target in TESTS:
        rows = bench.some(rows_of(bench.data, name, split))
        toxic, truth = bench.scores([row["text"] for row in rows])[:, 0], truth_of(rows)
        bench.add(name, language, "AUC", auc_or_none(toxic, truth), target if figure == "AUC" else None)
        if dev_name:
            score = {"macro F1": macro_f1, "accuracy": accuracy}[figure]
            dev = bench.some(rows_of(bench.data, dev_name, dev_split))
            threshold = best_threshold(bench.scores([row["text"] for row in dev])[:, 0], truth_of(dev), score)
            bench.add(name, language, f"{figure}, threshold {threshold:.3f} frozen on dev", score((toxic >= threshold).astype(int), truth), target)
        bench.add(name, language, f"harmless over {FLAGGED}", share_over(toxic[truth == 0]))


def sentiment(bench: Bench) -> None:
    found, flagged = [], []
    every = read(bench.data, "multilingual/umsab_sentiment/test")
    for language in UMSAB:
        rows = bench.some([row for row in every if row["lang"] == language])
        scores, truth = bench.scores([row["text"] for row in rows]), truth_of(rows)
        found.append(macro_f1_of_three(scores[:, 6:].argmax(axis=1), truth))
        # Tweets that are not negative are harmless nearly always, and were drawn alike in every language.
        flagged.append(share_over(scores[truth > 0, 0]) or 0.0)
        bench.add("UMSAB", language, "macro F1", found[-1])
        bench.add("UMSAB", language, f"tweets not negative over {FLAGGED}", flagged[-1])
    bench.add("UMSAB", "mean of 7", "macro F1", mean_of(found), UMSAB_TARGET)
    bench.add("UMSAB", "all", f"widest difference of tweets not negative over {FLAGGED} (at most {MOST_BIAS})", max(flagged) - min(flagged))
    for language, name, split in (("id", "smsa_id/test", "train"), ("th", "wisesight_th/all", "test")):
        rows = bench.some(rows_of(bench.data, name, split))
        predicted = bench.scores([row["text"] for row in rows])[:, 6:].argmax(axis=1)
        bench.add(name, language, "macro F1", macro_f1_of_three(predicted, truth_of(rows)))


def english(bench: Bench, known: dict[str, float]) -> None:
    rows = bench.some(read(bench.data, "jigsaw_toxic_2018/test_official_balanced"))
    scores, weight = bench.scores([row["comment_text"] for row in rows]), np.array([float(row["weight"]) for row in rows])
    aucs = [auc_or_none(scores[:, index], np.array([int(float(row[column] or 0)) for row in rows]), weight) for index, column in enumerate(JIGSAW_COLUMNS)]
    values = {"AUC toxic (Jigsaw)": aucs[0], "mean AUC of six (Jigsaw)": None if None in aucs else float(np.mean(aucs))}
    rows = bench.some(read(bench.data, "tweeteval_offensive/test"))
    values["AUC offensive (TweetEval)"] = auc_or_none(bench.scores([row["text"] for row in rows])[:, 0], truth_of(rows))
    rows = bench.some(read(bench.data, "sst2/test"))
    scores = bench.scores([row["text"] for row in rows])
    values["accuracy (SST-2)"] = accuracy((scores[:, 8] > scores[:, 6]).astype(int), truth_of(rows))
    rows = bench.some(read(bench.data, "tweeteval_sentiment/test"))
    best, truth = bench.scores([row["text"] for row in rows])[:, 6:].argmax(axis=1), truth_of(rows)
    values["macro recall of sentiment (TweetEval)"] = float(np.mean([(best[truth == label] == label).mean() for label in range(3)]))
    rows, rule = bench.some(read(bench.data, "hatecheck/test")), RULES[hate_rule(bench)]
    truth = np.array([int(row["label_gold"] == "hateful") for row in rows])
    values["AUC (HateCheck)"] = auc_or_none(rule(bench.scores([row["test_case"] for row in rows])), truth)
    for name, value in values.items():
        bench.add("English", "en", name, value, known[name] - BELOW_ENGLISH if name in known else None)


def english_figures(path: Path) -> dict[str, float]:
    """The figures of the English model from the `accuracy.json` that `scripts/accuracy --out` writes."""
    found = {}
    for line in json.loads(path.read_text(encoding="utf-8"))["figures"]:
        for name, (where, figure) in ENGLISH.items():
            if line["set"].startswith(where) and line["figure"] == figure:
                found[name] = float(line["value"].split()[0])
    return found


PARTS = ("hatecheck", "jigsaw", "tests", "sentiment", "english")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="exported model folder")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder of labelled sets")
    parser.add_argument("--out", type=Path, help="file for every figure, as JSON")
    parser.add_argument("--english", type=Path, help="accuracy.json of the English model")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--sample", type=float, default=1.0, help="take this share of the rows, for a trial")
    options = parser.parse_args()
    bench = Bench(options.model, options.data, options.sample)
    print("| test | language | figure | value | target | reached |\n|---|---|---|---|---|---|")
    for part in options.only:
        if part == "english":
            english(bench, english_figures(options.english) if options.english else {})
        else:
            {"hatecheck": hatecheck, "jigsaw": jigsaw, "tests": tests, "sentiment": sentiment}[part](bench)
    if options.out:
        options.out.write_text(json.dumps(bench.lines, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
