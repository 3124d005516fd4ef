"""The training sets and what their labels mean to this model.

A set's word is not our word: "hate", "offensive", "sexist" and "toxic" were asked of different people with different rules.
So every set maps to the labels it really speaks about; a label it says nothing about is NaN and masked out of the loss, not 0.
Where a set's word is only a neighbour of ours, a small offset and scale, learned per set and thrown away after training
(`fit.SourceLink`), stand between our logit and its label, so that it teaches the order of texts but not our threshold.

| set | toxicity | severe, obscene | threat | insult | identity_attack | sentiment |
|---|---|---|---|---|---|---|
| jigsaw natural / enriched | toxic | as labelled | as labelled | as labelled | identity_hate | - |
| civil_comments_toxic_spans | share of raters not saying "not toxic" | - | - | - | - | - |
| civil_comments_balanced10k | target | - | - | - | - | - |
| olid + tweeteval_offensive | offensive | - | - | TIN/IND 1, NOT and UNT 0 | - | - |
| davidson_hso | share of hate or offensive votes | - | - | - | share of hate votes | - |
| edos_sexism | - | - | 1 if category 1 | - | sexist | - |
| hatexplain/rest_binary | hate or offensive | - | - | - | - | - |
| hatemoji_build | hateful | - | 1 if threatening | - | hateful | - |
| tweeteval_hate | - | - | - | - | hate | - |
| toxigen_safenlp | (harm - 1) / 4 | - | - | - | (harm - 1) / 4 | - |
| implicit_hate_safenlp | - | - | - | - | hate | - |
| stormfront_vicomtech | hate / noHate | - | - | - | hate / noHate | - |
| semeval2017, goemotions, sst5 | - | - | - | - | - | three classes |
| sst2 (rows not in sst5) | - | - | - | - | - | negative or positive; neutral left out of the softmax |
| identity templates (templates.py) | 0 or 1 | 0 if harmless | 0 if harmless | 0 if harmless | 0 or 1 | - |

`toxic_spans_semeval2021/train` is wholly inside `civil_comments_toxic_spans`, so it is not read. Enriched Jigsaw rows come from
class-balanced pools: their own offset absorbs their higher prevalence (label shift moves a logit by a constant), which is
what a class weight would do, without making rare positives count for less.
"""

import csv
import gzip
import hashlib
import math
import sys
from dataclasses import dataclass, field
from pathlib import Path

csv.field_size_limit(sys.maxsize)
TOXICITY_LABELS = ["toxicity", "severe_toxicity", "obscene", "threat", "insult", "identity_attack"]
SENTIMENT_LABELS = ["negative", "neutral", "positive"]
JIGSAW_COLUMNS = ["toxic", "severe_toxic", "obscene", "threat", "insult", "identity_hate"]
DEV_ROWS = 8000
NAN = math.nan

# How many times a pass over the mix shows a row of each set.
# Small sets more often than once a pass are learned by heart: the offence tweets, seen eight times in all, came to be told worse than when seen twice.
REPEATS = {
    "jigsaw_natural": 1.0, "jigsaw_enriched": 1.0, "civil_spans": 0.7, "civil_balanced": 0.3, "offensive": 1.0,
    "davidson": 0.4, "edos": 0.5, "hatexplain": 0.6, "hatemoji": 2.0, "tweeteval_hate": 0.5, "toxigen": 1.5,
    "implicit_hate": 0.6, "stormfront": 0.6, "templates": 0.6, "semeval2017": 1.2, "goemotions": 0.7, "sst5": 1.0, "sst2": 1.0,
}  # fmt: skip
SOURCES = list(REPEATS)
# Sets that define the meaning of a head: no offset stands between their labels and our logits.
REFERENCE = {"jigsaw_natural", "templates", "semeval2017"}


@dataclass
class Row:
    """A text, its source and its targets; NaN marks a label that the source does not define."""

    source: str
    text: str
    toxic: list = field(default_factory=lambda: [NAN] * 6)
    sentiment: int = -1  # 0 negative, 1 neutral, 2 positive, -1 none
    binary_sentiment: bool = False  # the neutral class was not offered to the raters


