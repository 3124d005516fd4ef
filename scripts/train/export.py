"""The model folder: 16-bit weights, config, tokenizer, manifest, and the table of training sets in the model card.

The rest of CARD.md, and LICENSE and NOTICE beside it, are kept by hand.
"""

import datetime
import hashlib
import json
from pathlib import Path

from calibrate import calibrate
from fit import Progress
from languages import LANGUAGES, MEASURED
from pack import MAX_TOKENS
from predict import OVERLAP, text_logits
from safetensors.torch import save_file
from sources import SENTIMENT_LABELS, SETS, TOXICITY_LABELS, jigsaw_split
from tokenizers import Tokenizer
from transformers import BertForSequenceClassification

ROUNDING_TEXTS = 500
VERSION = "6"
# The table of training sets stands between these lines of the card.
CARD_BEGIN, CARD_END = "<!-- training sets, written by scripts/train/export.py -->", "<!-- end of training sets -->"


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


def card_table(counts: dict[str, dict[str, int]]) -> str:
    """The sets of a run with rows, meaning and licence, in Markdown; the sets left out for their licence below it.

    With sets in other languages there is a column for the language, and a paragraph says for each what is left out.
    """
    multilingual = any(SETS[name].language != "en" for name in counts)
    head = ["set", *(["language"] if multilingual else []), "rows kept", "teaches", "licence", "commercial use"]
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for name, known in SETS.items():
        if name in counts:
            rows = counts[name]["kept"] or counts[name]["packed"]
            language = [known.language] if multilingual else []
            cells = [name, *language, f"{rows:,}", known.teaches, known.licence, "yes" if known.commercial else "**no**"]
            lines.append(f"| {' | '.join(cells)} |")
    left_out = {}
    for name, known in SETS.items():
        if name not in counts and not known.commercial and (multilingual or known.language == "en"):
            left_out.setdefault(known.language, []).append(f"{name} ({known.licence})")
    reason = "Left out, because no licence that permits commercial use is stated"
    if multilingual:
        for language, names in left_out.items():
            lines += ["", f"{reason}, in {language}: " + ", ".join(names) + "."]
        taught = {SETS[name].language for name in counts}
        lines += ["", "Without any labelled row: " + (", ".join(language for language in LANGUAGES if language not in taught) or "none") + "."]
        lines += ["", "Measured by a labelled test: " + ", ".join(MEASURED) + "."]
    elif left_out:
        lines += ["", f"{reason}: " + ", ".join(left_out["en"]) + "."]
    return "\n".join(lines) + "\n"


def write_card(path: Path, name: str, counts: dict[str, dict[str, int]]) -> None:
    """Replaces the table in the card; a card without one gets it at its end, and where there is no card, one is begun."""
    card = path.read_text(encoding="utf-8") if path.exists() else f"# {name}, version {VERSION}\n"
    if CARD_BEGIN not in card:
        card += f"\n## Training sets\n\n{CARD_BEGIN}\n{CARD_END}\n"
    before, _, rest = card.partition(CARD_BEGIN)
    path.write_text(f"{before}{CARD_BEGIN}\n{card_table(counts)}{CARD_END}{rest.partition(CARD_END)[2]}", encoding="utf-8")


def export(model, tokenizer: Tokenizer, data: Path, out: Path, progress: Progress, command: str, seed: int, counts: dict, sample: float, multilingual: bool = False) -> None:
    """Writes the folder and prints what calibration and rounding measured, on a share of the dev rows if `sample` is below 1."""
    model = model.cpu().eval()
    write_network(model, tokenizer, out)
    small, normalizer = rounded(model), 3 if multilingual else 2
    texts = [row["comment_text"] for row in jigsaw_split(data)[1][: max(20, int(ROUNDING_TEXTS * min(sample, 1.0)))]]
    difference = abs(text_logits(model, tokenizer, texts, normalizer) - text_logits(small, tokenizer, texts, normalizer)).max()
    calibration, figures = calibrate(lambda texts: text_logits(small, tokenizer, texts, normalizer), data, sample, multilingual)
    manifest = {
        "name": model.config._name_or_path,
        "version": VERSION,
        "architecture": "bert",
        "languages": LANGUAGES if multilingual else ["en"],
        "max_tokens": MAX_TOKENS,
        "overlap_tokens": OVERLAP,
        "normalizer": normalizer,
        "heads": [
            {"activation": "sigmoid", "labels": TOXICITY_LABELS},
            {"activation": "softmax", "labels": SENTIMENT_LABELS},
        ],
        "calibration": calibration,
        "training": {
            "command": command,
            "samples": progress.samples,
            "minutes": round(progress.seconds / 60, 1),
            "tokens": progress.tokens,
            "data": list(counts),
            "seed": seed,
            "date": datetime.date.today().isoformat(),
        },
        "files": {name: file_entry(out / name) for name in ("config.json", "tokenizer.json", "model.safetensors")},
    }
    (out / "manifest.json").write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    write_card(out / "CARD.md", manifest["name"], counts)
    figures["largest logit difference of 16-bit weights"] = round(float(difference), 6)
    print(json.dumps({"dev": figures, "calibration": calibration}, indent=1))
