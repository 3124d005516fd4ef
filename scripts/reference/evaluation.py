"""Writes tests/reference/evaluation.json: figures of small made-up samples as scikit-learn and SciPy give them.

    python scripts/reference/evaluation.py

Run once; the Rust tests of src/evaluate read the file. The versions stand in the file.
"""

import json
from pathlib import Path

import numpy as np
import scipy
import sklearn
from scipy.stats import bootstrap, pmean
from sklearn import metrics
from sklearn.calibration import calibration_curve

OUT = Path(__file__).parents[2] / "tests/reference/evaluation.json"


def sample(seed: int, rows: int, decimals: int, weighted: bool) -> dict:
    rng = np.random.default_rng(seed)
    truth = rng.random(rows) < 0.3
    scores = np.round(np.clip(rng.normal(0.3 + 0.25 * truth, 0.2), 0, 1), decimals)
    weights = np.round(rng.gamma(2.0, 1.0, rows), 3) if weighted else np.ones(rows)
    groups = [[g for g in range(3) if rng.random() < 0.35] for _ in range(rows)]
    return {"scores": scores, "truth": truth, "weights": weights, "groups": groups}


def best(values: dict, figure) -> float:
    """The highest of the thresholds at which the figure is highest."""
    highest = (-1.0, 0.0)
    for threshold in sorted(set(values["scores"]), reverse=True):
        value = figure(values["truth"], values["scores"] >= threshold, sample_weight=values["weights"])
        if value > highest[0] + 1e-12:
            highest = (value, threshold)
    return highest[1]


def macro_f1(truth, predicted, sample_weight):
    return metrics.f1_score(truth, predicted, average="macro", sample_weight=sample_weight, zero_division=0)


def recall_at(values: dict, wanted: float) -> float:
    precision, recall, _ = metrics.precision_recall_curve(values["truth"], values["scores"], sample_weight=values["weights"])
    return max(recall[:-1][precision[:-1] >= wanted], default=0.0)


def group_aucs(values: dict) -> dict:
    scores, truth, weights = values["scores"], values["truth"], values["weights"]
    found = {"subgroup": [], "bpsn": [], "bnsp": []}
    for group in range(3):
        inside = np.array([group in groups for groups in values["groups"]])
        for name, rows in (
            ("subgroup", inside),
            ("bpsn", (inside & ~truth) | (~inside & truth)),
            ("bnsp", (inside & truth) | (~inside & ~truth)),
        ):
            found[name].append(metrics.roc_auc_score(truth[rows], scores[rows], sample_weight=weights[rows]))
    means = {name: float(pmean(aucs, -5)) for name, aucs in found.items()}
    auc = metrics.roc_auc_score(truth, scores, sample_weight=weights)
    return {**found, "power_means": means, "bias_score": float((auc + sum(means.values())) / 4)}


def figures(values: dict, thresholds: list[float]) -> dict:
    truth, scores, weights = values["truth"], values["scores"], values["weights"]
    brier = metrics.brier_score_loss(truth, scores, sample_weight=weights)
    share = np.average(truth, weights=weights)
    at = []
    for threshold in thresholds:
        predicted = scores >= threshold
        keys = {"sample_weight": weights}
        at.append({
            "threshold": threshold,
            "precision": metrics.precision_score(truth, predicted, zero_division=0, **keys),
            "recall": metrics.recall_score(truth, predicted, **keys),
            "specificity": metrics.recall_score(~truth, ~predicted, **keys),
            "f1": metrics.f1_score(truth, predicted, **keys),
            "macro_f1": macro_f1(truth, predicted, weights),
            "accuracy": metrics.accuracy_score(truth, predicted, **keys),
        })  # fmt: skip
    return {
        "auc": metrics.roc_auc_score(truth, scores, sample_weight=weights),
        "average_precision": metrics.average_precision_score(truth, scores, sample_weight=weights),
        "recall_at_precision_70": recall_at(values, 0.7),
        "brier": brier,
        "brier_skill": 1 - brier / (share * (1 - share)),
        "best_f1": best(values, metrics.f1_score),
        "best_macro_f1": best(values, macro_f1),
        "at": at,
        "groups": group_aucs(values),
    }


def calibration(values: dict) -> dict:
    """Of rows with distinct scores whose number 15 divides, quantile bins hold what bins of equal mass hold."""
    so, said = calibration_curve(values["truth"], values["scores"], n_bins=15, strategy="quantile")
    return {"said": said, "so": so, "ece": float(np.mean(np.abs(said - so)))}


def interval(values: dict) -> list[float]:
    def auc(truth, scores):
        return metrics.roc_auc_score(truth, scores)

    found = bootstrap(
        (values["truth"], values["scores"]), auc, paired=True, vectorized=False, method="percentile", n_resamples=4000,
        random_state=np.random.default_rng(1),
    )  # fmt: skip
    return [float(found.confidence_interval.low), float(found.confidence_interval.high)]


def sentiment(seed: int, rows: int) -> dict:
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 3, rows)
    logits = rng.normal(0, 1, (rows, 3)) + 1.2 * np.eye(3)[truth]
    chances = np.round(np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True), 4)
    weights = np.round(rng.gamma(2.0, 1.0, rows), 3)
    chosen = chances.argmax(axis=1)
    two = truth != 1
    chosen_of_two = np.where(chances[two, 2] > chances[two, 0], 2, 0)

    def of(truth, chosen, weights):
        return {
            "accuracy": metrics.accuracy_score(truth, chosen, sample_weight=weights),
            "macro_recall": metrics.recall_score(truth, chosen, average="macro", sample_weight=weights),
            "macro_f1": metrics.f1_score(truth, chosen, average="macro", sample_weight=weights),
        }

    return {
        "chances": chances, "truth": truth, "weights": weights,
        "three": of(truth, chosen, weights), "two": of(truth[two], chosen_of_two, weights[two]),
    }  # fmt: skip


def plain(value):
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(item) for item in value]
    if isinstance(value, (np.floating, float)):
        return round(float(value), 12)
    return value.item() if isinstance(value, np.generic) else value


def main() -> None:
    samples = []
    # Few decimals make many ties.
    for seed, rows, decimals, weighted in ((1, 120, 6, False), (2, 150, 1, False), (3, 150, 2, True)):
        values = sample(seed, rows, decimals, weighted)
        samples.append({**values, "figures": figures(values, [0.3, 0.5, 0.7])})
    smooth = sample(4, 300, 9, False)
    document = {
        "versions": {"numpy": np.__version__, "scipy": scipy.__version__, "scikit-learn": sklearn.__version__},
        "samples": samples,
        "calibration": {**smooth, "figures": calibration(smooth), "auc_interval": interval(smooth)},
        "sentiment": sentiment(5, 160),
    }
    OUT.write_text(json.dumps(plain(document), separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
