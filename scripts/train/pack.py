"""From the data folder to one file of token ids and targets: read, de-duplicate, add templates and evasions, ask teachers, tokenise."""

import random
import re
from collections import Counter
from pathlib import Path

import numpy as np
from calibrate import program_logits
from evade import evade
from metrics import sigmoid, softmax
from normalize import normalize
from sources import SOURCES, Row, held_out_texts, training_rows
from templates import build
from tokenizers import Tokenizer

MAX_TOKENS = 256
POSITIVE_EVASIONS, OTHER_EVASIONS = 0.4, 0.1


def exact_key(text: str) -> str:
    """The project's key for "the same text": lower case, only a-z and 0-9."""
    return re.sub(r"[^a-z0-9]", "", text.lower())


def loose_key(text: str) -> str:
    """Also blind to markup, links and mentions, which copies of one tweet write in different ways."""
    return exact_key(re.sub(r"@user|\[user\]|<user>|\bhttp\b|\burl\b", " ", normalize(text).lower()))


def repeat_key(text: str) -> str:
    """Keeps emoji, which alone tell many HatemojiBuild pairs apart."""
    return re.sub(r"@user|\bhttp\b|[\s!-/:-@\[-`{-~]+", "", normalize(text).lower())


def deduplicate(rows: list[Row], held_out: set[str]) -> list[Row]:
    """Drops texts of dev and test files, and later copies of a text for the same kind of label; prints the counts."""
    kept, seen = [], set()
    leaked, repeated, total = Counter(), Counter(), Counter()
    for row in rows:
        total[row.source] += 1
        exact, loose = exact_key(row.text), loose_key(row.text)
        if exact in held_out or loose in held_out:
            leaked[row.source] += 1
            continue
        identity = (repeat_key(row.text), row.sentiment >= 0)
        if identity in seen:
            repeated[row.source] += 1
            continue
        seen.add(identity)
        kept.append(row)
    print(f"{'set':<18}{'rows':>8}{'in dev or test':>16}{'repeated':>10}{'kept':>8}")
    for name in SOURCES:
        left = total[name] - leaked[name] - repeated[name]
        print(f"{name:<18}{total[name]:>8}{leaked[name]:>16}{repeated[name]:>10}{left:>8}")
    return kept


def evasions(rows: list[Row], rng: random.Random) -> tuple[list[Row], list[int]]:
    """Disguised copies of about a sixth of the rows, and whose copies they are; more of the positives, since those are what people disguise."""
    copies, originals = [], []
    for place, row in enumerate(rows):
        positive = any(value >= 0.5 for value in row.toxic)
        if rng.random() < (POSITIVE_EVASIONS if positive else OTHER_EVASIONS):
            copies.append(Row(row.source, evade(row.text, rng), row.toxic, row.sentiment, row.binary_sentiment))
            originals.append(place)
    return copies, originals


def taught(texts: list[str], teachers: list[Path], comity: Path | None) -> np.ndarray:
    """What the program makes of texts with earlier models, on the mean: chances of all nine labels, NaN without a teacher."""
    if not teachers:
        return np.full((len(texts), 9), np.nan, dtype=np.float16)
    chances = 0.0
    for teacher, times in Counter(teachers).items():
        logits = program_logits(comity, teacher, texts)
        chances = chances + times * np.concatenate([sigmoid(logits[:, :6]), softmax(logits[:, 6:])], axis=1)
    return (chances / len(teachers)).astype(np.float16)


def pack(data: Path, tokenizer: Tokenizer, out: Path, seed: int, teachers: list[Path], comity: Path | None) -> None:
    rng = random.Random(seed)
    held_out = set()
    for text in held_out_texts(data):
        held_out.update((exact_key(text), loose_key(text)))
    held_out.discard("")
    labelled = list(training_rows(data))
    rows = deduplicate(labelled + build(data, rng, labelled), held_out)
    # A disguised copy is taught what the plain text is.
    teacher = taught([row.text for row in rows], teachers, comity)
    copies, originals = evasions(rows, rng)
    print(f"{len(rows)} rows, {len(copies)} disguised copies")
    rows += copies
    teacher = np.concatenate([teacher, teacher[originals]])

    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS)
    encoded = tokenizer.encode_batch([normalize(row.text) for row in rows])
    lengths = np.array([len(e.ids) for e in encoded], dtype=np.int64)
    out.parent.mkdir(parents=True, exist_ok=True)
    np.savez(
        out,
        ids=np.concatenate([np.array(e.ids, dtype=np.uint16) for e in encoded]),
        starts=np.concatenate([[0], np.cumsum(lengths)]),
        source=np.array([SOURCES.index(row.source) for row in rows], dtype=np.int16),
        toxic=np.array([row.toxic for row in rows], dtype=np.float32),
        sentiment=np.array([row.sentiment for row in rows], dtype=np.int8),
        binary=np.array([row.binary_sentiment for row in rows], dtype=bool),
        teacher=teacher,
    )
    print(f"{int(lengths.sum())} tokens, mean {lengths.mean():.1f} a row, packed to {out}")
