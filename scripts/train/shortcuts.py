"""Measures how far the frames of the sentences made here tell their label: `python scripts/train/shortcuts.py --data ../shared/data`.

A model that sees an opener before hostile sentences alone learns that the opener is hostile. For every n-gram of one to four
words, the log-odds of the label among the sentences made here are compared with those among real comments. What is measured
are n-grams of ordinary words and marks that stand with many different contents: a word that raters of real comments find
hostile, or hardly ever wrote, is content, and so is what stands in a few sentences only. The script ends with 1 if the label
is told by more than the bound; training calls the same check before it packs the rows.

The same is done for the sentiment, where the labels are negative and positive.
"""

import argparse
import math
import random
import re
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

from sources import Row, chosen, training_rows

WORDS = re.compile(r"\w+(?:'\w+)?|[^\w\s]")
LONGEST = 4
# An n-gram is a frame if it stands with so many different contents, in so many rows.
CONTENTS, ROWS = 20, 60
# A word is ordinary if real comments have it so often and lean to no side by more than this.
ORDINARY_ROWS, ORDINARY = 40, 0.9
# By how much the log-odds of a frame may differ from those in real comments: at 1.6 it is five times as frequent on one side.
BOUND = 1.6
PRIOR = 4.0
REAL_TOXICITY = ("jigsaw_natural", "jigsaw_enriched", "davidson", "offensive", "convabuse")


@dataclass(frozen=True)
class Shortcut:
    """An n-gram that tells the label: by how much, here and in real comments, and in how many rows of either side."""

    words: str
    excess: float
    here: float
    real: float
    positive: int
    negative: int


def ngrams(text: str) -> set[tuple[str, ...]]:
    words = WORDS.findall(text.lower())
    return {tuple(words[at : at + size]) for size in range(1, LONGEST + 1) for at in range(len(words) - size + 1)}


def toxic(row: Row) -> bool | None:
    return None if math.isnan(row.toxic[0]) else row.toxic[0] >= 0.5


def positive(row: Row) -> bool | None:
    return {0: False, 2: True}.get(row.sentiment)


def log_odds(counts: tuple[int, int], totals: list[int]) -> float:
    """How much more frequent an n-gram is on the positive side, as a logarithm; few rows say little."""
    shares = [(count + PRIOR * total / sum(totals)) / (total + PRIOR) for count, total in zip(counts, totals, strict=True)]
    return math.log(shares[1] / shares[0])


def measure(made: list[Row], real: list[Row], label) -> list[Shortcut]:
    """Every frame of the rows made here with its excess, the worst first."""
    totals, counts = [0, 0], (Counter(), Counter())
    contents = defaultdict(lambda: defaultdict(set))
    for row in made:
        side = label(row)
        if side is not None and row.content:
            totals[side] += 1
            found = ngrams(row.text)
            counts[side].update(found)
            for place, content in enumerate(row.content):
                for gram in found:
                    if len(contents[gram][place]) < CONTENTS:
                        contents[gram][place].add(content)
    frames = {gram for gram, places in contents.items() if counts[0][gram] + counts[1][gram] >= ROWS and min(map(len, places.values())) >= CONTENTS}
    real_totals, real_counts = [0, 0], (Counter(), Counter())
    wanted = frames | {(word,) for gram in frames for word in gram}
    for row in real:
        side = label(row)
        if side is not None:
            real_totals[side] += 1
            real_counts[side].update(wanted & ngrams(row.text))

    def in_real(gram):
        return log_odds((real_counts[0][gram], real_counts[1][gram]), real_totals)

    def is_ordinary(word):
        rows = real_counts[0][word,] + real_counts[1][word,]
        return not word[0].isalnum() or (rows >= ORDINARY_ROWS and abs(in_real((word,))) <= ORDINARY)

    found = []
    for gram in frames:
        if all(map(is_ordinary, gram)):
            here, there = log_odds((counts[0][gram], counts[1][gram]), totals), in_real(gram)
            # What real comments lean to is no shortcut.
            excess = abs(here) - max(0.0, there * math.copysign(1, here))
            found.append(Shortcut(" ".join(gram), excess, here, there, counts[1][gram], counts[0][gram]))
    return sorted(found, key=lambda shortcut: -shortcut.excess)


def worst(made: list[Row], real: list[Row]) -> dict[str, list[Shortcut]]:
    """The frames above the bound, by what they tell; prints how many were measured and the worst."""
    sets = {"toxicity": (toxic, [row for row in real if row.source in REAL_TOXICITY]), "sentiment": (positive, [row for row in real if row.sentiment >= 0])}
    above = {}
    for name, (label, rows) in sets.items():
        found = measure(made, rows, label)
        above[name] = [shortcut for shortcut in found if shortcut.excess > BOUND]
        print(f"{name}: {len(found)} frames, {len(above[name])} above {BOUND}, worst {found[0].excess:.2f} ({found[0].words})" if found else f"{name}: no frames")
    return above


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder of labelled sets")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--show", type=int, default=40, help="how many to print")
    options = parser.parse_args()
    from templates import build

    real = list(training_rows(options.data, chosen(False)))
    above = worst(build(options.data, random.Random(options.seed), real), real)
    for name, found in above.items():
        for one in found[: options.show]:
            print(f"{name}: {one.words!r} excess {one.excess:.2f}, here {one.here:+.2f} ({one.positive} and {one.negative} rows), real {one.real:+.2f}")
    sys.exit(any(above.values()))


if __name__ == "__main__":
    main()
