"""Writes what independent libraries make of the judgements and texts below: tests/reference/review.json.

    pip install statsmodels==0.15.0 scikit-learn==1.9.1 samplics==0.6.1 krippendorff==0.9.0
    python scripts/reference/review.py > tests/reference/review.json

The tests of `src/aggregate` and `src/report` compare their own figures with these: Cohen's kappa with its interval,
Krippendorff's alpha, the threshold for a wanted precision, recall from a stratified sample, the resemblance of two texts.
"""

import json
import re
import sys
from importlib.metadata import version

import krippendorff
import numpy as np
from samplics import TaylorEstimator
from samplics.utils.types import PopParam
from scipy.spatial.distance import jaccard
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.metrics import cohen_kappa_score, precision_recall_curve
from statsmodels.stats.inter_rater import cohens_kappa

TABLES = [
    [[20, 5], [10, 15]],
    [[45, 15], [25, 15]],
    [[3, 0], [1, 2]],
    [[0, 7], [9, 0]],
    [[118, 4], [9, 61]],
    [[44, 5, 1], [7, 20, 3], [9, 5, 6]],
]


def kappa(table: list[list[int]]) -> dict:
    pairs = [(i, j) for i, row in enumerate(table) for j, count in enumerate(row) for _ in range(count)]
    first, second = zip(*pairs)
    found = cohens_kappa(np.array(table))
    assert abs(found.kappa - cohen_kappa_score(first, second)) < 1e-12
    return {"table": table, "kappa": found.kappa, "low": found.kappa_low, "high": found.kappa_upp}


# How many people put each case into each of three classes; not everyone judged every case.
UNITS = [
    [[2, 0, 0], [0, 2, 0], [1, 1, 0], [0, 0, 2], [2, 0, 0]],
    [[3, 1, 0], [1, 0, 0], [0, 2, 1], [0, 0, 4], [2, 2, 0], [0, 1, 0], [5, 0, 0]],
    [[1, 1, 0], [1, 1, 0], [1, 0, 1]],
    np.random.default_rng(3).multinomial(4, [0.6, 0.3, 0.1], 50).tolist(),
    [np.random.default_rng(seed).multinomial(seed % 5, [0.8, 0.15, 0.05]).tolist() for seed in range(200)],
]


def alpha(units: list[list[int]]) -> dict:
    found = krippendorff.alpha(value_counts=np.array(units), level_of_measurement="nominal")
    return {"units": units, "alpha": float(found)}


# Pairs of texts, and whether a person would call them one text with a word or two changed.
PAIRS = [
    ("Win 500 now, write to my page and get the prize today", "WIN 900 now! write to my page and get your prize today", True),
    ("you are the worst host this show has ever had on a friday", "you are the worst host this show has ever had", True),
    ("go away now you old fool", "go away now you old fool, go", True),
    ("one two three four five six seven eight nine ten", "one two three four five six zero eight nine ten", True),
    ("one two three four five six seven eight nine ten", "one two zero four five six zero eight nine ten", False),
    ("you are a fool, go home", "you are a friend, go home", False),
    ("stay away from the harbour at night please", "please stay away from the harbour at night", True),
    ("the ferry is late again and nobody says why", "the ferry is late and nobody ever says why", False),
    ("never", "never", False),
    ("never again", "never again!", True),
    ("never again", "again never", False),
    ("what a day", "what a night it was for all of us here", False),
    ("", "no", False),
]


def resemblance(first: str, second: str, near: bool) -> dict:
    """The Jaccard similarity of the texts' pairs of words, without case, digits and signs."""
    texts = [re.sub("[^a-z]+", " ", text.lower()) for text in (first, second)]
    vectorizer = CountVectorizer(ngram_range=(2, 2), binary=True, token_pattern="[a-z]+")
    try:
        a, b = vectorizer.fit_transform(texts).toarray().astype(bool)
        found = 1 - float(jaccard(a, b)) if a.any() and b.any() else 0.0
    except ValueError:
        found = 0.0  # neither text has a pair
    return {"texts": [first, second], "resemblance": found, "near": near}


def threshold(seed: int, count: int, wanted: float) -> dict:
    random = np.random.default_rng(seed)
    scores = np.round(random.uniform(0.5, 1.0, count), 2 if seed % 2 else 6)
    right = random.uniform(size=count) < scores**2
    precision, _, thresholds = precision_recall_curve(right, scores)
    reached = [(t, p) for t, p in zip(thresholds, precision) if p >= wanted]
    found = min(reached) if reached else None
    return {
        "scores": scores.tolist(),
        "right": right.tolist(),
        "wanted": wanted,
        "threshold": found and float(found[0]),
        "precision": found and float(found[1]),
    }


# (size, judged, hits) of the flagged comments, then of the strata of the others. Samples large enough for the linearised
# variance to be right; the interval is then close to the estimate plus and minus 1.96 of its standard errors.
SURVEYS = [
    [(900, 400, 300), (20_000, 900, 40), (3_000, 900, 200), (500, 250, 110)],
    [(4_000, 2_000, 1_500), (80_000, 4_000, 100), (6_000, 1_500, 300)],
    [(600, 600, 480), (5_000, 2_500, 300)],
]


def recall(strata: list[tuple[int, int, int]]) -> dict:
    """Recall as a ratio of two weighted totals, its variance by Taylor linearisation with finite populations."""
    columns = {name: [] for name in ("caught", "hit", "weight", "stratum")}
    sizes = {}
    for number, (size, judged, hits) in enumerate(strata):
        sizes[number] = judged / size
        for case in range(judged):
            hit = float(case < hits)
            columns["caught"].append(hit if number == 0 else 0.0)
            columns["hit"].append(hit)
            columns["weight"].append(size / judged)
            columns["stratum"].append(number)
    estimator = TaylorEstimator(PopParam.ratio)
    estimator.estimate(
        y=np.array(columns["caught"]),
        x=np.array(columns["hit"]),
        samp_weight=np.array(columns["weight"]),
        stratum=np.array(columns["stratum"]),
        fpc={number: 1 - share for number, share in sizes.items()},
    )
    return {
        "strata": strata,
        "recall": float(np.ravel(estimator.point_est)[0]),
        "error": float(np.ravel(estimator.stderror)[0]),
    }


def main() -> None:
    reference = {
        "versions": {name: version(name) for name in ("statsmodels", "scikit-learn", "samplics", "krippendorff", "scipy", "numpy")},
        "kappa": [kappa(table) for table in TABLES],
        "alpha": [alpha(units) for units in UNITS],
        "threshold": [threshold(seed, 60, wanted) for seed, wanted in enumerate([0.7, 0.9, 0.75, 0.99])],
        "recall": [recall(strata) for strata in SURVEYS],
        "resemblance": [resemblance(*pair) for pair in PAIRS],
    }
    json.dump(reference, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
