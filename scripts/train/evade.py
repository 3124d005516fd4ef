"""Light spelling evasions for training rows, so that a trivially disguised word is not a free pass.

Every function alters one text with a given random source. The project's evaluation generator (Rust) has its own tables:
what is learned here must carry over to spellings it has not seen.
"""

import random
import re

WORD = re.compile(r"[A-Za-z]{4,}")
# For languages in Latin script: letters with accents are letters.
LATIN_WORD = re.compile("[A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u1e00-\u1eff]{4,}")
LEET = {"a": "4@", "e": "3", "i": "1!", "o": "0", "s": "5$", "t": "7", "b": "8", "g": "9", "l": "1"}
HOMOGLYPHS = {"a": "а", "e": "е", "o": "о", "p": "р", "c": "с", "x": "х", "y": "у", "i": "і", "s": "ѕ", "j": "ј", "h": "һ"}
VOWELS = "aeiou"
UPPER_SHARE, LOWER_SHARE = 0.03, 0.06


def leet(word: str, rng: random.Random) -> str:
    return "".join(rng.choice(LEET[c.lower()]) if c.lower() in LEET and rng.random() < 0.6 else c for c in word)


def homoglyph(word: str, rng: random.Random) -> str:
    return "".join(HOMOGLYPHS[c.lower()] if c.lower() in HOMOGLYPHS and rng.random() < 0.5 else c for c in word)


def spaced(word: str, rng: random.Random) -> str:
    return rng.choice([" ", ".", "-", " "]).join(word)


def punctuated(word: str, rng: random.Random) -> str:
    place = rng.randrange(1, len(word))
    return word[:place] + rng.choice(".-_*'") + word[place:]


def masked_vowel(word: str, rng: random.Random) -> str:
    vowels = [i for i, c in enumerate(word) if i and c.lower() in VOWELS]
    if not vowels:
        return word
    place = rng.choice(vowels)
    return word[:place] + rng.choice("**#-@_") + word[place + 1 :]


def swapped(word: str, rng: random.Random) -> str:
    place = rng.randrange(1, len(word) - 1)
    return word[:place] + word[place + 1] + word[place] + word[place + 2 :]


def dropped(word: str, rng: random.Random) -> str:
    place = rng.randrange(1, len(word))
    return word[:place] + word[place + 1 :]


def doubled(word: str, rng: random.Random) -> str:
    place = rng.randrange(1, len(word))
    return word[:place] + word[place] + word[place:]


def revowelled(word: str, rng: random.Random) -> str:
    """What is left of a masked vowel where the second reading guessed wrong: `lack` for `l*ck` for `luck`."""
    vowels = [i for i, c in enumerate(word) if i and c.lower() in VOWELS]
    if not vowels:
        return word
    place = rng.choice(vowels)
    return word[:place] + rng.choice(VOWELS) + word[place + 1 :]


WORD_TRICKS = [
    leet, leet, homoglyph, spaced, punctuated, masked_vowel, masked_vowel, revowelled, revowelled,
    swapped, swapped, dropped, dropped, dropped, doubled,
]  # fmt: skip


def evade(text: str, rng: random.Random, word: re.Pattern = WORD) -> str:
    """One trick over about half of a text's longer words, or its spaces taken out here and there."""
    if rng.random() < 0.15:
        return re.sub(" ", lambda m: "" if rng.random() < 0.5 else " ", text)
    trick, share = rng.choice(WORD_TRICKS), rng.uniform(0.3, 1.0)
    return word.sub(lambda m: trick(m.group(), rng) if rng.random() < share else m.group(), text)


def recase(text: str, language: str, rng: random.Random) -> str:
    """A text in capitals, in lower case, or mostly as it is: a cased tokenizer cuts the three in different ways."""
    choice = rng.random()
    if choice < UPPER_SHARE:
        return (text.replace("i", "İ") if language == "tr" else text).upper()
    if choice < UPPER_SHARE + LOWER_SHARE:
        return (text.replace("İ", "i").replace("I", "ı") if language == "tr" else text).lower()
    return text
