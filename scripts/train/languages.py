"""The training sets of the multilingual model that are not in English, its languages, and the texts it must not see.

The rules are those of `sources.py`: a label that a set does not define is NaN, a set whose word is only a neighbour of ours has
a link of its own, and a set that asked for hate alone never teaches a toxicity of 0 to a rude text. Each language's part of
UMSAB is a set of its own, since each comes from another project.

Some sets come without a dev or test split. Rows of those are held out by the sha256 of their text (`part`).

Of the other UMSAB files, English repeats the TweetEval test and is not read. `multilingual_hatecheck` is a test only;
`jigsaw_multilingual_val` serves calibration on its even ranks and measuring on its odd ones.
"""

import hashlib
import unicodedata
from pathlib import Path

from normalize import normalized
from sources import NAN, Row, labels, read, share_of

# Labelled test sets exist for these (of Hindi in Latin letters only) ("measured"); for the others, figures of their relatives are all there is ("transferred").
MEASURED = ["en", "de", "es", "fr", "it", "pt", "nl", "pl", "ru", "tr", "ar", "zh", "ko", "hi", "ro"]
SENTIMENT_ONLY = ["id", "th"]
LANGUAGES = MEASURED + SENTIMENT_ONLY
HATECHECK = ["ar", "de", "es", "fr", "hi", "it", "nl", "pl", "pt", "zh"]
UMSAB = ["ar", "de", "es", "fr", "hi", "it", "pt"]
CALIBRATED = ["es", "it", "tr"]  # jigsaw_multilingual_val
# Shares of the texts of a set that serve as test and as dev, if it has no split of its own.
TEST_SHARE, DEV_SHARE = 0.1, 0.15
UNSPLIT = {
    "told_br/all": ("test", "dev"),
    "mlma/all_fr": ("test", "dev"),
    "mlma/all_ar": ("test", "dev"),
    "ogtd_el/all": ("test", "dev"),
    "wisesight_th/all": ("test", "dev"),
    "germeval2018/train": ("dev",),
    "offenseval2020_tr/train": ("dev",),
    "ro_offense/train": ("dev",),
}  # fmt: skip
# Files of which no text may be in training.
HELD_OUT = [
    "jigsaw_multilingual_val/val", *(f"multilingual_hatecheck/test_{language}" for language in HATECHECK), "germeval2018/test", "gahd_de/dev",
    "gahd_de/test", "offendes/dev", "offendes/test", "kocohub_ko/dev", "cold_zh/dev", "cold_zh/test", "inspection_ja/all", "offenseval2020_tr/test",
    "russe_detox_ru/dev", "poleval2019_pl/test", "ro_offense/test", "dkhate_da/test", "umsab_sentiment/val", "umsab_sentiment/test", "smsa_id/valid",
    "smsa_id/test",
]  # fmt: skip
TOLD_GROUPS = ("homophobia", "racism", "misogyny", "xenophobia")


def wide_key(text: str) -> str:
    """The key for "the same text" in any script: lower case, only letters, marks and digits, without mentions and links."""
    plain = normalized(text, 3).lower().replace("@user", " ").replace("http", " ")
    return "".join(char for char in plain if unicodedata.category(char)[0] in "LMN")


def part(name: str, text: str) -> str:
    """The part of a file that a text belongs to: train, or test and dev of a file that has no such splits."""
    if name in UNSPLIT:
        share, bound = share_of(wide_key(text)), 0.0
        for split, width in zip(UNSPLIT[name], (TEST_SHARE, DEV_SHARE - TEST_SHARE), strict=False):
            bound += width
            if share < bound:
                return split
    return "train"


def rows_of(data: Path, name: str, split: str = "train") -> list[dict]:
    """The rows of one part of a file."""
    return [row for row in read(data, f"multilingual/{name}") if part(name, row["text"]) == split]


def share(votes: dict[str, int], names: tuple[str, ...]) -> float:
    return min(1.0, max((votes.get(name, 0) for name in names), default=0) / 3)


def told_votes(raw: str) -> dict[str, int]:
    """The votes of ToLD-Br by class, from a cell such as `obscene2|insult1`."""
    return {vote[:-1]: int(vote[-1]) for vote in raw.split("|") if vote}


def classes(raw: str, positive: str, negative: str) -> float:
    """1 for one class, 0 for another, NaN for the rest, whose raters were asked for one class only."""
    return {positive: 1.0, negative: 0.0}.get(raw, NAN)


