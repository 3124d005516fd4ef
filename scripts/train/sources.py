"""The training sets and what their labels mean to this model.

A set's word is not our word: "hate", "offensive", "sexist" and "toxic" were asked of different people with different rules.
So every set maps to the labels it really speaks about; a label it says nothing about is NaN and masked out of the loss, not 0.
Where a set's word is only a neighbour of ours, a small offset and scale, learned per set and thrown away after training
(`fit.SourceLink`), stand between our logit and its label, so that it teaches the order of texts but not our threshold.

`SETS` says for each set what it teaches, under which licence, and whether that licence permits commercial use; the model card
has the same table. The default mix is the sets that do, `--all-data` adds the others.

A set that asked for hate alone says nothing about other abuse: its 0 never teaches a toxicity of 0 to a rude text. Such zeros
are masked if the text has a word that Jigsaw's raters mostly saw in toxic comments (`pack.mask_rude_zeros`), and stand behind
the set's own offset otherwise.

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


@dataclass(frozen=True)
class Set:
    """A training set: what it teaches, under which licence, and how often a pass over the mix shows a row of it.

    Small sets more often than once a pass are learned by heart: the offence tweets, seen eight times in all, came to be told
    worse than when seen twice.
    """

    teaches: str
    licence: str
    commercial: bool  # whether the stated licence permits commercial use
    repeats: float
    hate_only: bool = False
    language: str = "en"  # "mul" if its rows are in several


JIGSAW_LICENCE = "CC0; text CC BY-SA 3.0"
SETS = {
    "jigsaw_natural": Set("all six toxicity labels", JIGSAW_LICENCE, True, 1.0),
    "jigsaw_enriched": Set("all six, own bias", JIGSAW_LICENCE, True, 1.0),
    "civil_spans": Set("toxicity, linked: share of raters not saying \"not toxic\"", "CC0", True, 0.7),
    "civil_balanced": Set("toxicity, linked: target", "CC0; the mirror states none", True, 0.3),
    "offensive": Set("toxicity, linked: offensive; insult, linked: targeted at a person", "none stated (OLID: research)", False, 1.0),
    "davidson": Set("toxicity, linked: share of hate or offensive votes; identity_attack, linked: share of hate votes", "MIT", True, 0.4),
    "edos": Set("identity_attack, linked: sexist; threat 1 in its category 1", "CC0", True, 0.5),
    "hatexplain": Set("toxicity, linked: hate or offensive", "MIT; the mirror states none", True, 0.6),
    "hatemoji": Set("toxicity and identity_attack, linked: hateful; threat", "CC BY 4.0", True, 2.0, hate_only=True),
    "tweeteval_hate": Set("identity_attack, linked: hate", "CC BY-NC 4.0 (HatEval)", False, 0.5),
    "toxigen": Set("toxicity and identity_attack, linked: (harm - 1) / 4", "MIT (SafeNLP)", True, 1.5),
    "implicit_hate": Set("identity_attack, linked: hate", "MIT (SafeNLP)", True, 0.6),
    "stormfront": Set("toxicity and identity_attack, linked: hate", "CC BY-SA 3.0 ES", True, 0.6, hate_only=True),
    "measuring_hate": Set("toxicity and identity_attack, linked: hate speech", "CC BY 4.0", True, 0.7, hate_only=True),
    "convabuse": Set("toxicity, linked: abuse of a chatbot", "CC BY 4.0", True, 1.0),
    "misogyny": Set("identity_attack, linked: misogynistic; toxicity and insult 1 for personal attacks", "MIT", True, 0.6),
    "dynahate": Set("toxicity and identity_attack, linked: hate", "none stated", False, 0.7, hate_only=True),
    "founta": Set("identity_attack, linked: hateful", "not clear (Zenodo, restricted file)", False, 0.4),
    "hasoc": Set("toxicity, linked: hate, offence or profanity; identity_attack, linked: hate", "none stated (research)", False, 0.6),
    "templates": Set("made here: toxicity 0 or 1, other labels where the sentence is clear, some sentiments", "this project", True, 0.6),
    "joined": Set("rows of Jigsaw and of the templates, two in one text: the worse of both", "as the rows joined", True, 1.0),
    "tweet_sentiment": Set("three sentiments", "CC BY 4.0", True, 1.5),
    "semeval2017": Set("three sentiments", "none stated (research)", False, 1.2),
    "goemotions": Set("positive, neutral, negative group, own bias; mixed and ambiguous left out", "Apache-2.0 / CC BY 4.0", True, 0.9),
    "sst5": Set("five classes joined to three, own bias", "none stated (research)", False, 1.0),
    "sst2": Set("two classes; neutral left out of the softmax", "none stated (research)", False, 1.0),
    "sst_phrases": Set("phrases: five classes joined to three, own bias", "none stated (research)", False, 0.4),
    # Other languages, for the multilingual model only; `languages.py` reads them.
    "germeval_de": Set("toxicity, linked: offensive; insult and identity_attack, linked: its classes", "CC BY 4.0", True, 1.0, language="de"),
    "gahd_de": Set("toxicity and identity_attack, linked: hate", "CC BY 4.0", True, 1.0, hate_only=True, language="de"),
    "told_pt": Set("toxicity, obscene, insult, identity_attack, linked: share of three raters", "CC BY-SA 4.0", True, 1.0, language="pt"),
    "offendes_es": Set("toxicity, linked: offensive; insult, obscene", "contradictory: Apache-2.0 and CC BY-NC-SA 4.0", False, 1.0, language="es"),
    "mlma_fr": Set("toxicity, linked: any abuse; identity_attack, linked: hateful", "MIT", True, 0.7, language="fr"),
    "mlma_ar": Set("toxicity, linked: any abuse; identity_attack, linked: hateful", "MIT", True, 1.0, language="ar"),
    "ftr_fr": Set("identity_attack, linked: racist", "MIT", True, 0.7, language="fr"),
    "kocohub_ko": Set("toxicity, linked: hate or offensive; identity_attack, linked: hate with a bias", "CC BY-SA 4.0", True, 1.0, language="ko"),
    "cold_zh": Set("toxicity, linked: offensive", "Apache-2.0", True, 1.0, language="zh"),
    "offenseval_tr": Set("toxicity, linked: offensive", "CC BY (the authors' page)", True, 1.0, language="tr"),
    "ogtd_el": Set("toxicity, linked: offensive", "none stated", False, 1.0, language="el"),
    "russe_ru": Set("toxicity, linked: toxic, against neutral rewrites", "OpenRAIL++ (the authors' card)", True, 1.0, language="ru"),
    "poleval_pl": Set("toxicity, linked: harmful; identity_attack, linked: hate speech", "BSD-3-Clause", True, 1.0, language="pl"),
    "ro_offense_ro": Set("toxicity, linked: offensive; insult and obscene, linked: its classes", "Apache-2.0", True, 1.0, language="ro"),
    "smsa_id": Set("three sentiments, own bias", "Apache-2.0 (IndoNLU)", True, 1.0, language="id"),
    "wisesight_th": Set("three sentiments, own bias", "CC0", True, 0.5, language="th"),
    "umsab_ar": Set("three sentiments, own bias", "not clear (SemEval-2017)", False, 1.5, language="ar"),
    "umsab_de": Set("three sentiments, own bias", "not clear (SB-10k)", False, 1.5, language="de"),
    "umsab_es": Set("three sentiments, own bias", "not clear (InterTASS)", False, 1.5, language="es"),
    "umsab_fr": Set("three sentiments, own bias", "not clear (DEFT 2017)", False, 1.5, language="fr"),
    "umsab_hi": Set("three sentiments, own bias", "not clear (SAIL 2015)", False, 1.5, language="hi"),
    "umsab_it": Set("three sentiments, own bias", "not clear (SENTIPOLC 2016)", False, 1.5, language="it"),
    "umsab_pt": Set("three sentiments, own bias", "not clear (SentiBR)", False, 1.5, language="pt"),
    "joined_more": Set("two rows in one text, of any two languages: the worse of both", "as the rows joined", True, 1.0, language="mul"),
}
SOURCES = list(SETS)
ENGLISH = [name for name, known in SETS.items() if known.language == "en"]
# Sets that define the meaning of a toxicity head: no offset stands between their labels and our logits.
REFERENCE = {"jigsaw_natural", "templates", "joined"}
# Sets whose three sentiments have an offset of their own; the reference is semeval2017 if it is there, else tweet_sentiment.
SENTIMENT_LINKED = {"goemotions", "sst5", "sst_phrases", "smsa_id", "wisesight_th"} | {name for name in SETS if name.startswith("umsab_")}
# Of the phrases of film reviews that are neutral, mostly function words, this share is shown.
NEUTRAL_PHRASES = 0.1


def chosen(all_data: bool, multilingual: bool = False) -> set[str]:
    """The sets of a mix: those whose licence permits commercial use, or all; in English only, or in all languages."""
    return {name for name, known in SETS.items() if (all_data or known.commercial) and (multilingual or known.language == "en")}


@dataclass
class Row:
    """A text, its source and its targets; NaN marks a label that the source does not define."""

    source: str
    text: str
    toxic: list = field(default_factory=lambda: [NAN] * 6)
    sentiment: int = -1  # 0 negative, 1 neutral, 2 positive, -1 none
    binary_sentiment: bool = False  # the neutral class was not offered to the raters
    content: tuple[str, ...] = ()  # of a sentence made here: what it says, frames left aside


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
    for row in read(data, "english_more/measuring_hate_speech_ken20/train"):
        text = row["text"].replace(" URL", " http")
        yield Row("measuring_hate", text, labels(toxicity=row["label"], identity_attack=row["label"]))
    for row in read(data, "english_more/dynahate_v023/train"):
        # `label_raw` is the split of the authors: their test stays unseen.
        if row["label_raw"] != "test":
            yield Row("dynahate", row["text"], labels(toxicity=row["label"], identity_attack=row["label"]))
    for row in read(data, "english_more/founta18_sample/train"):
        yield Row("founta", row["text"], labels(identity_attack=row["label"]))
    for row in read(data, "english_more/hasoc2019_en/train"):
        hateful = {"HATE": 1.0, "NONE": 0.0}.get(row["label_raw"], NAN)
        yield Row("hasoc", row["text"], labels(toxicity=row["label"], identity_attack=hateful))
    for row in read(data, "english_more/convabuse/train"):
        yield Row("convabuse", row["text"], labels(toxicity=row["label"]))
    for row in read(data, "english_more/online_misogyny_eacl21/train"):
        attack = 1.0 if row["label_raw"].endswith("personal_attack") else NAN
        hateful = NAN if row["label_raw"] == "Counter_speech" else row["label"]
        yield Row("misogyny", row["text"], labels(identity_attack=hateful, toxicity=attack, insult=attack))
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
    for row in read(data, "english_more/tweet_sentiment_extraction/train"):
        yield Row("tweet_sentiment", row["text"], sentiment=int(row["label"]))
    for row in read(data, "goemotions/train"):
        if row["sentiment_group"] in SENTIMENT_LABELS:
            text = row["text"].replace("[NAME]", "@user")
            yield Row("goemotions", text, sentiment=SENTIMENT_LABELS.index(row["sentiment_group"]))
    for row in read(data, "sst5/train"):
        yield Row("sst5", row["text"], sentiment=[0, 0, 1, 2, 2][int(row["label"])])
    for row in read(data, "sst2/train"):
        yield Row("sst2", row["text"], sentiment=2 * int(row["label"]), binary_sentiment=True)
    for row in read(data, "english_more/sst_phrases/train"):
        if row["label"] != "1" or share_of(row["text"]) < NEUTRAL_PHRASES:
            yield Row("sst_phrases", row["text"], sentiment=int(row["label"]))


def share_of(text: str) -> float:
    """A number from 0 to 1 that depends on the text alone: takes the same part of a set in every run."""
    return int(hashlib.sha256(text.encode()).hexdigest()[:8], 16) / 2**32


def training_rows(data: Path, sets: set[str]):
    """Every row of the sets of a mix, before de-duplication. Earlier copies of a text win."""
    for read_sets in (jigsaw, civil, offensive, hate, sentiment):
        yield from (row for row in read_sets(data) if row.source in sets)


# Every dev and test file that could hold a training text, by the column of its text.
HELD_OUT = {
    "text": [
        "edos_sexism/dev", "edos_sexism/test", "goemotions/dev", "goemotions/test", "hatemoji_build/validation", "hatemoji_build/test",
        "sst2/dev", "sst2/test", "sst5/dev", "sst5/test", "toxic_spans_semeval2021/test", "toxic_spans_semeval2021/trial",
        "tweeteval_emotion/val", "tweeteval_emotion/test", "tweeteval_hate/val", "tweeteval_hate/test", "tweeteval_offensive/val",
        "tweeteval_offensive/test", "tweeteval_sentiment/val", "tweeteval_sentiment/test",
        *(f"english_more/{name}" for name in (
            "convabuse/valid", "convabuse/test", "dynahate_v023/dev", "dynahate_v023/test", "founta18_sample/dev",
            "founta18_sample/test", "hasoc2019_en/test", "measuring_hate_speech_ken20/dev", "measuring_hate_speech_ken20/test",
            "online_misogyny_eacl21/test", "sst2_glue/dev", "sst_phrases/dev", "sst_phrases/test", "tweet_sentiment_extraction/test",
        )),
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
