"""Figures of merit, each a few lines on numpy arrays of probabilities and 0/1 labels."""

import numpy as np
from sklearn.metrics import roc_auc_score

THRESHOLDS = (0.3, 0.5, 0.6, 0.7, 0.8, 0.9)


def sigmoid(logits: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-logits))


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def ece(probability: np.ndarray, truth: np.ndarray, bins: int = 15) -> float:
    """Expected calibration error over bins of equal mass: the mean gap between what is said and what is so."""
    parts = np.array_split(np.argsort(probability, kind="stable"), bins)
    return float(sum(len(part) * abs(probability[part].mean() - truth[part].mean()) for part in parts) / len(truth))


def brier(probability: np.ndarray, truth: np.ndarray) -> float:
    return float(np.mean((probability - truth) ** 2))


def brier_skill(probability: np.ndarray, truth: np.ndarray) -> float:
    """1 is perfect, 0 is always saying the base rate."""
    return 1 - brier(probability, truth) / float(truth.mean() * (1 - truth.mean()))


def threshold_rows(probability: np.ndarray, truth: np.ndarray) -> list[dict]:
    rows = []
    for threshold in THRESHOLDS:
        flagged = probability >= threshold
        hits = float((flagged * truth).sum())
        rows.append(
            {
                "threshold": threshold,
                "precision": round(hits / flagged.sum(), 4) if flagged.any() else None,
                "recall": round(hits / truth.sum(), 4),
                "flagged_share": round(float(flagged.mean()), 5),
                "flagged": int(flagged.sum()),
            }
        )
    return rows


def macro_f1(predicted: np.ndarray, truth: np.ndarray) -> float:
    scores = []
    for value in (0, 1):
        hits = np.sum((predicted == value) & (truth == value))
        scores.append(2 * hits / max(np.sum(predicted == value) + np.sum(truth == value), 1))
    return float(np.mean(scores))


def best_threshold(probability: np.ndarray, truth: np.ndarray, score) -> float:
    """The threshold of 200 quantiles at which `score(predicted, truth)` is highest."""
    candidates = np.unique(np.quantile(probability, np.linspace(0.002, 0.998, 200)))
    return float(max(candidates, key=lambda threshold: score((probability >= threshold).astype(int), truth)))


def auc(probability: np.ndarray, truth: np.ndarray, weight: np.ndarray | None = None) -> float:
    return float(roc_auc_score(truth, probability, sample_weight=weight))