def toxicity(data: Path):
    for row in rows_of(data, "germeval2018/train"):
        raw = row["label_raw"]
        yield Row("germeval_de", row["text"], labels(toxicity=row["label"], insult=classes(raw, "INSULT", "OTHER"), identity_attack=classes(raw, "ABUSE", "OTHER")))
    for row in rows_of(data, "gahd_de/train"):
        yield Row("gahd_de", row["text"], labels(toxicity=row["label"], identity_attack=row["label"]))
    for row in rows_of(data, "told_br/all"):
        votes = told_votes(row["label_raw"])
        toxic = 1.0 if row["label"] == "1" else share(votes, tuple(votes))
        known = labels(toxicity=toxic, obscene=share(votes, ("obscene",)), insult=share(votes, ("insult",)), identity_attack=share(votes, TOLD_GROUPS))
        yield Row("told_pt", row["text"], known)
    for row in rows_of(data, "offendes/train"):
        raw = row["label_raw"]
        yield Row("offendes_es", row["text"], labels(toxicity=row["label"], insult=classes(raw, "OFP", "NO"), obscene=classes(raw, "NOE", "NO")))
    for language in ("fr", "ar"):
        for row in rows_of(data, f"mlma/all_{language}"):
            text = row["text"].replace("@url", "http")
            yield Row(f"mlma_{language}", text, labels(toxicity=row["label"], identity_attack="hateful" in row["label_raw"]))
    for row in rows_of(data, "ftr_fr/all"):
        yield Row("ftr_fr", row["text"], labels(identity_attack=row["label"]))
    for row in rows_of(data, "kocohub_ko/train"):
        degree, bias = row["label_raw"].split("|")
        attack = 0.0 if bias == "none" or degree == "none" else 1.0 if degree == "hate" else NAN
        yield Row("kocohub_ko", row["text"], labels(toxicity=row["label"], identity_attack=attack))
    for row in rows_of(data, "cold_zh/train"):
        yield Row("cold_zh", row["text"], labels(toxicity=row["label"]))
    for row in rows_of(data, "offenseval2020_tr/train"):
        yield Row("offenseval_tr", row["text"].replace("URL", "http"), labels(toxicity=row["label"]))
    for row in rows_of(data, "ogtd_el/all"):
        yield Row("ogtd_el", row["text"], labels(toxicity=row["label"]))
    for row in rows_of(data, "russe_detox_ru/train"):
        yield Row("russe_ru", row["text"], labels(toxicity=row["label"]))
    for row in rows_of(data, "poleval2019_pl/train"):
        yield Row("poleval_pl", row["text"], labels(toxicity=row["label"], identity_attack=row["label_raw"] == "task2=2"))
    for row in rows_of(data, "ro_offense/train"):
        raw = row["label_raw"]
        known = labels(toxicity=row["label"], insult=classes(raw, "INSULT", "OTHER"), obscene=classes(raw, "PROFANITY", "OTHER"))
        yield Row("ro_offense_ro", row["text"], known)


def sentiment(data: Path):
    for row in rows_of(data, "umsab_sentiment/train"):
        if row["lang"] in UMSAB:
            yield Row(f"umsab_{row['lang']}", row["text"], sentiment=int(row["label"]))
    for row in rows_of(data, "smsa_id/train"):
        yield Row("smsa_id", row["text"], sentiment=int(row["label"]))
    for row in rows_of(data, "wisesight_th/all"):
        yield Row("wisesight_th", row["text"], sentiment=int(row["label"]))


def training_rows(data: Path, sets: set[str]):
    """Every row of the sets of a mix that are not in English, before de-duplication."""
    for read_sets in (toxicity, sentiment):
        yield from (row for row in read_sets(data) if row.source in sets)


def held_out_texts(data: Path):
    """Every text of every dev and test file, and of the parts of the others that serve as such."""
    for name in HELD_OUT:
        for row in read(data, f"multilingual/{name}"):
            yield row["text"]
    for name, splits in UNSPLIT.items():
        for split in splits:
            for row in rows_of(data, name, split):
                yield row["text"]


def jigsaw_ranks(data: Path) -> list[tuple[dict, bool]]:
    """The rows of `jigsaw_multilingual_val` by sha256 of the text, and for each if it fits the calibration (even ranks) or measures."""
    rows = sorted(read(data, "multilingual/jigsaw_multilingual_val/val"), key=lambda row: hashlib.sha256(row["text"].encode()).hexdigest())
    return [(row, rank % 2 == 0) for rank, row in enumerate(rows)]
