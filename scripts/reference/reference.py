"""Writes tests/reference/NAME.json: token ids and logits of Hugging Face and PyTorch, which tests/parity.rs holds us to.

    python -m venv venv && venv/bin/pip install -r scripts/reference/requirements.txt
    venv/bin/python scripts/reference/reference.py --model tests/models/tiny
    venv/bin/python scripts/reference/reference.py --model models/comity-minilm-en

Run it again whenever a model directory changes: the file notes the checksum of the model's manifest, and the test
fails on any other. The ids are those of the text as it stands (our normaliser is not involved); logits are null where
the text has more tokens than the model takes at once. Each text runs alone, so that no padding is involved.
"""

import argparse
import hashlib
import json
import platform
from pathlib import Path

import tokenizers
import torch
import transformers
from sentences import SENTENCES


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="model directory")
    parser.add_argument("--out", type=Path, help="file to write instead of tests/reference/NAME.json")
    arguments = parser.parse_args()
    directory = arguments.model
    manifest_bytes = (directory / "manifest.json").read_bytes()
    manifest = json.loads(manifest_bytes)

    tokenizer = transformers.BertTokenizerFast(tokenizer_file=str(directory / "tokenizer.json"), do_lower_case=True)
    model = transformers.BertForSequenceClassification.from_pretrained(
        directory, torch_dtype=torch.float32, attn_implementation="eager"
    ).eval()
    torch.set_num_threads(1)

    cases = []
    for name, text in SENTENCES.items():
        ids = tokenizer(text)["input_ids"]
        logits = None
        if len(ids) <= manifest["max_tokens"]:
            with torch.inference_mode():
                logits = model(torch.tensor([ids])).logits[0].tolist()
        cases.append({"name": name, "text": text, "ids": ids, "logits": logits})

    head = {
        "model": {"name": manifest["name"], "checksum": hashlib.sha256(manifest_bytes).hexdigest()},
        "versions": {
            "python": platform.python_version(),
            "tokenizers": tokenizers.__version__,
            "torch": torch.__version__,
            "transformers": transformers.__version__,
        },
    }
    lines = ",\n".join(json.dumps(case) for case in cases)
    committed = Path(__file__).parents[2] / "tests" / "reference" / f"{manifest['name']}.json"
    path = arguments.out or committed
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(head, indent=1)[:-2] + f',\n "cases": [\n{lines}\n ]\n}}\n')
    print(f"{path}: {len(cases)} cases")


if __name__ == "__main__":
    main()
