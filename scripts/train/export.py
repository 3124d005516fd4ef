"""The model folder: 16-bit weights, config, tokenizer and manifest. CARD.md, LICENSE and NOTICE beside them are kept by hand."""

import datetime
import hashlib
import json
from pathlib import Path

from calibrate import calibrate
from fit import Progress
from pack import MAX_TOKENS
from predict import OVERLAP, text_logits
from safetensors.torch import save_file
from sources import SENTIMENT_LABELS, SOURCES, TOXICITY_LABELS, jigsaw_split
from tokenizers import Tokenizer
from transformers import BertForSequenceClassification

ROUNDING_TEXTS = 500
NORMALIZER = 1
VERSION = "5"


def rounded(model: BertForSequenceClassification) -> BertForSequenceClassification:
    """The model as a reader of the file will see it: every weight rounded to 16 bits and widened again."""
    copy = BertForSequenceClassification(model.config)
    copy.load_state_dict({name: tensor.half().float().cpu() for name, tensor in model.state_dict().items()})
    return copy.eval()


def file_entry(path: Path) -> dict:
    content = path.read_bytes()
    return {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}


def write_network(model: BertForSequenceClassification, tokenizer: Tokenizer, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    weights = {name: tensor.detach().half().cpu().contiguous() for name, tensor in model.state_dict().items()}
    save_file(weights, out / "model.safetensors", metadata={"format": "pt"})
    config = {**model.config.to_diff_dict(), "torch_dtype": "float16"}
    config.pop("_attn_implementation_autoset", None)  # says how this process ran it, not what it is
    (out / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tokenizer.save(str(out / "tokenizer.json"))


def export(model, tokenizer: Tokenizer, data: Path, out: Path, progress: Progress, command: str, seed: int) -> None:
    """Writes the folder and prints what calibration and rounding measured."""
    model = model.cpu().eval()
    write_network(model, tokenizer, out)
    small = rounded(model)
    texts = [row["comment_text"] for row in jigsaw_split(data)[1][:ROUNDING_TEXTS]]
    difference = abs(text_logits(model, tokenizer, texts) - text_logits(small, tokenizer, texts)).max()
    calibration, figures = calibrate(lambda texts: text_logits(small, tokenizer, texts), data)
    manifest = {
        "name": "comity-minilm-en",
        "version": VERSION,
        "architecture": "bert",
        "languages": ["en"],
        "max_tokens": MAX_TOKENS,
        "overlap_tokens": OVERLAP,
        "normalizer": NORMALIZER,
        "heads": [
            {"activation": "sigmoid", "labels": TOXICITY_LABELS},
            {"activation": "softmax", "labels": SENTIMENT_LABELS},
        ],
        "calibration": calibration,
        "training": {
            "command": command,
            "samples": progress.samples,
            "minutes": round(progress.seconds / 60, 1),
            "data": SOURCES,
            "seed": seed,
            "date": datetime.date.today().isoformat(),
        },
        "files": {name: file_entry(out / name) for name in ("config.json", "tokenizer.json", "model.safetensors")},
    }
    (out / "manifest.json").write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    figures["largest logit difference of 16-bit weights"] = round(float(difference), 6)
    print(json.dumps({"dev": figures, "calibration": calibration}, indent=1))
