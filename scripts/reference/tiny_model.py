"""Writes tests/models/tiny: a BERT classifier with random weights, small enough to test everything but the scores on.

    python scripts/reference/tiny_model.py

Its weights are drawn with a far larger spread than a fresh BERT's, so that every part of the network moves the logits.
The output is committed: run it again only to change the model, and then run reference.py too.
"""

import hashlib
import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, BertForSequenceClassification

DIRECTORY = Path(__file__).parents[2] / "tests" / "models" / "tiny"
TOXICITY = ["toxicity", "severe_toxicity", "obscene", "threat", "insult", "identity_attack"]
SENTIMENT = ["negative", "neutral", "positive"]
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def vocabulary() -> list[str]:
    letters = "abcdefghijklmnopqrstuvwxyz"
    digits = "0123456789"
    marks = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~…–—‘’“”«»¿¡。"
    others = "これですひらがなカタナ日本東京这个评很有意思我同абвгдеийклнопрстъяשלוםاحبمر정말좋은글"
    words = (
        "the and you is this not what said know are so love here see but of to in on at it we do that was who very "
        "read again time first second town article thank comment nice weather today stop read people paid doing "
        "word hello good bye fine family after before all our my me can won have with around room for"
    ).split()
    endings = ["##ing", "##ed", "##er", "##s", "##ly", "##es", "##th", "##tion", "##ll", "##oo", "##ab", "##ful"]
    ordered = [*SPECIAL, *letters, *digits, *marks, *others, "😀", "❤", "♫"]
    ordered += [f"##{letter}" for letter in letters + digits + "аеиностор"] + words + endings
    return list(dict.fromkeys(ordered))


def tokenizer(vocab: dict[str, int]) -> Tokenizer:
    result = Tokenizer(models.WordPiece(vocab, unk_token="[UNK]", max_input_chars_per_word=100))
    result.add_special_tokens(SPECIAL)
    result.normalizer = normalizers.BertNormalizer(lowercase=True)
    result.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    result.post_processor = processors.BertProcessing(("[SEP]", vocab["[SEP]"]), ("[CLS]", vocab["[CLS]"]))
    result.decoder = decoders.WordPiece()
    return result


def main() -> None:
    vocab = {piece: number for number, piece in enumerate(vocabulary())}
    labels = TOXICITY + SENTIMENT
    config = BertConfig(
        vocab_size=len(vocab),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=128,
        max_position_embeddings=256,
        id2label=dict(enumerate(labels)),
        label2id={label: number for number, label in enumerate(labels)},
        architectures=["BertForSequenceClassification"],
    )
    model = BertForSequenceClassification(config)
    generator = torch.Generator().manual_seed(2)
    for name, weight in model.named_parameters():
        mean = 1.0 if name.endswith("LayerNorm.weight") else 0.0
        weight.data.normal_(mean, 0.25, generator=generator)

    DIRECTORY.mkdir(parents=True, exist_ok=True)
    config.to_json_file(DIRECTORY / "config.json")
    tokenizer(vocab).save(str(DIRECTORY / "tokenizer.json"), pretty=False)
    save_file(model.state_dict(), DIRECTORY / "model.safetensors", metadata={"format": "pt"})
    files = {}
    for name in ["config.json", "tokenizer.json", "model.safetensors"]:
        data = (DIRECTORY / name).read_bytes()
        files[name] = {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
    calibration = {label: {"scale": 1.0 + number / 10, "bias": -number / 10} for number, label in enumerate(TOXICITY)}
    manifest = {
        "name": "tiny",
        "version": "1",
        "architecture": "bert",
        "languages": ["en"],
        "max_tokens": 256,
        "overlap_tokens": 64,
        "normalizer": 1,
        "heads": [{"activation": "sigmoid", "labels": TOXICITY}, {"activation": "softmax", "labels": SENTIMENT}],
        "calibration": calibration | {"sentiment": {"temperature": 1.5}},
        "training": {"command": "python scripts/reference/tiny_model.py", "note": "random weights, for tests only"},
        "files": files,
    }
    (DIRECTORY / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")


if __name__ == "__main__":
    main()
