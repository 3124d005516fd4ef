"""Writes tests/reference/statistics.json: statistics by independent implementations, which src/aggregate is held to.

    python -m venv venv && venv/bin/pip install -r scripts/reference/requirements-statistics.txt
    venv/bin/python scripts/reference/estimators.py --asht prevSeSp.R

prevSeSp.R is the file of that name of the R package asht (cran/asht, commit 1f4e76b); it runs by itself in Rscript. What
no library has is counted out: every sample, every path of states. Nothing here shares a line with src/aggregate.
"""

import argparse
import datetime
import itertools
import json
import math
import subprocess
import tempfile
from importlib.metadata import version
from pathlib import Path

import networkx as nx
import numpy as np
from inequality.gini import Gini
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep


def differences() -> list[dict]:
    """Newcombe's interval of a difference of two shares."""
    cases = []
    for hits, trials, other_hits, other_trials in [(56, 70, 48, 80), (9, 10, 3, 10), (0, 10, 0, 20), (5, 9, 400, 9000), (1, 1, 0, 1)]:
        low, high = confint_proportions_2indep(hits, trials, other_hits, other_trials, method="newcomb", compare="diff")
        cases.append({"hits": [hits, other_hits], "trials": [trials, other_trials], "low": low, "high": high})
    return cases


def corrected(asht: Path) -> list[dict]:
    """Rogan and Gladen's estimate with the interval of Lang and Reiczigel, by the R package asht."""
    inputs = [
        {"hits": 40, "trials": 200, "positives": 476, "found": 390, "negatives": 3522, "cleared": 3453},
        {"hits": 5, "trials": 45, "positives": 60, "found": 50, "negatives": 90, "cleared": 85},
        {"hits": 1, "trials": 300, "positives": 476, "found": 390, "negatives": 3522, "cleared": 3453},
        {"hits": 19, "trials": 20, "positives": 30, "found": 24, "negatives": 30, "cleared": 27},
        {"hits": 1700, "trials": 20000, "positives": 476, "found": 390, "negatives": 3522, "cleared": 3453},
    ]
    lines = [f'source("{asht}")', "options(digits=17)"]
    for case in inputs:
        n, hits, positives, found, negatives, cleared = (case[key] for key in ("trials", "hits", "positives", "found", "negatives", "cleared"))
        lines += [
            f"r <- prevSeSp({hits}/{n}, {n}, {found}/{positives}, {positives}, {cleared}/{negatives}, {negatives})",
            "cat(sprintf('%.15g %.15g %.15g\\n', r$estimate, r$conf.int[1], r$conf.int[2]))",
        ]
    with tempfile.NamedTemporaryFile("w", suffix=".R") as script:
        script.write("\n".join(lines))
        script.flush()
        out = subprocess.run(["Rscript", "--vanilla", script.name], check=True, capture_output=True, text=True).stdout
    rows = [[float(cell) for cell in line.split()] for line in out.splitlines()]
    return [case | {"share": min(share, 1.0), "low": low, "high": high} for case, (share, low, high) in zip(inputs, rows, strict=True)]


def expected_counts(rng: np.random.Generator) -> list[dict]:
    """Share of successes of unequal trials and its standard deviation: the Poisson binomial distribution."""
    cases = []
    for n in (1, 7, 200):
        chances = np.round(rng.beta(0.5, 3, n), 6)
        spread = stats.poisson_binom(chances)
        cases.append({"chances": chances.tolist(), "share": spread.mean() / n, "deviation": spread.std() / n})
    return cases


def expected_maxima(rng: np.random.Generator) -> list[dict]:
    """The mean of the largest of k values over every choice of k."""
    cases = []
    for n, k in [(3, 2), (8, 3), (12, 5), (7, 7), (6, 1), (22, 5), (27, 25)]:
        values = np.round(rng.random(n), 3).tolist()
        maxima = [max(chosen) for chosen in itertools.combinations(values, k)]
        cases.append({"values": values, "k": k, "maximum": math.fsum(maxima) / len(maxima)})
    return cases


def concentrations(rng: np.random.Generator) -> list[dict]:
    cases = []
    for values in [[1.0, 1.0, 1.0, 1.0], [0.0, 0.0, 0.0, 5.0], [3.0], np.round(rng.pareto(1.5, 40), 4).tolist()]:
        top = np.sort(values)[::-1]
        cases.append({
            "values": values,
            "gini": float(Gini(np.array(values)).g),
            "top": [[k, float(top[:k].sum() / top.sum())] for k in (1, 2, 10, 100)],
        })
    return cases


