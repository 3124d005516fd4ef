"""Reading exports: `read`."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Mapping
from typing import NamedTuple, TypeAlias

import pyarrow as pa

from . import _native

Paths: TypeAlias = "str | os.PathLike[str] | Iterable[str | os.PathLike[str]]"


class Reject(NamedTuple):
    """A record that could not be read."""

    file: str
    place: str
    cause: str


def read(
    paths: Paths,
    *,
    format: str | None = None,
    map: Mapping[str, str] | None = None,
    records: str | None = None,
    header_row: int | None = None,
    date_order: str | None = None,
    encoding: str | None = None,
    strict: bool = False,
    rejects: list[Reject] | None = None,
) -> pa.Table:
    """Returns the comments of exports, in all formats of `comity formats`, without scoring them.

    Args:
        paths: Files, folders or zip archives: one, or several.
        format: The format; default: detected from the content.
        map: Columns or dotted keys of the fields, as `{"text": "body"}`.
        records: JSON: path of the list of records, as `"/data/comments"`.
        header_row: Tables: line that contains the header, counted from 1.
        date_order: Order of day and month, `"dmy"` or `"mdy"`; default: inferred from the column.
        encoding: Encoding of inputs that are not UTF-8, as `"windows-1252"`; default: inferred.
        strict: Raise an error at the first record that cannot be read.
        rejects: A list to which the records that could not be read are added. Without it, a warning
            has their number and the first of them.

    Raises:
        InputError: The input cannot be read, or its format is unknown.
    """
    names = path_list(paths)
    if not isinstance(map, (Mapping, type(None))):
        raise TypeError(f"map is a {type(map).__name__}; pass a dict, as {{'text': 'body'}}")
    comments = _native.read(
        names,
        format=format,
        map=[f"{field}={column}" for field, column in (map or {}).items()],
        records=records,
        header_row=header_row,
        date_order=date_order,
        encoding=encoding,
        strict=strict,
        on_notice=lambda notice: warnings.warn(notice, stacklevel=3),
    )
    table = pa.Table.from_batches(comments, comments.schema)
    found = [Reject(*reject) for reject in comments.rejects]
    if rejects is not None:
        rejects.extend(found)
    elif found:
        first = found[0]
        warnings.warn(
            f"{len(found)} records could not be read, the first at {first.file}:{first.place}: "
            f"{first.cause}; pass rejects=[] to collect them",
            stacklevel=2,
        )
    return table


def path_list(paths: Paths) -> list[str]:
    """Returns one path or several as a list of strings."""
    if isinstance(paths, (str, os.PathLike)):
        return [os.fspath(paths)]
    names = [os.fspath(path) for path in paths]
    if not names:
        raise ValueError("there is no input; name at least one file or folder")
    return names
