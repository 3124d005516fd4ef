"""From the data folder to one file of token ids and targets.

Read the sets, de-duplicate, add the sentences made here, refuse them if their frames tell the label, join rows, add disguised
copies, ask teachers, tokenise.
"""

import json
import random
import re
from collections import Counter
from pathlib import Path

import numpy as np
from calibrate import program_logits
from compose import joined, joined_across
from evade import LATIN_WORD, WORD, evade, recase
from languages import held_out_texts as held_out_texts_more
from languages import training_rows as training_rows_more
from languages import wide_key
from metrics import sigmoid, softmax
from normalize import normalized
from shortcuts import worst
from sources import NAN, SETS, SOURCES, Row, held_out_texts, share_of, training_rows
from special import special_of
from templates import build
from tokenizers import Tokenizer

MAX_TOKENS = 256
POSITIVE_EVASIONS, OTHER_EVASIONS = 0.4, 0.1
# Texts made of two rows, as a share of the rows of the sets that define toxicity.
JOINED_SHARE = 0.25
# The same, over languages, as a share of the rows that are not in English.
JOINED_MORE_SHARE = 0.1
# Of the Chinese rows, this share is written in traditional characters.
TRADITIONAL_SHARE = 0.25
# Languages whose words may be disguised as English ones may.
LATIN_LANGUAGES = {"en", "de", "es", "fr", "it", "pt", "nl", "pl", "ro", "tr", "id"}
# A word is rude if this share of the comments that have it, of so many at least, were labelled toxic.
RUDE_SHARE, RUDE_COMMENTS = 0.6, 20
# The sets whose words tell what is rude, for the languages that have hate-only sets.
RUDE_SETS = {"en": ("jigsaw_natural", "jigsaw_enriched"), "de": ("germeval_de",)}
RUDE_WORD = {"en": re.compile("[a-z]{3,}"), "de": re.compile("[a-zäöüß]{3,}")}


def exact_key(text: str) -> str:
    """The project's key for "the same text": lower case, only a-z and 0-9."""
    return re.sub(r"[^a-z0-9]", "", text.lower())


def loose_key(text: str) -> str:
    """Also blind to markup, links and mentions, which copies of one tweet write in different ways."""
    return exact_key(re.sub(r"@user|\[user\]|<user>|\bhttp\b|\burl\b", " ", normalized(text).lower()))


def repeat_key(text: str) -> str:
    """Keeps emoji, which alone tell many HatemojiBuild pairs apart."""
    return re.sub(r"@user|\bhttp\b|[\s!-/:-@\[-`{-~]+", "", normalized(text).lower())


def deduplicate(rows: list[Row], held_out: set[str], wide: frozenset[str] | set[str] = frozenset()) -> tuple[list[Row], dict[str, dict[str, int]]]:
    """Drops texts of dev and test files, and later copies of a text for the same kind of label; also returns the counts.

    The keys of `held_out` are of letters from a to z, and serve English; those of `wide` are of every script. They serve all
    rows if there are any.
    """
    kept, seen = [], set()
    leaked, repeated, total = Counter(), Counter(), Counter()
    for row in rows:
        total[row.source] += 1
        english = SETS[row.source].language == "en"
        if (english and held_out & {exact_key(row.text), loose_key(row.text)}) or (wide and wide_key(row.text) in wide):
            leaked[row.source] += 1
            continue
        identity = (repeat_key(row.text), row.sentiment >= 0)
        if identity in seen:
            repeated[row.source] += 1
            continue
        seen.add(identity)
        kept.append(row)
    counts = {
        name: {"rows": total[name], "in_dev_or_test": leaked[name], "repeated": repeated[name], "kept": total[name] - leaked[name] - repeated[name]}
        for name in SOURCES
        if total[name]
    }
    return kept, counts


def mask_rude_zeros(rows: list[Row]) -> int:
    """Makes the toxicity unknown where a set that asked for hate alone says 0 to a rude text; returns how many were masked."""
    masked = 0
    for language, sets in RUDE_SETS.items():
        seen, toxic, word = Counter(), Counter(), RUDE_WORD[language]
        for row in rows:
            if row.source in sets:
                words = set(word.findall(row.text.lower()))
                seen.update(words)
                if row.toxic[0] >= 0.5:
                    toxic.update(words)
        rude = {word for word, count in seen.items() if count >= RUDE_COMMENTS and toxic[word] >= RUDE_SHARE * count}
        for row in rows:
            known = SETS[row.source]
            if known.hate_only and known.language == language and row.toxic[0] < 0.5 and rude & set(word.findall(row.text.lower())):
                row.toxic[0] = NAN
                masked += 1
    return masked


