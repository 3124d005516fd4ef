#!/usr/bin/env python3
"""Makes the seeds of the fuzz targets, in fuzz/corpus/, from the files of the tests and of the project."""

import gzip
import io
import json
import struct
import zipfile
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
    if content.lstrip()[:1] in (b"{", b"["):
        seed("json", name, b"\0" + content)
    if path.parent.name in ("plain", "page", "outbox"):
        seed("readers", name + ".gz", b"\0" + gzip.compress(content, mtime=0))
archive = io.BytesIO()
with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as files:
    files.writestr("a/comments.csv", "id,author,text\n1,Cleo,It rains.\n")
    files.writestr("README.md", "# Rain\n")
seed("archives", "folder", archive.getvalue())
chats = {
    "android": "25/03/2024, 09:05 - Cleo: rain\nand snow\n25/03/2024, 09:06 - Dan: <Media omitted>\n",
    "ios": "[3/25/24, 9:05:10\u202fPM] Cleo: rain\n\u200e[3/25/24, 9:06:10\u202fPM] Dan: \u200eimage omitted\n",
    "zoom": "09:05:01\t From Cleo : rain\n09:06:01\t From Dan to Everyone : snow\n",
    "irc": "[09:05] <cleo> rain\n[09:06] * dan leaves\n",
    "mail": "From c@site.example Mon Mar 25 09:05:00 2024\nFrom: Cleo <c@site.example>\nSubject: Rain\n"
    "Message-ID: <a@site.example>\n\nIt rains.\n",
}
for name, content in chats.items():
    seed("readers", "chat-" + name, b"\0" + content.encode())
for path in [root / "tests/models/tiny/manifest.json", *root.glob("models/*/manifest.json")]:
    seed("manifest", path.parent.name, path.read_bytes())
for path in [*root.glob("data/policies/*.toml"), *root.glob("tests/cli/*/*.toml")]:
    seed("policy", path.name, path.read_bytes())
requests = {
    "array": '["rain", {"text": "snow", "id": 7, "language": "en"}]',
    "object": '{"comments": ["rain"], "explain": true, "language": "en"}',
    "lines": '{"text": "rain"}\n\nno JSON\n{"text": "snow", "language": 7}\n',
}
for name, request in requests.items():
    seed("score", name, b"\x40" + request.encode())
for path in (root / "tests/exports").glob("arrow/*/input.arrow*"):
    seed("score", path.parent.name, b"\xff" + path.read_bytes())
shapes = {
    "openai": b'\0{"model":"omni-moderation-latest","input":["rain","snow"]}',
    "openai-parts": b'\0{"input":[{"type":"text","text":"rain"},{"type":"image_url","image_url":{"url":"a"}}]}',
    "tei": b'\1{"inputs":[["rain"],["snow"]],"truncate":true,"truncation_direction":"left"}',
    "coral": b"\2sha256=" + b"0f" * 32 + b'\n{"comment":{"body":"<p>rain"},"author":{"id":"u"},"story":{"url":"s"}}',
    "matrix": b'\3{"event":{"type":"m.room.message","content":{"body":"rain"},"sender":"@u:s"}}',
}
for name, request in shapes.items():
    seed("shapes", name, request)
tiny = root / "tests/models/tiny/model.safetensors"
seed("weights", "classifier", weights(tiny, ["classifier.weight", "classifier.bias"]))
request = {
    "comment": {"text": "It rains. Who ordered this?", "type": "PLAIN_TEXT"},
    "context": {"entries": [{"text": "The weather"}]},
    "requestedAttributes": {"TOXICITY": {"scoreType": "PROBABILITY", "scoreThreshold": 0.5}},
    "attributeScores": {"TOXICITY": {"summaryScore": {"value": 1}, "spanScores": [{"begin": 0, "end": 9}]}},
    "languages": ["en"],
    "spanAnnotations": True,
}
body = json.dumps(request)
seed("perspective", "request", body.encode())
part = f"Content-Type: application/http\nContent-ID: <a>\n\nPOST /v1alpha1/comments:analyze HTTP/1.1\n\n{body}\n"
seed("perspective", "batch", f"--a\n{part}--a--\n".encode())
