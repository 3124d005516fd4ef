#!/usr/bin/env python3
"""Makes the input of each Parquet case beside it: tests/exports/parquet/make.py (pyarrow 26.0.1).

The same content in another version of pyarrow may be other bytes: what was made stays as it is unless a case is changed.
"""

import datetime
import decimal
import pathlib

import pyarrow
import pyarrow.parquet

HERE = pathlib.Path(__file__).parent
UTC = datetime.timezone.utc


def write(case, table, **options):
    folder = HERE / case
    folder.mkdir(exist_ok=True)
    pyarrow.parquet.write_table(table, folder / "input.parquet", **options)


def moment(minute, zone=None):
    return datetime.datetime(2026, 11, 2, 10, minute, 0, 500_000, tzinfo=zone)


rows = [
    (1, None, "Ana", moment(0), 'The pier is open again, "at last".', 3.0, False),
    (2, 1, "Ben", moment(5), "And who paid for it?\nAll of us.", float("nan"), False),
    (3, 2, None, None, None, None, True),
    (4, 2, "Chloé", moment(9), "Not me, I walk. 👍", -1.0, False),
    (5, 9, "Ana", moment(11), "", 0.0, False),
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
        "badge": pyarrow.array(["gold", None, None, None, None]),
    }
)
# As pandas writes it, in several row groups.
write("plain", plain, compression="snappy", row_group_size=2)
write("gzip", plain.select(["comment_id", "author", "body"]), compression="gzip", data_page_version="2.0")

author = pyarrow.struct([("name", pyarrow.string()), ("id", pyarrow.int32())])
data = pyarrow.struct([("text", pyarrow.string()), ("author", author), ("posted", pyarrow.timestamp("ns", "UTC"))])
nested = pyarrow.table(
    {
        "id": pyarrow.array([decimal.Decimal(10), decimal.Decimal(11), decimal.Decimal(12)], pyarrow.decimal128(20, 0)),
        "data": pyarrow.array(
            [
                {"text": "Is the lift broken again?", "author": {"name": "Dee", "id": 7}, "posted": moment(1, UTC)},
                {"text": "Since Monday, I am told.", "author": None, "posted": moment(2, UTC)},
                None,
            ],
            data,
        ),
        "tags": pyarrow.array([["lift"], [], None], pyarrow.list_(pyarrow.string())),
        "replies": pyarrow.array([[{"text": "x"}], [], None], pyarrow.list_(pyarrow.struct([("text", pyarrow.string())]))),
    }
)
write("nested", nested, compression="zstd")
write("mapped", nested, compression="zstd")
(HERE / "mapped" / "args").write_text("--map text=data.text,author=data.author.id\n")

kinds = pyarrow.table(
    {
        "text": pyarrow.array([b"bytes that are text", b"cut \xc3", b"the last of three"], pyarrow.binary()),
        "id": pyarrow.array([2**64 - 1, 2, 3], pyarrow.uint64()),
        "date": pyarrow.array([datetime.date(2026, 11, 2), None, datetime.date(1969, 12, 31)]),
        "score": pyarrow.array([decimal.Decimal("12.00"), decimal.Decimal("-3.00"), None], pyarrow.decimal128(9, 2)),
    }
)
write("kinds", kinds, compression="none")
(HERE / "kinds" / "args").write_text("--keep-raw\n")

old = pyarrow.table({"text": ["one of an old writer", "and two"], "time": pyarrow.array([moment(1), moment(2)], pyarrow.timestamp("ns"))})
write("int96", old, use_deprecated_int96_timestamps=True)
write("empty", plain.slice(0, 0))

# The head of a page in the middle is overwritten, and a file is cut short.
many = pyarrow.table({"text": [f"comment number {n} of the export" for n in range(9)], "id": list(range(9))})
write("damaged", many, compression="none", row_group_size=3, use_dictionary=False, write_statistics=False)
path = HERE / "damaged" / "input.parquet"
content = bytearray(path.read_bytes())
at = content.index(b"comment number 3")
content[at - 26 : at - 14] = b"\xff" * 12
path.write_bytes(content)
write("cut", many)
path = HERE / "cut" / "input.parquet"
path.write_bytes(path.read_bytes()[:-30])
