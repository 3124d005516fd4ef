"""Two comments in one text, so that what stands before or after abuse hides it as little as it makes others look abusive.

Rows of the sets that define toxicity (Jigsaw's and the sentences made here) are joined in twos: harmless with harmless, and
harmless with hostile in either order. The labels are those of the worse part. Rows of one sentiment set are joined if their
sentiments agree or one is neutral; of opposite ones nothing is known.
"""

import math
import random
import re

from sources import NAN, SETS, Row

# Parts are short enough for two to fit into a window.
LONGEST = 60
BETWEEN = [" ", " ", " ", "\n", "\n\n", " - ", " ... "]
TOXICITY_SOURCES = ("jigsaw_natural", "jigsaw_enriched", "templates")
SENTIMENT_SOURCES = ("tweet_sentiment", "semeval2017", "goemotions")


def joined_text(first: str, second: str, rng: random.Random) -> str:
    first, second = first.strip(), second.strip()
    if first and first[-1].isalnum() and rng.random() < 0.7:
        first += rng.choice(".!?")
    return first + rng.choice(BETWEEN) + second


def worse(first: list[float], second: list[float]) -> list[float]:
    """Label by label: 1 if either is, 0 if both are, else unknown."""
    return [max(a, b) if not (math.isnan(a) or math.isnan(b)) else 1.0 if 1.0 in (a, b) else NAN for a, b in zip(first, second, strict=True)]


def is_short(row: Row) -> bool:
    return 0 < len(re.findall(r"\S+", row.text)) <= LONGEST


def joined(rows: list[Row], count: int, rng: random.Random) -> list[Row]:
    """`count` texts of two parts for toxicity, and half as many for sentiment; half of the former are hostile."""
    known = [row for row in rows if row.source in TOXICITY_SOURCES and not math.isnan(row.toxic[0]) and is_short(row)]
    harmless = [row for row in known if all(value < 0.5 for value in row.toxic)]
    hostile = [row for row in known if row.toxic[0] >= 0.5]
    made = []
    for number in range(count if harmless and hostile else 0):
        parts = [rng.choice(harmless), rng.choice(hostile if number % 2 else harmless)]
        rng.shuffle(parts)
        text = joined_text(parts[0].text, parts[1].text, rng)
        made.append(Row("joined", text, worse(parts[0].toxic, parts[1].toxic)))
    for source in SENTIMENT_SOURCES:
        rated = [row for row in rows if row.source == source and row.sentiment >= 0 and is_short(row)]
        for _ in range(min(count // 2 // len(SENTIMENT_SOURCES), len(rated))):
            first, second = rng.choice(rated), rng.choice(rated)
            if abs(first.sentiment - second.sentiment) < 2:
                sentiment = first.sentiment if first.sentiment != 1 else second.sentiment
                made.append(Row(source, joined_text(first.text, second.text, rng), sentiment=sentiment))
    return made


def joined_across(rows: list[Row], count: int, rng: random.Random) -> list[Row]:
    """`count` texts of two parts in languages drawn evenly, often two different ones; half of them are hostile.

    The parts come from every set that defines toxicity: what a set in one language calls harmless is harmless next to any other.
    A row of unspaced script counts as short by its characters.
    """
    sides = {}
    for row in rows:
        known = SETS[row.source]
        short = is_short(row) and len(row.text) <= 6 * LONGEST
        if short and not known.hate_only and not math.isnan(row.toxic[0]) and known.language != "mul":
            sides.setdefault(known.language, ([], []))[row.toxic[0] >= 0.5].append(row)
    languages = sorted(language for language, (harmless, hostile) in sides.items() if harmless and hostile)
    made = []
    for number in range(count if len(languages) > 1 else 0):
        parts = [rng.choice(sides[rng.choice(languages)][0]), rng.choice(sides[rng.choice(languages)][number % 2])]
        rng.shuffle(parts)
        made.append(Row("joined_more", joined_text(parts[0].text, parts[1].text, rng), worse(parts[0].toxic, parts[1].toxic)))
    return made
