"""The examples of everyday comments in the folder of cases, and what is right for each of them.

A case is a folder `score-*` with one table `in.csv` of numbered comments. What is right is said there in prose; this file has
it as rules by number. The comments themselves stay there.
"""

import csv
from pathlib import Path

TOXIC, CLEAN = 0.5, 0.5


def number(row: dict, label: str) -> float:
    """A score; a comment without one has none of any label."""
    return float(row[label]) if row.get(label) else 0.0


def balance(row: dict) -> float:
    """Positive less negative."""
    return number(row, "positive") - number(row, "negative")


def below(limit: float):
    return lambda row: not row["unscored"] and number(row, "toxicity") < limit


def above(limit: float):
    return lambda row: not row["unscored"] and number(row, "toxicity") > limit


def negative(row: dict) -> bool:
    return not row["unscored"] and balance(row) < 0


def not_negative(row: dict) -> bool:
    return not row["unscored"] and balance(row) >= 0


def positive(row: dict) -> bool:
    return not row["unscored"] and balance(row) > 0


def wordless(row: dict) -> bool:
    return row["unscored"] == "empty" or number(row, "toxicity") < 0.02


def foreign(row: dict) -> bool:
    return row["unscored"] == "language"


def scored(row: dict) -> bool:
    return not row["unscored"]


# By case: the rule of each comment.
RULES = {
    "score-emoji": {
        1: below(0.05), 2: below(0.05), 3: positive, 4: negative, 5: above(0.5), 6: above(0.5), 7: above(0.5), 8: above(0.5), 9: scored, 10: above(0.5),
        11: lambda row: positive(row) and below(0.5)(row), 12: scored, 13: scored, 14: scored,
    },
    "score-false-positives": {row: below(CLEAN) for row in range(1, 12)},
    "score-language-short": {row: foreign for row in range(1, 9)},
    "score-mention-only": {1: wordless, 2: wordless, 3: below(0.5), 4: below(0.5), 5: below(0.02)},
    "score-missed": {row: above(TOXIC) for row in range(1, 13)},
    "score-openers": {row: below(0.1) for row in range(1, 10)},
    "score-sentiment": {1: negative, 2: negative, 3: negative, 4: negative, 5: negative, 6: not_negative, 7: not_negative, 8: positive, 9: negative},
}  # fmt: skip


def judge(name: str, scores: Path) -> tuple[int, list[str]]:
    """How many comments of a case are right, and the numbers of the others with their scores."""
    with scores.open(encoding="utf-8", newline="") as file:
        rows = {int(row["id"]): row for row in csv.DictReader(file)}
    wrong = [
        f"{name} {place}: {row['unscored'] or 'toxicity %.3f, sentiment %+.3f' % (number(row, 'toxicity'), balance(row))}"
        for place, rule in RULES[name].items()
        if not rule(row := rows[place])
    ]
    if name == "score-emoji" and len({rows[place]["toxicity"] for place in (12, 13, 14)}) == 1:
        wrong.append(f"{name} 12 to 14: all alike")
    return len(RULES[name]) - len(wrong), wrong
