"""Cuts the vocabulary of multilingual-e5-small down to the languages that the model supports.

`python scripts/train/vocabulary.py FULL OUT --data ../shared/data` (training does it by itself, once). Of 250,002 pieces it always
keeps the special ones and all single characters of the scripts of those languages, with digits, marks and signs. Of the pieces
that the labelled rows use, and of those of the 50,000 most frequent words of every language, as they are and capitalized, it keeps
those with the largest share of the tokens of any one language, as many as fit. So no language pays for another that has more
text. The word table is cut in the same way.

Pieces keep their scores and their order, so an id is the number of kept pieces before it. A text whose pieces are all kept is
cut as before: of the ways to cut it that are left, the best is the one that was the best of all. For that the piece with the
lowest score stays too, since the score of an unknown character depends on it.
"""

import argparse
import json
import sys
import unicodedata
from collections import Counter
from pathlib import Path

from languages import training_rows as other_rows
from normalize import normalize, normalized
from safetensors.torch import load_file, save_file
from sources import SETS, chosen, share_of, training_rows
from tokenizers import Tokenizer

# The languages whose words are kept, and how many words of each.
WORDS = {language: 50_000 for language in ("en", "de", "es", "fr", "it", "pt", "nl", "pl", "ru", "tr", "ar", "zh", "ko", "hi", "ro", "id")}
# The first words of the names that Unicode gives characters of these scripts, beside digits, marks and signs of no script.
SCRIPTS = {"LATIN", "CYRILLIC", "GREEK", "ARABIC", "DEVANAGARI", "HANGUL", "CJK", "HIRAGANA", "KATAKANA", "THAI"}
# A piece that occurs in fewer rows of the sets of a language is kept only if a word needs it.
ROWS = 2
# Of the English rows, this share is read: their pieces come again and again, and the time is better spent on training.
ENGLISH_PART = 0.4
# The number of pieces: 24 MB of the model's 48 in 8 bits. Ids are stored in 16 bits, so there cannot be more than 65,536.
MOST = 60_000
# Of the words, by rank, a capitalized one counts so much (Zipf's law says how much a word does).
CAPITALIZED, ZIPF = 0.2, 2.7
WORD = "▁"
BATCH = 2000


def pieces_of(tokenizer: Tokenizer, texts: list[str]) -> Counter:
    """In how many of the texts each piece occurs; the tokenizer cuts a text at its spaces first, so each word is read once."""
    words = Counter(word for text in texts for word in set(normalized(text, 3).split(" ")))
    found, listed = Counter(), list(words)
    for at in range(0, len(listed), BATCH):
        some = listed[at : at + BATCH]
        for word, cut_word in zip(some, tokenizer.encode_batch(some, add_special_tokens=False), strict=True):
            for piece in set(cut_word.ids):
                found[piece] += words[word]
    return found


def capitalized(words: list[str]) -> list[str]:
    return [word[:1].upper() + word[1:] for word in words]


def is_character(piece: str) -> bool:
    """True for one character of the supported scripts or of no script."""
    if len(piece) != 1:
        return False
    script = unicodedata.name(piece, "?").split()[0].split("-")[0]
    return script in SCRIPTS or unicodedata.category(piece)[0] in "NPSZ" or unicodedata.name(piece, "?").startswith("COMBINING")


def cut_tokenizer(tokenizer: dict, kept: list[int]) -> dict:
    """The parsed tokenizer.json with these pieces alone, which must be sorted and include the special ones."""
    new_ids = {old: new for new, old in enumerate(kept)}
    vocabulary = tokenizer["model"]["vocab"]
    model = {**tokenizer["model"], "vocab": [vocabulary[old] for old in kept], "unk_id": new_ids[tokenizer["model"]["unk_id"]]}
    added = [{**token, "id": new_ids[token["id"]]} for token in tokenizer["added_tokens"]]
    processor = json.loads(json.dumps(tokenizer["post_processor"]))
    for token in processor["special_tokens"].values():
        token["ids"] = [new_ids[old] for old in token["ids"]]
    return {**tokenizer, "model": model, "added_tokens": added, "post_processor": processor}


def always_kept(tokenizer: dict) -> set[int]:
    """The special pieces, the single characters, and the piece with the lowest score."""
    vocabulary = tokenizer["model"]["vocab"]
    special = {token["id"] for token in tokenizer["added_tokens"]} | {tokenizer["model"]["unk_id"]}
    characters = {number for number, (piece, _) in enumerate(vocabulary) if is_character(piece) or is_character(piece.removeprefix(WORD))}
    return special | characters | {min(range(len(vocabulary)), key=lambda number: vocabulary[number][1])}


def labelled_texts(data: Path) -> dict[str, list[str]]:
    """The texts of all training sets by language, whatever their licence, so that every mix has the same vocabulary."""
    texts = {}
    for row in (*(row for row in training_rows(data, chosen(True)) if share_of(row.text) < ENGLISH_PART), *other_rows(data, chosen(True, True))):
        texts.setdefault(SETS[row.source].language, []).append(row.text)
    return texts


