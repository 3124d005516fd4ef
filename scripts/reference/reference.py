"""Writes tests/reference/NAME.json: token ids and logits of Hugging Face and PyTorch, which tests/parity.rs holds us to.

    python -m venv venv && venv/bin/pip install -r scripts/reference/requirements.txt
    venv/bin/python scripts/reference/reference.py --model tests/models/tiny
    venv/bin/python scripts/reference/reference.py --model tests/models/tiny-distilbert
    venv/bin/python scripts/reference/reference.py --model tests/models/tiny-roberta
    venv/bin/python scripts/reference/reference.py --model models/english

Run it again whenever a model directory changes: the file notes the checksum of the model's manifest (without one, of what
sha256sum prints of its files), and the test fails on any other. The ids are those of the text as it stands (our normaliser is not involved); logits are null where
the text has more tokens than the model takes at once. Each text runs alone, so that no padding is involved.
"""

import argparse
import hashlib
import json
import platform
from pathlib import Path

import safetensors.torch
import tokenizers
import torch
import transformers
from sentences import SENTENCES


def identify(directory: Path, config: transformers.PretrainedConfig) -> tuple[str, int, bytes]:
    """Name, longest sequence, and the bytes whose SHA-256 names the model: crates/infer/src/model/folder.rs does the same."""
    if (directory / "manifest.json").exists():
        manifest_bytes = (directory / "manifest.json").read_bytes()
        manifest = json.loads(manifest_bytes)
        return manifest["name"], manifest["max_tokens"], manifest_bytes
    tokenizer = ["tokenizer.json"] if (directory / "tokenizer.json").exists() else ["tokenizer_config.json", "vocab.txt"]
    lines = []
    for name in sorted(["config.json", "labels.toml", "model.safetensors", *tokenizer]):
        if (directory / name).exists():
            lines.append(f"{hashlib.sha256((directory / name).read_bytes()).hexdigest()}  {name}\n")
    first = config.pad_token_id + 1 if config.model_type in ["roberta", "xlm-roberta", "camembert"] else 0
    return directory.name, min(config.max_position_embeddings - first, 512), "".join(lines).encode()


def widened(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Weights in 32 bits: those of 8 bits times their scales and factors, as docs/models.md says."""
    wide = {}
    for name, tensor in tensors.items():
        if name.endswith((".scales", ".smoothing")):
            continue
        if tensor.dtype == torch.int8:
            scales = tensors[f"{name}.scales"]
            width = tensor.shape[1] // scales.shape[1]
            wide[name] = tensor.float() * scales.repeat_interleave(width, dim=1)
            if f"{name}.smoothing" in tensors:
                wide[name] = wide[name] * tensors[f"{name}.smoothing"]
        else:
            wide[name] = tensor.float()
    return wide


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="model directory")
    parser.add_argument("--out", type=Path, help="file to write instead of tests/reference/NAME.json")
    arguments = parser.parse_args()
    directory = arguments.model
    config = transformers.AutoConfig.from_pretrained(directory, attn_implementation="eager")
    model = transformers.AutoModelForSequenceClassification.from_config(config, torch_dtype=torch.float32)
    weights = widened(safetensors.torch.load_file(directory / "model.safetensors"))
    missing, unexpected = model.load_state_dict(weights, strict=False)
    assert not missing, f"missing: {missing}"
    assert all(name.startswith("roberta.pooler.") or name.endswith(("position_ids", "token_type_ids")) for name in unexpected), unexpected
    model.eval()
    torch.set_num_threads(1)
    name, max_tokens, identity = identify(directory, model.config)
    if (directory / "tokenizer.json").exists():
        tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_file=str(directory / "tokenizer.json"))
    else:
        tokenizer = transformers.BertTokenizerFast(vocab_file=str(directory / "vocab.txt"))

    cases = []
    for case, text in SENTENCES.items():
        ids = tokenizer(text)["input_ids"]
        logits = None
        if len(ids) <= max_tokens:
            with torch.inference_mode():
                logits = model(torch.tensor([ids])).logits[0].tolist()
        cases.append({"name": case, "text": text, "ids": ids, "logits": logits})

    head = {
        "model": {"name": name, "checksum": hashlib.sha256(identity).hexdigest()},
        "versions": {
            "python": platform.python_version(),
            "tokenizers": tokenizers.__version__,
            "torch": torch.__version__,
            "transformers": transformers.__version__,
        },
    }
    lines = ",\n".join(json.dumps(case) for case in cases)
    committed = Path(__file__).parents[2] / "tests" / "reference" / f"{name}.json"
    path = arguments.out or committed
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(head, indent=1)[:-2] + f',\n "cases": [\n{lines}\n ]\n}}\n')
    print(f"{path}: {len(cases)} cases")


if __name__ == "__main__":
    main()
