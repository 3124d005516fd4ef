"""Scores an exported model on the public test sets: `python scripts/train/evaluate.py --model models/comity-minilm-en --data ../shared/data`.

Nothing here is tuned on a test set: the threshold for offence comes from TweetEval's val file, rule and threshold for hate from
the dev files of HatemojiBuild and HateXplain. Prints JSON; intervals are 95 % bootstrap ones.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from calibrate import probability
from metrics import auc, best_threshold, macro_f1
from predict import load, text_logits
from sources import JIGSAW_COLUMNS, TOXICITY_LABELS, read

RESAMPLES = 200
SPELLING = ("spell_char_swap_h", "spell_char_del_h", "spell_space_del_h", "spell_space_add_h", "spell_leet_h")
HATE_RULES = {
    "toxicity": lambda chance: chance[:, 0],
    "identity_attack": lambda chance: chance[:, 5],
    "geometric mean of both": lambda chance: np.sqrt(chance[:, 0] * chance[:, 5]),
}


class Scorer:
    """A model folder with the data folder beside it."""

    def __init__(self, model: Path, data: Path):
        self.model, self.tokenizer = load(model)
        self.lines = json.loads((model / "manifest.json").read_text(encoding="utf-8"))["calibration"]
        self.data = data

    def logits(self, rows: list[dict], column: str) -> np.ndarray:
        return text_logits(self.model, self.tokenizer, [row[column] for row in rows])

    def chances(self, rows: list[dict], column: str) -> np.ndarray:
        """Calibrated probabilities of the six toxicity labels."""
        logits = self.logits(rows, column)
        return np.stack([probability(logits[:, index], self.lines[label]) for index, label in enumerate(TOXICITY_LABELS)], axis=1)


def with_interval(score, *columns: np.ndarray) -> dict:
    rng, size, resampled = np.random.default_rng(0), len(columns[0]), []
    for _ in range(RESAMPLES):
        rows = rng.integers(0, size, size)
        resampled.append(score(*(column[rows] for column in columns)))
    low, high = np.quantile(resampled, [0.025, 0.975])
    return {"value": round(float(score(*columns)), 4), "interval": [round(float(low), 4), round(float(high), 4)], "rows": size}


def accuracy(predicted: np.ndarray, truth: np.ndarray) -> float:
    return float((predicted == truth).mean())


def balanced_accuracy(predicted: np.ndarray, truth: np.ndarray) -> float:
    return float(np.mean([(predicted[truth == value] == value).mean() for value in (0, 1)]))


def macro_recall(predicted: np.ndarray, truth: np.ndarray) -> float:
    return float(np.mean([(predicted[truth == value] == value).mean() for value in np.unique(truth)]))


def jigsaw(scorer: Scorer) -> dict:
    rows = read(scorer.data, "jigsaw_toxic_2018/test_official_balanced")
    chance = scorer.chances(rows, "comment_text")
    weight = np.array([float(row["weight"]) for row in rows])
    truth = np.array([[float(row[column] or 0) for column in JIGSAW_COLUMNS] for row in rows])
    each = {label: round(auc(chance[:, index], truth[:, index], weight), 4) for index, label in enumerate(TOXICITY_LABELS)}
    return {
        "auc_toxic_weighted": with_interval(auc, chance[:, 0], truth[:, 0], weight),
        "auc_each_blank_as_0": each,
        "mean_auc_of_six_blank_as_0": round(float(np.mean(list(each.values()))), 4),
    }


def offensive(scorer: Scorer) -> dict:
    val, test = (read(scorer.data, f"tweeteval_offensive/{part}") for part in ("val", "test"))
    threshold = best_threshold(scorer.chances(val, "text")[:, 0], np.array([int(row["label"]) for row in val]), macro_f1)
    chance, truth = scorer.chances(test, "text")[:, 0], np.array([int(row["label"]) for row in test])
    return {
        "auc": with_interval(auc, chance, truth),
        "threshold_frozen_on_val": round(threshold, 4),
        "macro_f1": with_interval(macro_f1, (chance >= threshold).astype(int), truth),
    }


def hate_rule(scorer: Scorer) -> tuple[str, float]:
    """Rule and threshold with the best mean balanced accuracy on two dev sets that ask for hate."""
    emoji = read(scorer.data, "hatemoji_build/validation")
    posts = [row for row in read(scorer.data, "hatexplain/val") if row["majority"] != "offensive"]
    for row in posts:
        row["post_text"] = row["post_text"].replace("<user>", "@user")
    sets = [
        (scorer.chances(emoji, "text"), np.array([int(row["label_gold"]) for row in emoji])),
        (scorer.chances(posts, "post_text"), np.array([int(row["majority"] == "hatespeech") for row in posts])),
    ]
    best = (-1.0, "", 0.0)
    for name, rule in HATE_RULES.items():
        for threshold in np.unique(np.quantile(np.concatenate([rule(chance) for chance, _ in sets]), np.linspace(0.01, 0.99, 99))):
            score = float(np.mean([balanced_accuracy((rule(chance) >= threshold).astype(int), truth) for chance, truth in sets]))
            best = max(best, (score, name, float(threshold)))
    return best[1], best[2]


def hatecheck(scorer: Scorer) -> dict:
    name, threshold = hate_rule(scorer)
    rows = read(scorer.data, "hatecheck/test")
    score = HATE_RULES[name](scorer.chances(rows, "test_case"))
    truth = np.array([int(row["label_gold"] == "hateful") for row in rows])
    predicted = (score >= threshold).astype(int)
    kinds = np.array([row["functionality"] for row in rows])
    place = {row["case_id"]: index for index, row in enumerate(rows)}
    spelling = {}
    for kind in SPELLING:
        cells = np.flatnonzero(kinds == kind)
        paired = [place[ref] for index in cells if (ref := rows[index]["ref_case_id"].split(".")[0]) in place]
        spelling[kind] = {"accuracy": round(accuracy(predicted[cells], truth[cells]), 3), "plain_rows": round(float(predicted[paired].mean()), 3)}
    return {
        "rule_frozen_on_dev": name,
        "threshold_frozen_on_dev": round(threshold, 4),
        "auc": with_interval(auc, score, truth),
        "accuracy": with_interval(accuracy, predicted, truth),
        "accuracy_on_hateful": round(accuracy(predicted[truth == 1], truth[truth == 1]), 4),
        "accuracy_on_non_hateful": round(accuracy(predicted[truth == 0], truth[truth == 0]), 4),
        "spelling": spelling,
        "accuracy_by_kind": {kind: round(accuracy(predicted[kinds == kind], truth[kinds == kind]), 3) for kind in dict.fromkeys(kinds)},
    }


def sentiment(scorer: Scorer) -> dict:
    films, tweets = read(scorer.data, "sst2/test"), read(scorer.data, "tweeteval_sentiment/test")
    logits = scorer.logits(films, "text")[:, 6:]
    found = (logits[:, 2] > logits[:, 0]).astype(int)
    best = scorer.logits(tweets, "text")[:, 6:].argmax(axis=1)
    return {
        "sst2_accuracy": with_interval(accuracy, found, np.array([int(row["label"]) for row in films])),
        "tweeteval_sentiment_macro_recall": with_interval(macro_recall, best, np.array([int(row["label"]) for row in tweets])),
    }


TESTS = {"tweeteval_offensive": offensive, "hatecheck": hatecheck, "sentiment": sentiment, "jigsaw": jigsaw}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--model", type=Path, default=Path("models/comity-minilm-en"))
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--sets", nargs="+", choices=list(TESTS), default=list(TESTS))
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    scorer = Scorer(options.model, options.data)
    for name in options.sets:
        print(json.dumps({name: TESTS[name](scorer)}, indent=1), flush=True)


if __name__ == "__main__":
    main()
