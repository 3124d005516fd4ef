"""Trains one of Comity's models: `python scripts/train --data ../shared/data --out models/english`.

Reads the labelled sets, trains, calibrates on held-out rows and writes the model folder. A GPU is used if there is one.
Checkpoints and packed token ids lie in `--work`, outside the repository; `--resume` goes on from the last checkpoint.
README.md beside this file has the whole procedure.
"""

import argparse
import json
import math
import os
import sys
from pathlib import Path

import torch
from encoder import BASES, fetch, load_model, load_tokenizer
from export import export
from fit import Limits, fit
from pack import pack
from settle import settled
from sources import chosen


def main() -> None:
    parser = argparse.ArgumentParser(prog="python scripts/train", description=__doc__.split("\n\n")[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder of labelled sets")
    parser.add_argument("--out", type=Path, help="model folder to write, by default models/ and the name of the model")
    parser.add_argument("--work", type=Path, default=Path("../train/run"), help="encoders, checkpoints and token ids")
    parser.add_argument("--base", choices=list(BASES), default="bge-small", help="the bare encoder")
    parser.add_argument("--all-data", action="store_true", help="also use the sets whose licence does not permit commercial use")
    parser.add_argument("--sample", type=float, default=1.0, help="take this share of the rows, for a trial")
    parser.add_argument("--packed", type=Path, help="packed token ids of another run, to be used as they are; both encoders have one vocabulary")
    parser.add_argument("--only-pack", action="store_true", help="end after the rows are packed")
    parser.add_argument("--words", choices=["frozen", "trained"], help="the word table; by default frozen for the multilingual model, else trained")
    parser.add_argument("--settle", type=float, default=1.5e6, help="tokens on which the first token of the multilingual encoder learns to stand for the mean")
    parser.add_argument("--only-settle", action="store_true", help="end after that")
    parser.add_argument("--minutes", type=float, default=75.0, help="the schedule ends after so much training time")
    parser.add_argument("--passes", type=float, default=3.0, help="or after so many passes over the mix")
    parser.add_argument("--tokens", type=float, default=math.inf, help="or after so many tokens, to compare runs")
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
    out = options.out or Path("models") / BASES[options.base].model

    known = BASES[options.base]
    normalizer = 3 if known.multilingual else 2
    base = fetch(options.work, options.base, options.data)
    packed = options.packed or options.work / "packed.npz"
    if not (options.packed or (options.resume and packed.exists())):
        pack(options.data, load_tokenizer(base), packed, options.seed, options.teacher, options.comity, chosen(options.all_data, known.multilingual), options.sample, normalizer)
    if options.only_pack:
        return
    if known.multilingual and not options.start and options.settle:
        base = settled(base, options.base, packed, options.settle, options.seed)
    if options.only_settle:
        return
    start = load_model(base, options.base, options.start, words=(options.words or ("frozen" if known.multilingual else "trained")) == "trained")
    limits = Limits(options.minutes, options.passes, options.tokens)
    model, progress = fit(start, packed, options.work, limits, options.rate, workers, options.seed, options.resume)
    # Folders of this machine say nothing to others.
    own = {str(folder): name for folder, name in [(options.data, "DATA"), (options.work, "WORK"), (out, "OUT")]}
    command = "python scripts/train " + " ".join(own.get(word, word) for word in sys.argv[1:])
    counts = json.loads(packed.with_suffix(".json").read_text(encoding="utf-8"))
    export(model, load_tokenizer(base), options.data, out, progress, command, options.seed, counts, options.sample, known.multilingual)


if __name__ == "__main__":
    main()
