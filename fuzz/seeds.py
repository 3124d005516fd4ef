#!/usr/bin/env python3
"""Makes the seeds of the fuzz targets, in fuzz/corpus/, from the files of the tests and of the project."""

import gzip
import json
import struct
from pathlib import Path

fuzz = Path(__file__).resolve().parent
root = fuzz.parent
LARGEST = 64 << 10


def seed(target, name, content):
    folder = fuzz / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)


def weights(path, names):
    """A safetensors file with some of the tensors of another."""
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header, tensors, picked, bytes_ = json.loads(data[8 : 8 + length]), data[8 + length :], {}, b""
    for name in names:
        start, end = header[name]["data_offsets"]
        picked[name] = {**header[name], "data_offsets": [len(bytes_), len(bytes_) + end - start]}
        bytes_ += tensors[start:end]
    head = json.dumps(picked).encode()
    return struct.pack("<Q", len(head)) + head + bytes_


inputs = [path for path in (root / "tests/exports").glob("*/*/input*") if path.is_file()]
inputs += [path for path in (root / "tests/exports").glob("*/*/input/**/*") if path.is_file()]
inputs += [path for path in (root / "tests/cli").glob("*/*") if path.name != "session.txt" and path.is_file()]
inputs += list((root / "data/sample").iterdir())
for path in inputs:
    content = path.read_bytes()
    if len(content) > LARGEST:
        continue
    name = "-".join(path.relative_to(root).parts[1:])
    # The format is left to the content.
    seed("readers", name, b"\0" + content)
    if path.parent.name in ("plain", "page", "outbox"):
        seed("readers", name + ".gz", b"\0" + gzip.compress(content, mtime=0))
for path in [root / "tests/models/tiny/manifest.json", *root.glob("models/*/manifest.json")]:
    seed("manifest", path.parent.name, path.read_bytes())
for path in [*root.glob("data/policies/*.toml"), *root.glob("tests/cli/*/*.toml")]:
    seed("policy", path.name, path.read_bytes())
tiny = root / "tests/models/tiny/model.safetensors"
seed("weights", "classifier", weights(tiny, ["classifier.weight", "classifier.bias"]))
