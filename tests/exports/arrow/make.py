#!/usr/bin/env python3
"""Makes the input of each Arrow case beside it: tests/exports/arrow/make.py (pyarrow 26.0.1).

The same content in another version of pyarrow may be other bytes: what was made stays as it is unless a case is changed.
"""

import datetime
import decimal
import pathlib
import uuid

import pyarrow
import pyarrow.feather
import pyarrow.ipc

HERE = pathlib.Path(__file__).parent
UTC = datetime.timezone.utc


def write(case, table, *, form=pyarrow.ipc.new_file, name="input.arrow", rows=None, args=None, **options):
    folder = HERE / case
    folder.mkdir(exist_ok=True)
    if args:
        (folder / "args").write_text(args + "\n")
    with form(folder / name, table.schema, options=pyarrow.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(table, max_chunksize=rows)
    return folder / name


def moment(minute, zone=None):
    return datetime.datetime(2026, 11, 9, 18, minute, 0, 250_000, tzinfo=zone)


rows = [
    (1, None, "Ines", moment(0), 'They painted the bus stop, "for us".', 2.0, False),
    (2, 1, "Olu", moment(4), "Which colour?\nI hear green.", float("nan"), False),
    (3, 2, None, None, None, None, True),
    (4, 2, "Søren", moment(7), "Blue, and already peeling. 🙃", -2.0, False),
    (5, 9, "Ines", moment(9), "", 0.0, False),
]
plain = pyarrow.table(
    {
        "comment_id": pyarrow.array([row[0] for row in rows], pyarrow.int64()),
        "parent_id": pyarrow.array([row[1] for row in rows], pyarrow.int64()),
        "author": pyarrow.array([row[2] for row in rows]).dictionary_encode(),
        "created_at": pyarrow.array([row[3] for row in rows], pyarrow.timestamp("us")),
        "body": pyarrow.array([row[4] for row in rows]),
        "votes": pyarrow.array([row[5] for row in rows], pyarrow.float64()),
        "deleted": pyarrow.array([row[6] for row in rows], pyarrow.bool_()),
        "nothing": pyarrow.nulls(5),
    }
)
# As pandas writes it (`to_feather`), and in several batches.
(HERE / "feather").mkdir(exist_ok=True)
pyarrow.feather.write_feather(plain, HERE / "feather" / "input.feather", compression="lz4")
write("file", plain, rows=2, compression="zstd")
write("stream", plain, form=pyarrow.ipc.new_stream, name="input.arrows", rows=2)
write("empty", plain.slice(0, 0))

# A dictionary that grows from batch to batch, and one that is replaced.
def batch(values, keys, texts):
    authors = pyarrow.DictionaryArray.from_arrays(pyarrow.array(keys, pyarrow.int8()), pyarrow.array(values))
    return pyarrow.record_batch({"author": authors, "text": pyarrow.array(texts)})


for case, values, deltas in [("grown", ["Ada", "Bo", "Cy"], True), ("replaced", ["Cy", "Ada"], False)]:
    first = batch(["Ada", "Bo"], [0, 1, None], ["one", "two", "three"])
    second = batch(values, [0, 1], ["four", "five"])
    (HERE / case).mkdir(exist_ok=True)
    options = pyarrow.ipc.IpcWriteOptions(emit_dictionary_deltas=deltas)
    with pyarrow.ipc.new_stream(HERE / case / "input.arrow", first.schema, options=options) as writer:
        writer.write_batch(first)
        writer.write_batch(second)

author = pyarrow.struct([("name", pyarrow.string_view()), ("id", pyarrow.int32())])
data = pyarrow.struct([("text", pyarrow.large_string()), ("author", author), ("posted", pyarrow.timestamp("ns", "Europe/Oslo"))])
nested = pyarrow.table(
    {
        "id": pyarrow.array([decimal.Decimal(20), decimal.Decimal(21), decimal.Decimal(22)], pyarrow.decimal128(20, 0)),
        "data": pyarrow.array(
            [
                {"text": "Was the hall full?", "author": {"name": "Petra from the choir", "id": 3}, "posted": moment(1, UTC)},
                {"text": "Half, and cold.", "author": None, "posted": moment(2, UTC)},
                None,
            ],
            data,
        ),
        "tags": pyarrow.array([["hall"], [], None], pyarrow.list_(pyarrow.string())),
        "replies": pyarrow.array([[{"text": "x"}], [], None], pyarrow.list_(pyarrow.struct([("text", pyarrow.string())]))),
        "took": pyarrow.array([1, 2, 3], pyarrow.duration("s")),
    }
)
write("nested", nested, compression="lz4")
write("mapped", nested, args="--map text=data.text,author=data.author.id")

kinds = pyarrow.table(
    {
        "text": pyarrow.array([b"bytes that are text", b"cut \xc3", b"the last of three"], pyarrow.binary()),
        "id": pyarrow.ExtensionArray.from_storage(
            pyarrow.uuid(), pyarrow.array([uuid.UUID(int=n).bytes for n in (1, 2, 2**127)], pyarrow.binary(16))
        ),
        "date": pyarrow.array([datetime.date(2026, 11, 9), None, datetime.date(1969, 12, 31)]),
        "score": pyarrow.array([decimal.Decimal("12.00"), decimal.Decimal("-3.00"), None], pyarrow.decimal128(9, 2)),
        "likes": pyarrow.array([2**64 - 1, 0, 5], pyarrow.uint64()),
    }
)
write("kinds", kinds, args="--keep-raw")
write("times", pyarrow.table({"text": ["the first", "and the second"], "time": pyarrow.array([1_700_000_000, None], pyarrow.timestamp("s", "UTC"))}))

# The packed texts of a batch in the middle are overwritten, a dictionary is, and a file is cut short.
many = pyarrow.table({"text": [f"comment number {n} of the export, and of it" for n in range(9)], "id": list(range(9))})
path = write("damaged", many, rows=3, compression="zstd")
content = bytearray(path.read_bytes())
frames = [at for at in range(len(content)) if content.startswith(b"\x28\xb5\x2f\xfd", at)]
# Each batch has one packed buffer of texts, and perhaps others.
middle = frames[len(frames) // 2]
content[middle : middle + 8] = b"\xee" * 8
path.write_bytes(content)
names = pyarrow.table({"text": ["one", "two"], "author": pyarrow.array(["Ada", "Bo"]).dictionary_encode()})
path = write("dictionary", names)
content = path.read_bytes()
path.write_bytes(content.replace(b"AdaBo", b"Ada\xff\xfe"))
path = write("cut", many, rows=3)
path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
path = write("torn", many, form=pyarrow.ipc.new_stream, rows=3)
path.write_bytes(path.read_bytes()[:300])
