"""Text normalisation applied before tokenising: version 2 for the English model, version 3 for the multilingual one.

The program has a twin of this file in Rust (`crates/infer/src/normalize`); both follow the same steps, in the same order,
until nothing changes, so that the model sees at run time what it saw in training. Lower-casing and accent stripping are
left to the uncased BERT tokenizer. Both are held to the cases of `tests/text/normalize/all.toml` and `all-2.toml`, and
read the names of emoji from `data/emoji.tsv`. The twin decides; an unclosed `<script>`'s corner is not copied here.
Version 1 left emoji as they are.

Version 3 is version 2 with rules by script; `all-3.toml` has its cases and README.md the rules in full. Texts in Latin
script come out the same from both.
"""

import functools
import html
import re
import unicodedata
from pathlib import Path

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
# What an ASCII text has that a step could change.
UNPLAIN = re.compile(r"[&<@]|//|www|([a-z])\1\1|([^a-z0-9])\2\2\2|  |^ | $", re.IGNORECASE)
SPACES = re.compile(r"[\s\u2800]+")
# Characters that Unicode lets a font ignore, beside the format characters (Cf).
IGNORABLE = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
# The combining marks of no script in particular; two or more together are a heap.
MARK_HEAP = re.compile("[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{2,}")
MAX_NESTING = 4
# How often one emoji counts within a row of emoji.
EMOJI_KEPT = 2
MAX_PARTS = 4
JOINER, VARIATION = "\u200d", "\ufe0f"
TONES = "\U0001f3fb-\U0001f3ff"
# One part of an emoji sequence: a keycap, a flag of two letters, or a character with what may follow it.
FOLLOWING = f"(?:[{VARIATION}{TONES}]|[\U000e0020-\U000e007f])*"
PART = re.compile(f"[0-9#*](?:[{VARIATION}{TONES}\u20e3]|[\U000e0020-\U000e007f])*|[\U0001f1e6-\U0001f1ff]{{2}}{FOLLOWING}|[^\\x00-\\x7f]{FOLLOWING}")
MODIFIERS = re.compile(f"[{VARIATION}{TONES}]")

# Scripts that are written without spaces: Thai, Lao, Myanmar, Khmer, kana, Han.
UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3038-\u303b\u3040-\u30ff"
    "\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
# Version 3 ends an address or a name where such a script begins. A name in one is a mention only if its end is plain to see.
SCRIPT_URL = re.compile(rf"https?://[^\s{UNSPACED}]+|(?<![A-Za-z0-9_])www\.[A-Za-z0-9][^\s{UNSPACED}]*", re.IGNORECASE)
SCRIPT_MENTION = re.compile(rf"(?<![^\W{UNSPACED}])@(?:[^\W{UNSPACED}]+|\w{{1,20}}(?=[\s:,]|$))")
# The joiners U+200C and U+200D are spelling between two characters of these scripts: Arabic, and the Indic ones.
JOINING = "\u0600-\u06ff\u0750-\u077f\u08a0-\u08ff\u0900-\u0dff"
SPELLING_JOINER = re.compile(f"(?<=[{JOINING}])[\u200c\u200d]+(?=[{JOINING}])")
# Arabic vowel signs, marks of recitation, and the stretching of a line, which comments leave out or use as a disguise.
ARABIC_MARK = re.compile("[\u0610-\u061a\u0640\u064b-\u0652\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed]")
LETTERS = re.compile(r"[^\W\d_]+")
# Latin letters that stand for Cyrillic or Greek ones in a word that is mostly of that script.
LATIN = re.compile("[A-Za-z]")
LOOKALIKES = (
    (re.compile("[\u0400-\u052f]"), dict(zip("AaBCcEeHKkMmOoPpTXxYy", "АаВСсЕеНКкМмОоРрТХхУу", strict=True))),
    (re.compile("[\u0370-\u03ff\u1f00-\u1fff]"), dict(zip("AaBEHIiKkMNOoPpTuvwXxYyZ", "ΑαΒΕΗΙιΚκΜΝΟοΡρΤυνωΧχΥγΖ", strict=True))),
)


def emoji_table() -> dict[str, tuple[str, bool]]:
    """Emoji without variation selectors and skin tones: the name, and whether it is text unless a selector follows."""
    lines = (Path(__file__).parents[2] / "data/emoji.tsv").read_text(encoding="utf-8").splitlines()
    cells = (line.split("\t") for line in lines if not line.startswith("# "))
    return {emoji: (name, kind == "text") for emoji, name, kind in cells}


EMOJI = emoji_table()


