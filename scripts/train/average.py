"""Averages the weights of models that come from one another: `python scripts/train/average.py --out DIR MODEL=WEIGHT ...`.

Models trained on from one another lie in one valley of the loss, so that their mean is often better than any of them
(Wortsman et al., "Model soups", 2022). The last model's other files are taken; calibrate the result anew (calibrate.py).
"""

import argparse
import json
import shutil
from pathlib import Path

from export import file_entry
from safetensors.torch import load_file, save_file


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("models", nargs="+", help="folders, each with its weight: DIR=2")
    parser.add_argument("--out", type=Path, required=True, help="model folder to write")
    options = parser.parse_args()
    parts = [(Path(folder), float(weight)) for folder, _, weight in (model.rpartition("=") for model in options.models)]
    tensors = [(load_file(folder / "model.safetensors"), weight) for folder, weight in parts]
    total = sum(weight for _, weight in tensors)
    mean = {name: (sum(weight * t[name].float() for t, weight in tensors) / total).half().contiguous() for name in tensors[0][0]}
    options.out.mkdir(parents=True, exist_ok=True)
    last = parts[-1][0]
    for name in ("config.json", "tokenizer.json"):
        shutil.copy(last / name, options.out / name)
    save_file(mean, options.out / "model.safetensors", metadata={"format": "pt"})
    manifest = json.loads((last / "manifest.json").read_text(encoding="utf-8"))
    manifest["training"]["averaged"] = {folder.name: weight / total for folder, weight in parts}
    manifest["files"] = {name: file_entry(options.out / name) for name in manifest["files"]}
    (options.out / "manifest.json").write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
