"""Writes tests/models/tiny, a BERT classifier with random weights, small enough to test everything but the scores on, and
tests/models/tiny-distilbert and tiny-roberta, two folders as Hugging Face writes them: one with a vocab.txt and one label,
one with a byte-level tokenizer and the sentiment.

    python scripts/reference/tiny_model.py
    python scripts/reference/tiny_model.py tiny-roberta    (only that one)

The weights are drawn with a far larger spread than a fresh network's, so that every part of the network moves the logits.
The output is committed: run it again only to change the model, and then run reference.py too.
"""

import hashlib
import json
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    DistilBertConfig,
    DistilBertForSequenceClassification,
    PreTrainedModel,
    RobertaConfig,
    RobertaForSequenceClassification,
)

MODELS = Path(__file__).parents[2] / "tests" / "models"
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


def byte_level_tokenizer() -> Tokenizer:
    """RoBERTa's kind: bytes, merged into the commonest pieces of the word list."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    words = [word for word in vocabulary() if word.isascii() and word.isalpha() and len(word) > 1]
    pieces = ["<s>", "<pad>", "</s>", "<unk>", "<mask>", *alphabet]
    merges: list[tuple[str, str]] = []
    for word in [f"Ġ{word}" for word in words] + ["ing", "ed", "er", "ly", "th", "'s", "ll", "oo"]:
        so_far = word[0]
        for letter in word[1:]:
            if so_far + letter not in pieces:
                pieces.append(so_far + letter)
                merges.append((so_far, letter))
            so_far += letter
    vocab = {piece: number for number, piece in enumerate(pieces)}
    result = Tokenizer(models.BPE(vocab, merges, fuse_unk=False))
    result.add_special_tokens(["<s>", "<pad>", "</s>", "<unk>"])
    result.add_special_tokens([AddedToken("<mask>", lstrip=True)])
    result.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    result.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
    result.decoder = decoders.ByteLevel()
    return result


def labelled(labels: list[str]) -> dict:
    return {
        "id2label": dict(enumerate(labels)),
        "label2id": {label: number for number, label in enumerate(labels)},
    }


def fill(model: PreTrainedModel, seed: int) -> PreTrainedModel:
    generator = torch.Generator().manual_seed(seed)
    for name, weight in model.named_parameters():
        mean = 1.0 if name.lower().endswith(("layernorm.weight", "layer_norm.weight")) else 0.0
        weight.data.normal_(mean, 0.25, generator=generator)
    return model


def save(model: PreTrainedModel, directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    model.config.architectures = [type(model).__name__]
    model.config.to_json_file(directory / "config.json")
    save_file(model.state_dict(), directory / "model.safetensors", metadata={"format": "pt"})


def tiny(directory: Path) -> None:
    vocab = {piece: number for number, piece in enumerate(vocabulary())}
    config = BertConfig(
        vocab_size=len(vocab),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=128,
        max_position_embeddings=256,
        **labelled(TOXICITY + SENTIMENT),
    )
    save(fill(BertForSequenceClassification(config), 2), directory)
    tokenizer(vocab).save(str(directory / "tokenizer.json"), pretty=False)
    files = {}
    for name in ["config.json", "tokenizer.json", "model.safetensors"]:
        data = (directory / name).read_bytes()
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
    (directory / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")


def tiny_distilbert(directory: Path) -> None:
    config = DistilBertConfig(
        vocab_size=len(vocabulary()),
        dim=32,
        n_layers=2,
        n_heads=4,
        hidden_dim=128,
        max_position_embeddings=128,
        problem_type="single_label_classification",
        **labelled(["non-toxic", "toxic"]),
    )
    save(fill(DistilBertForSequenceClassification(config), 3), directory)
    (directory / "vocab.txt").write_text("\n".join(vocabulary()) + "\n", encoding="utf-8")
    (directory / "tokenizer_config.json").write_text(json.dumps({"do_lower_case": True}) + "\n")
    (directory / "labels.toml").write_text('toxic = "toxicity"\n')


def tiny_roberta(directory: Path) -> None:
    tokenizer = byte_level_tokenizer()
    config = RobertaConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=96,
        max_position_embeddings=258,
        type_vocab_size=1,
        layer_norm_eps=1e-5,
        problem_type="multi_label_classification",
        **labelled(["toxicity", "severe_toxicity", "obscene", "threat", "insult", "identity_attack", "sexual_explicit"]),
    )
    save(fill(RobertaForSequenceClassification(config), 4), directory)
    tokenizer.save(str(directory / "tokenizer.json"), pretty=False)
    connected = [f'{label} = "{label}"\n' for label in TOXICITY]
    (directory / "labels.toml").write_text("".join(connected))


def main() -> None:
    kinds = {"tiny": tiny, "tiny-distilbert": tiny_distilbert, "tiny-roberta": tiny_roberta}
    for name in sys.argv[1:] or kinds:
        kinds[name](MODELS / name)


if __name__ == "__main__":
    main()
