"""Trains Comity's model: `python scripts/train --data ../shared/data --out models/comity-minilm-en`.

Reads the labelled sets, trains, calibrates on held-out rows and writes the model folder. A GPU is used if there is one.
Checkpoints and packed token ids lie in `--work`, outside the repository; `--resume` goes on from the last checkpoint.
"""

import argparse
import os
import sys
from pathlib import Path

import torch
from encoder import fetch, load_model, load_tokenizer
from export import export
from fit import fit
from pack import pack


def main() -> None:
    parser = argparse.ArgumentParser(prog="python scripts/train", description=__doc__.split("\n\n")[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder of labelled sets")
    parser.add_argument("--out", type=Path, default=Path("models/comity-minilm-en"), help="model folder to write")
    parser.add_argument("--work", type=Path, default=Path("../train/run"), help="checkpoints and token ids")
    parser.add_argument("--minutes", type=float, default=75.0, help="the schedule ends after so much training time")
    parser.add_argument("--passes", type=float, default=3.0, help="or after so many passes over the mix")
    parser.add_argument("--workers", type=int, help="processes that train; one on a GPU, one a core without")
    parser.add_argument("--start", type=Path, help="model folder to go on from, instead of the bare encoder")
    parser.add_argument("--teacher", type=Path, action="append", default=[], help="model folder whose opinion of every row counts, too; others may follow, and one that is named twice counts twice")
    parser.add_argument("--comity", type=Path, help="the program, which asks the teachers")
    parser.add_argument("--rate", type=float, default=1.5e-4, help="highest learning rate; a model that goes on wants a lower one")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint in --work")
    options = parser.parse_args()
    if options.teacher and not options.comity:
        parser.error("--teacher needs --comity")
    workers = options.workers or (1 if torch.cuda.is_available() else os.cpu_count())

    base = fetch(options.work)
    tokenizer, packed = load_tokenizer(base), options.work / "packed.npz"
    if not (options.resume and packed.exists()):
        pack(options.data, load_tokenizer(base), packed, options.seed, options.teacher, options.comity)
    start = load_model(base, options.start)
    model, progress = fit(start, packed, options.work, options.minutes, options.passes, options.rate, workers, options.seed, options.resume)
    # Folders of this machine say nothing to others.
    own = {str(folder): name for folder, name in [(options.data, "DATA"), (options.work, "WORK"), (options.out, "OUT")]}
    command = "python scripts/train " + " ".join(own.get(word, word) for word in sys.argv[1:])
    export(model, tokenizer, options.data, options.out, progress, command, options.seed)


if __name__ == "__main__":
    main()