def find_emoji(text: str, at: int) -> tuple[int, str, bool] | None:
    """The longest known emoji at a place: its end, its name, and whether it could be an ordinary sign."""
    key, longest = "", None
    for _ in range(MAX_PARTS):
        part = PART.match(text, at)
        if not part:
            break
        plain = part.group()[0] + MODIFIERS.sub("", part.group()[1:])
        if plain[0].isascii() and not plain.endswith("\u20e3"):
            break
        key += plain
        at = part.end()
        if key in EMOJI:
            name, is_text = EMOJI[key]
            longest = (at, name, is_text and plain == part.group())
        if text[at : at + 1] != JOINER:
            break
        key += JOINER
        at += 1
    return longest


def may_touch(char: str) -> bool:
    """Whether a sign that is text by default can be an emoji next to this character, or next to nothing."""
    return not char or char.isspace() or char.isalnum() or char in ".,!?"


def name_emoji(text: str) -> str:
    """Emoji as their CLDR short names, each at most twice in a row of emoji; kaomoji are left alone."""
    if text.isascii():
        return text
    out, at, row, in_row = [], 0, {}, False
    last_end = -1
    while at < len(text):
        found = find_emoji(text, at)
        if found and found[2]:
            before = in_row or may_touch(text[at - 1 : at])
            after = may_touch(text[found[0] : found[0] + 1]) or find_emoji(text, found[0])
            found = found if before and after else None
        if not found:
            in_row = in_row and text[at].isspace()
            out.append(text[at])
            at += 1
            continue
        if not in_row:
            row = {}
        end, name, _ = found
        row[name] = row.get(name, 0) + 1
        if row[name] <= EMOJI_KEPT:
            space_before = at and last_end != at and not text[at - 1].isspace()
            space_after = end < len(text) and not text[end].isspace()
            out.append(" " * bool(space_before) + name + " " * bool(space_after))
        at = last_end = end
        in_row = True
    return "".join(out)


def decode(entity: re.Match) -> str:
    """Only entities closed by a semicolon: `?a=1&lt=2` is an address, not a sign."""
    return html.unescape(entity.group())


def strip_invisible(text: str, version: int = 2) -> str:
    """Removes format, control and ignorable characters, and heaps of combining marks (zalgo); version 3 keeps joiners that are spelling."""
    if text.isascii() and text.isprintable():
        return text
    kept = {match.start() for match in SPELLING_JOINER.finditer(text)} if version >= 3 else ()
    shown = (c for at, c in enumerate(text) if c.isspace() or at in kept or unicodedata.category(c) not in ("Cf", "Cc"))
    return MARK_HEAP.sub("", IGNORABLE.sub("", "".join(shown)))


def unmixed(word: re.Match) -> str:
    """A word with more Cyrillic or Greek letters than Latin ones, without the latter if each of them is a lookalike."""
    word = word.group()
    if word.isascii():
        return word
    latin = LATIN.findall(word)
    for script, lookalikes in LOOKALIKES:
        if latin and len(script.findall(word)) > len(latin) and all(letter in lookalikes for letter in latin):
            return "".join(lookalikes.get(letter, letter) for letter in word)
    return word


def by_script(text: str) -> str:
    """The step that version 3 adds: Arabic marks removed, Latin lookalikes in Cyrillic and Greek words replaced."""
    return text if text.isascii() else LETTERS.sub(unmixed, ARABIC_MARK.sub("", text))


def drop_markup(text: str) -> str:
    text = HIDDEN.sub(lambda hidden: " " if hidden.group(1) else "", ENTITY.sub(decode, text))
    return TAG.sub(lambda tag: " " if tag.group(1).lower() in BREAKING else "", text)


def flatten(text: str) -> str:
    """Instead of `drop_markup` once markup has been nested too deeply to be anything but noise."""
    return text.replace("&", "").replace("<", "")


def is_plain(text: str) -> bool:
    """True if one look shows that no step would change the text, as in the twin."""
    return text.isascii() and text.isprintable() and not UNPLAIN.search(text)


@functools.lru_cache(maxsize=2**20)
def normalized(text: str, version: int = 2) -> str:
    """`normalize`, remembered: packing asks several times for the same text."""
    return normalize(text, version)


def normalize(text: str, version: int = 2) -> str:
    """The steps, until nothing changes: markup, NFKC, emoji, invisible characters, scripts, URLs, mentions, repeats, white space."""
    if is_plain(text):
        return text
    url, mention = (SCRIPT_URL, SCRIPT_MENTION) if version >= 3 else (URL, MENTION)
    for number in range(2 * MAX_NESTING):
        before = text
        text = drop_markup(text) if number < MAX_NESTING else flatten(text)
        text = strip_invisible(name_emoji(unicodedata.normalize("NFKC", text)), version)
        text = by_script(text) if version >= 3 else text
        text = mention.sub("@user", url.sub("http", text))
        text = OTHER_RUN.sub(r"\1\1\1", LETTER_RUN.sub(r"\1\1", text))
        text = SPACES.sub(" ", text).strip()
        if text == before:
            break
    return text