def bursts(rng: np.random.Generator) -> list[dict]:
    """Kleinberg's two-state automaton by the cost of every path of states there is; s = 2, gamma = 1."""
    cases = []
    for gaps in [
        [60, 60, 1, 1, 1, 1, 1, 1, 1, 60, 60],
        [10] * 12,
        [300, 5, 2, 0, 0, 3, 2, 4, 400, 500, 350, 600, 2, 1, 5, 3],
        [1, 1, 1, 1, 1, 1, 500, 400, 600],
        *[np.ceil(rng.exponential(np.where(np.arange(16) % 8 < 4, 2, 90))).astype(int).tolist() for _ in range(4)],
    ]:
        n, total = len(gaps), sum(gaps)
        # The cost of a gap in a state is the negative logarithm of its density.
        cost = -np.array([stats.expon.logpdf(gaps, scale=total / n / s) for s in (1, 2)])
        best = min(
            itertools.product((0, 1), repeat=n),
            key=lambda path: (
                sum(cost[state][at] for at, state in enumerate(path))
                + math.log(n) * sum(max(0, b - a) for a, b in itertools.pairwise((0, *path)))
            ),
        )
        times = np.concatenate([[1000], 1000 + np.cumsum(gaps)]).tolist()
        ranges, start = [], None
        for at, state in enumerate((*best, 0)):
            if state and start is None:
                start = at
            elif not state and start is not None:
                # The gaps start..at lie between the comments start..=at.
                ranges.append([start, at + 1])
                start = None
        cases.append({"times": times, "bursts": ranges})
    return cases


def networks(rng: np.random.Generator) -> list[dict]:
    cases = []
    for edges in [[(0, 1)], [(0, 1), (1, 0)], [(0, 1), (1, 0), (2, 0), (0, 3)], sorted({tuple(map(int, rng.integers(0, 12, 2))) for _ in range(60)})]:
        graph = nx.DiGraph(edges)
        graph.remove_edges_from(nx.selfloop_edges(graph))
        cases.append({"edges": edges, "reciprocity": nx.overall_reciprocity(graph)})
    return cases


def trees(rng: np.random.Generator) -> list[dict]:
    """Depth, and children of the comments that have any, of a forest of replies."""
    cases = []
    for parents in [[None], [None, 0, 1, 1], [None, None, 0], [None, *(int(rng.integers(0, n)) if rng.random() < 0.8 else None for n in range(1, 60))]]:
        graph = nx.DiGraph()
        graph.add_nodes_from(range(len(parents)))
        graph.add_edges_from((parent, child) for child, parent in enumerate(parents) if parent is not None)
        fans = [degree for _, degree in graph.out_degree() if degree]
        cases.append({"parents": parents, "depth": nx.dag_longest_path_length(graph), "branching": float(np.mean(fans)) if fans else None})
    return cases


def rolling(rng: np.random.Generator) -> list[dict]:
    cases = []
    for n, window in [(1, 5), (4, 5), (40, 7)]:
        values = np.round(rng.random(n), 3)
        full = [np.convolve(row, np.ones(window))[window // 2 : window // 2 + n] for row in (values, np.ones(n))]
        cases.append({"values": values.tolist(), "window": window, "means": (full[0] / full[1]).tolist()})
    return cases


def bands(rng: np.random.Generator) -> list[dict]:
    """The local block bootstrap with another stream and many more resampled series: ends agree but for chance."""
    n, window, replicates = 80, 15, 40_000
    level = 0.3 + 0.2 * np.sin(np.arange(n) / 12)
    values = np.round(np.clip(level + rng.normal(0, 0.15, n), 0, 1), 4)
    block, half = max(round(window ** (1 / 3)), 2), window // 2
    starts = np.arange(0, n, block)
    low, high = np.clip(starts - half, None, n - block).clip(0), np.minimum(starts + half, n - block)
    means = np.empty((replicates, n))
    weight = np.array([[abs(a - b) <= half for b in range(n)] for a in range(n)], float)
    weight /= weight.sum(axis=1, keepdims=True)
    for row in means:
        drawn = rng.integers(low, high + 1)
        row[:] = weight @ np.concatenate([values[at : at + block] for at in drawn])[:n]
    ends = weight @ values + np.quantile(means, [0.025, 0.975], axis=0) - means.mean(axis=0)
    return [{"values": values.tolist(), "window": window, "low": np.round(ends[0], 5).tolist(), "high": np.round(ends[1], 5).tolist()}]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--asht", type=Path, required=True, help="prevSeSp.R of the R package asht")
    arguments = parser.parse_args()
    rng = np.random.default_rng(7)
    r = subprocess.run(["Rscript", "--version"], check=True, capture_output=True, text=True)
    libraries = ("numpy", "scipy", "statsmodels", "networkx", "inequality")
    content = {
        "versions": {name: version(name) for name in libraries} | {"R": (r.stdout + r.stderr).split(" version ")[1].split()[0], "asht": "cran/asht 1f4e76b"},
        "date": datetime.date.today().isoformat(),
        "differences": differences(),
        "corrected": corrected(arguments.asht.resolve()),
        "expected_counts": expected_counts(rng),
        "expected_maxima": expected_maxima(rng),
        "concentrations": concentrations(rng),
        "bursts": bursts(rng),
        "networks": networks(rng),
        "trees": trees(rng),
        "rolling": rolling(rng),
        "bands": bands(rng),
    }
    path = Path(__file__).parents[2] / "tests" / "reference" / "statistics.json"
    parts = []
    for key, value in content.items():
        if isinstance(value, list):
            rows = ",\n".join("  " + json.dumps(row) for row in value)
            parts.append(f' "{key}": [\n{rows}\n ]')
        else:
            parts.append(f' "{key}": {json.dumps(value)}')
    path.write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8")
    print(path)


if __name__ == "__main__":
    main()