def evasions(rows: list[Row], rng: random.Random, word: re.Pattern = WORD) -> tuple[list[Row], list[int]]:
    """Disguised copies of about a sixth of the rows, and whose copies they are; more of the positives, since those are what people disguise.

    Only Latin script is disguised.
    """
    copies, originals = [], []
    for place, row in enumerate(rows):
        if SETS[row.source].language not in LATIN_LANGUAGES:
            continue
        positive = any(value >= 0.5 for value in row.toxic)
        if rng.random() < (POSITIVE_EVASIONS if positive else OTHER_EVASIONS):
            copies.append(Row(row.source, evade(row.text, rng, word), row.toxic, row.sentiment, row.binary_sentiment))
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


def other_writing(rows: list[Row], rng: random.Random) -> None:
    """Rewrites a few rows in place: in capitals or lower case, and Chinese ones in traditional characters."""
    from opencc import OpenCC

    traditional = OpenCC("s2t")
    for row in rows:
        language = SETS[row.source].language
        if language == "zh" and rng.random() < TRADITIONAL_SHARE:
            row.text = traditional.convert(row.text)
        row.text = recase(row.text, language, rng)


def pack(
    data: Path, tokenizer: Tokenizer, out: Path, seed: int, teachers: list[Path], comity: Path | None, sets: set[str], sample: float, normalizer: int = 2
) -> None:
    """Writes the packed rows of the sets to `out`, and the counts beside it; a `sample` below 1 takes that share of the texts.

    With sets in other languages, English is cased like them, and disguised like them.
    """
    rng = random.Random(seed)
    held_out = set()
    for text in held_out_texts(data):
        held_out.update((exact_key(text), loose_key(text)))
    held_out.discard("")
    labelled = list(training_rows(data, sets))
    made = build(data, rng, labelled)
    more = list(training_rows_more(data, sets)) if any(SETS[name].language != "en" for name in sets) else []
    wide = {wide_key(text) for read_texts in (held_out_texts, held_out_texts_more) for text in read_texts(data)} - {""} if more else set()
    shortcuts = [one for found in worst(made, labelled).values() for one in found]
    if shortcuts:
        raise SystemExit("the frames of these tell the label (python scripts/train/shortcuts.py): " + "; ".join(one.words for one in shortcuts))
    rows = [row for row in labelled + made + more if sample >= 1 or share_of(row.text) < sample]
    rows, counts = deduplicate(rows, held_out, wide)
    masked = mask_rude_zeros(rows)
    together = joined(rows, int(JOINED_SHARE * sum(row.source.startswith("jigsaw") for row in rows)), rng)
    rows += [row for row in together if not {exact_key(row.text), loose_key(row.text)} & held_out]
    if more:
        rows += joined_across(rows, int(JOINED_MORE_SHARE * sum(SETS[row.source].language != "en" for row in rows)), rng)
        other_writing(rows, rng)
    # A disguised copy is taught what the plain text is.
    teacher = taught([row.text for row in rows], teachers, comity)
    copies, originals = evasions(rows, rng, LATIN_WORD if more else WORD)
    print(f"{len(rows)} rows, {len(together)} of them joined, {len(copies)} disguised copies, {masked} zeros masked")
    rows += copies
    teacher = np.concatenate([teacher, teacher[originals]])

    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS)
    encoded = tokenizer.encode_batch([normalized(row.text, normalizer) for row in rows])
    lengths = np.array([len(e.ids) for e in encoded], dtype=np.int64)
    out.parent.mkdir(parents=True, exist_ok=True)
    if tokenizer.get_vocab_size() > 2**16:
        raise SystemExit("the ids do not fit into 16 bits; cut the vocabulary (vocabulary.py)")
    np.savez(
        out,
        names=np.array(SOURCES),
        special=np.array(special_of(tokenizer).ids(), dtype=np.int32),
        ids=np.concatenate([np.array(e.ids, dtype=np.uint16) for e in encoded]),
        starts=np.concatenate([[0], np.cumsum(lengths)]),
        source=np.array([SOURCES.index(row.source) for row in rows], dtype=np.int16),
        toxic=np.array([row.toxic for row in rows], dtype=np.float32),
        sentiment=np.array([row.sentiment for row in rows], dtype=np.int8),
        binary=np.array([row.binary_sentiment for row in rows], dtype=bool),
        teacher=teacher,
    )
    for name, count in Counter(row.source for row in rows).items():
        tokens = int(lengths[[place for place, row in enumerate(rows) if row.source == name]].sum())
        counts.setdefault(name, {"rows": 0, "in_dev_or_test": 0, "repeated": 0, "kept": 0}).update(packed=count, tokens=tokens)
    out.with_suffix(".json").write_text(json.dumps(counts, indent=1) + "\n", encoding="utf-8")
    print(f"{'set':<18}{'rows':>8}{'in dev or test':>16}{'repeated':>10}{'kept':>8}{'packed':>8}{'tokens':>10}")
    for name, count in counts.items():
        print(f"{name:<18}{count['rows']:>8}{count['in_dev_or_test']:>16}{count['repeated']:>10}{count['kept']:>8}{count.get('packed', 0):>8}{count.get('tokens', 0):>10}")
    print(f"{int(lengths.sum())} tokens, mean {lengths.mean():.1f} a row, packed to {out}")
