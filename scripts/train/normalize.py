"""Text normalisation applied before tokenising, version 1.

The program has a twin of this file in Rust (`crates/infer/src/normalize`); both follow the same seven steps, in the same order, until
nothing changes, so that the model sees at run time what it saw in training. Lower-casing and accent stripping are left to the
uncased BERT tokenizer. Both are held to
the cases of `tests/text/normalize/all.toml`. The twin decides; an unclosed `<script>`'s corner is not copied here.
"""

import html
import re
import unicodedata

BREAKING = (
    "blockquote br center dd div dl dt h1 h2 h3 h4 h5 h6 hr li noscript ol p pre table tbody td th thead tr ul script style".split()
)
INLINE = "a abbr b big cite code del em font i iframe img ins kbd mark q s small span strike strong sub sup tt u var wbr".split()
NAMES = "|".join(sorted(BREAKING + INLINE, key=len, reverse=True))
ENTITY = re.compile(r"&#?[0-9A-Za-z]{1,31};")
HIDDEN = re.compile(r"<!--.*?-->|<(script|style)\b[^<>]*>.*?</\1>", re.IGNORECASE | re.DOTALL)
TAG = re.compile(rf"</?({NAMES})(?:\s*/?|\s[^<>]*=[^<>]*)>", re.IGNORECASE)
URL = re.compile(r"https?://\S+|\bwww\.\w\S*", re.IGNORECASE)
MENTION = re.compile(r"(?<!\w)@\w+")
LETTER_RUN = re.compile(r"([^\W\d_])\1{2,}")
OTHER_RUN = re.compile(r"([^\d\s])\1{3,}")
SPACES = re.compile(r"[\s\u2800]+")
# Characters that Unicode lets a font ignore, beside the format characters (Cf).
IGNORABLE = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
# The combining marks of no script in particular; two or more together are a heap.
MARK_HEAP = re.compile("[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{2,}")
MAX_NESTING = 4


def decode(entity: re.Match) -> str:
    """Only entities closed by a semicolon: `?a=1&lt=2` is an address, not a sign."""
    return html.unescape(entity.group())


def strip_invisible(text: str) -> str:
    """Removes format, control and ignorable characters, and heaps of combining marks (zalgo)."""
    if text.isascii() and text.isprintable():
        return text
    kept = (c for c in text if c.isspace() or unicodedata.category(c) not in ("Cf", "Cc"))
    return MARK_HEAP.sub("", IGNORABLE.sub("", "".join(kept)))


def drop_markup(text: str) -> str:
    text = HIDDEN.sub(lambda hidden: " " if hidden.group(1) else "", ENTITY.sub(decode, text))
    return TAG.sub(lambda tag: " " if tag.group(1).lower() in BREAKING else "", text)


def flatten(text: str) -> str:
    """Instead of `drop_markup` once markup has been nested too deeply to be anything but noise."""
    return text.replace("&", "").replace("<", "")


def normalize(text: str) -> str:
    """The seven steps, until nothing changes: markup, NFKC, invisible characters, URLs, mentions, repeats, white space."""
    for number in range(2 * MAX_NESTING):
        before = text
        text = drop_markup(text) if number < MAX_NESTING else flatten(text)
        text = strip_invisible(unicodedata.normalize("NFKC", text))
        text = MENTION.sub("@user", URL.sub("http", text))
        text = OTHER_RUN.sub(r"\1\1\1", LETTER_RUN.sub(r"\1\1", text))
        text = SPACES.sub(" ", text).strip()
        if text == before:
            break
    return text