def read(data: Path, name: str) -> list[dict]:
    with gzip.open(data / f"{name}.csv.gz", "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def labels(**known: float) -> list[float]:
    return [float(known.get(name, NAN)) for name in TOXICITY_LABELS]


def jigsaw_split(data: Path) -> tuple[list[dict], list[dict]]:
    """(training rows, dev rows): dev is the first 8,000 natural rows by sha256 of the id, in that order."""
    rows = [row for row in read(data, "jigsaw_toxic_2018/train_union") if row["text_in_official_test"] != "1"]
    natural = [row for row in rows if row["sampling"] == "natural"]
    natural.sort(key=lambda row: hashlib.sha256(row["id"].encode()).hexdigest())
    dev = natural[:DEV_ROWS]
    held_out = {row["id"] for row in dev}
    return [row for row in rows if row["id"] not in held_out], dev


def jigsaw(data: Path):
    for row in jigsaw_split(data)[0]:
        yield Row(f"jigsaw_{row['sampling']}", row["comment_text"], [float(row[name]) for name in JIGSAW_COLUMNS])


def civil(data: Path):
    for row in read(data, "civil_comments_toxic_spans/comments"):
        raters = int(row["n_raters"])
        if raters:
            yield Row("civil_spans", row["comment_text"], labels(toxicity=1 - int(row["n_not_toxic"]) / raters))
    for row in read(data, "civil_comments_balanced10k/all"):
        yield Row("civil_balanced", row["comment_text"], labels(toxicity=row["target"]))


def offensive(data: Path):
    for row in read(data, "olid/train"):
        insult = {"NOT": 0.0, "UNT": 0.0, "IND": 1.0}
        mark = row["subtask_a"] if row["subtask_a"] == "NOT" else row["subtask_b"] if row["subtask_b"] == "UNT" else row["subtask_c"]
        text = row["tweet"].replace("URL", "http")
        yield Row("offensive", text, labels(toxicity=row["subtask_a"] == "OFF", insult=insult.get(mark, NAN)))
    for row in read(data, "tweeteval_offensive/train"):
        yield Row("offensive", row["text"], labels(toxicity=row["label"]))


def hate(data: Path):
    for row in read(data, "davidson_hso/all"):
        votes, hate_votes, rude = int(row["count"]), int(row["hate_speech"]), int(row["offensive_language"])
        yield Row("davidson", row["tweet"], labels(toxicity=(hate_votes + rude) / votes, identity_attack=hate_votes / votes))
    for row in read(data, "edos_sexism/train"):
        text = row["text"].replace("[USER]", "@user").replace("[URL]", "http")
        threat = 1.0 if row["label_category"].startswith("1") else NAN
        yield Row("edos", text, labels(identity_attack=row["label_sexist"] == "sexist", threat=threat))
    for row in read(data, "hatexplain/rest_binary"):
        yield Row("hatexplain", row["text"].replace("<user>", "@user"), labels(toxicity=row["label"]))
    for row in read(data, "hatemoji_build/train"):
        hateful = float(row["label_gold"])
        threat = 1.0 if row["type"] == "threateninglanguage" else 0.0 if not hateful else NAN
        yield Row("hatemoji", row["text"], labels(toxicity=hateful, identity_attack=hateful, threat=threat))
    for row in read(data, "tweeteval_hate/train"):
        yield Row("tweeteval_hate", row["text"], labels(identity_attack=row["label"]))
    for row in read(data, "toxigen_safenlp/all"):
        harm = (float(row["toxicity_score"]) - 1) / 4
        yield Row("toxigen", row["text"], labels(toxicity=harm, identity_attack=harm))
    for row in read(data, "implicit_hate_safenlp/all"):
        yield Row("implicit_hate", row["text"], labels(identity_attack=row["label"] == "hate"))
    for row in read(data, "stormfront_vicomtech/all"):
        if row["label"] in ("hate", "noHate"):
            hateful = row["label"] == "hate"
            yield Row("stormfront", row["text"], labels(toxicity=hateful, identity_attack=hateful))


def sentiment(data: Path):
    for row in read(data, "semeval2017_sentiment/train"):
        yield Row("semeval2017", row["text"], sentiment=SENTIMENT_LABELS.index(row["label"]))
    for row in read(data, "goemotions/train"):
        if row["sentiment_group"] in SENTIMENT_LABELS:
            text = row["text"].replace("[NAME]", "@user")
            yield Row("goemotions", text, sentiment=SENTIMENT_LABELS.index(row["sentiment_group"]))
    for row in read(data, "sst5/train"):
        yield Row("sst5", row["text"], sentiment=[0, 0, 1, 2, 2][int(row["label"])])
    for row in read(data, "sst2/train"):
        yield Row("sst2", row["text"], sentiment=2 * int(row["label"]), binary_sentiment=True)


def training_rows(data: Path):
    """Every row of every set that may be trained on, before de-duplication. Earlier copies of a text win."""
    for read_sets in (jigsaw, civil, offensive, hate, sentiment):
        yield from read_sets(data)


# Every dev and test file that could hold a training text, by the column of its text.
HELD_OUT = {
    "text": [
        "edos_sexism/dev", "edos_sexism/test", "goemotions/dev", "goemotions/test", "hatemoji_build/validation", "hatemoji_build/test",
        "sst2/dev", "sst2/test", "sst5/dev", "sst5/test", "toxic_spans_semeval2021/test", "toxic_spans_semeval2021/trial",
        "tweeteval_emotion/val", "tweeteval_emotion/test", "tweeteval_hate/val", "tweeteval_hate/test", "tweeteval_offensive/val",
        "tweeteval_offensive/test", "tweeteval_sentiment/val", "tweeteval_sentiment/test",
    ],
    "comment_text": ["jigsaw_toxic_2018/test_official_balanced", "jigsaw_toxic_2018/test_partial_scored"],
    "post_text": ["hatexplain/val", "hatexplain/test"],
    "test_case": ["hatecheck/test"],
    "tweet": ["olid/test"],
}  # fmt: skip


def held_out_texts(data: Path):
    """Every text of every dev and test file, the Jigsaw dev rows included."""
    for column, names in HELD_OUT.items():
        for name in names:
            for row in read(data, name):
                yield row[column]
    for row in jigsaw_split(data)[1]:
        yield row["comment_text"]
