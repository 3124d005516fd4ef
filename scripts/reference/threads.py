"""Writes what independent libraries make of made-up threads: tests/reference/threads.json.

    pip install scipy==1.17.1 numpy==2.4.6
    python scripts/reference/threads.py > tests/reference/threads.json

Nothing here shares a line with src/aggregate, which is held to it.
"""

import json
import sys
from importlib.metadata import version

import numpy as np
from scipy import stats


def evenness(counts: list[int]) -> dict:
    """Entropy of shares by the entropy of equal shares."""
    some = [count for count in counts if count]
    return {"counts": counts, "evenness": float(stats.entropy(some) / stats.entropy(np.ones(len(some))))}


def time_bins(times: list[int], count: int) -> dict:
    """How many comments fall in each of so many equally long stretches, by SciPy's binned statistic."""
    found = stats.binned_statistic(times, np.ones(len(times)), statistic="count", bins=count)
    return {"times": times, "edges": found.bin_edges.tolist(), "counts": found.statistic.astype(int).tolist()}


def main() -> None:
    rng = np.random.default_rng(11)
    counts = [[1, 1], [5, 5, 5, 5], [100, 1], [0, 3, 9, 0], [1, 2, 3, 4, 5, 6], rng.zipf(1.6, 200).clip(max=5000).tolist()]
    times = [np.sort(rng.integers(0, 100_000, n)).tolist() for n in (20, 57, 150, 400)]
    reference = {
        "versions": {name: version(name) for name in ("scipy", "numpy")},
        "evenness": [evenness(some) for some in counts],
        "time_bins": [time_bins(some, min(20, -(-len(some) // 10))) for some in times],
    }
    json.dump(reference, sys.stdout)
    print()


main()