def frequent_words(language: str, count: int) -> list[str]:
    from wordfreq import top_n_list

    return top_n_list(language, count)


def pieces_of_words(tokenizer: Tokenizer, words: list[str]) -> dict[int, float]:
    """The share of each piece in the tokens of a language, as far as a list of its words by frequency tells."""
    found = Counter()
    for factor, listed in ((1.0, words), (CAPITALIZED, capitalized(words))):
        for at in range(0, len(listed), BATCH):
            some = [word if word.isalpha() else normalize(word, 3) for word in listed[at : at + BATCH]]
            for rank, encoded in enumerate(tokenizer.encode_batch(some, add_special_tokens=False), at):
                for piece in encoded.ids:
                    found[piece] += factor / (rank + ZIPF)
    return shares(found)


def shares(counts: dict[int, float]) -> dict[int, float]:
    total = sum(counts.values())
    return {piece: count / total for piece, count in counts.items()}


def chosen_pieces(always: set[int], uses: dict[str, dict[int, float]], most: int) -> set[int]:
    """The pieces that are always kept, and of the others those with the largest share in any of the uses."""
    largest = {}
    for own in uses.values():
        for piece, share in own.items():
            largest[piece] = max(share, largest.get(piece, 0.0))
    ranked = sorted(set(largest) - always, key=lambda piece: (-largest[piece], piece))
    return always | set(ranked[: max(0, most - len(always))])


def cut(full: Path, out: Path, data: Path, words: dict[str, int] = WORDS, most: int = MOST) -> dict:
    """Writes the folder with the smaller vocabulary; returns the figures, which it also prints."""
    tokenizer = Tokenizer.from_file(str(full / "tokenizer.json"))
    parsed = json.loads((full / "tokenizer.json").read_text(encoding="utf-8"))
    texts, uses = labelled_texts(data), {}
    for language, own in texts.items():
        uses[f"rows in {language}"] = shares({piece: rows for piece, rows in pieces_of(tokenizer, own).items() if rows >= ROWS})
    for language, count in words.items():
        listed = frequent_words(language, count)
        uses[f"{len(listed)} words of {language}"] = pieces_of_words(tokenizer, listed)
    kept = chosen_pieces(always_kept(parsed), uses, most)
    figures = {
        "always kept": len(always_kept(parsed)),
        "used": len(set().union(*uses.values())),
        "kept": len(kept),
        "share of the uses that is kept": {name: round(sum(share for piece, share in own.items() if piece in kept), 5) for name, own in uses.items()},
    }
    order = sorted(kept)
    out.mkdir(parents=True, exist_ok=True)
    (out / "tokenizer.json").write_text(json.dumps(cut_tokenizer(parsed, order), ensure_ascii=False) + "\n", encoding="utf-8")
    tensors = load_file(full / "model.safetensors")
    name = "embeddings.word_embeddings.weight"
    tensors[name] = tensors[name][order].contiguous()
    config = json.loads((full / "config.json").read_text(encoding="utf-8"))
    (out / "config.json").write_text(json.dumps({**config, "vocab_size": len(order)}, indent=1) + "\n", encoding="utf-8")
    save_file(tensors, out / "model.safetensors", metadata={"format": "pt"})
    figures["changed"] = changed(tokenizer, Tokenizer.from_file(str(out / "tokenizer.json")), order, texts)
    (out / "vocabulary.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(figures, indent=1))
    return figures


def changed(full: Tokenizer, small: Tokenizer, order: list[int], texts: dict[str, list[str]], most: int = 4000) -> dict[str, dict]:
    """By language, on the first texts: tokens before and after, the share of texts cut in another way, and of unknown tokens.

    A text whose pieces are all kept must be cut as before.
    """
    kept, unknown, figures = set(order), small.token_to_id("<unk>"), {}
    for language, own in texts.items():
        plain = [normalize(text, 3) for text in own[:most]]
        before, after = full.encode_batch(plain, add_special_tokens=False), small.encode_batch(plain, add_special_tokens=False)
        other = 0
        for text, old, new in zip(plain, before, after, strict=True):
            same = old.ids == [order[number] for number in new.ids]
            other += not same
            if not same and kept.issuperset(old.ids):
                raise SystemExit(f"{text!r}: all pieces are kept, but the text is cut in another way")
        tokens = sum(len(encoded.ids) for encoded in after)
        figures[language] = {
            "texts": len(plain),
            "tokens_before": sum(len(encoded.ids) for encoded in before),
            "tokens": tokens,
            "texts_changed": round(other / len(plain), 5),
            "unknown": round(sum(encoded.ids.count(unknown) for encoded in after) / max(tokens, 1), 6),
        }
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("full", type=Path, help="folder of the whole encoder")
    parser.add_argument("out", type=Path, help="folder to write")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder of labelled sets")
    options = parser.parse_args()
    if not options.data.is_dir():
        sys.exit(f"{options.data}: not a folder; --data names the folder of labelled sets")
    cut(options.full, options.out, options.data)


if __name__ == "__main__":
    main()
