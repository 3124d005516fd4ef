"""Turns what Python programs have texts in into Arrow arrays of bounded size."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Set, Sized
from typing import Any, Protocol, TypeAlias

import pyarrow as pa

# Iterators are cut into arrays of at most this many bytes of text (about: characters are counted).
_MOST_CHARACTERS = 8 << 20


class ArrowColumn(Protocol):
    """A column with Arrow's C interface: pyarrow, Polars, pandas 3, DuckDB and others have it."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...


Texts: TypeAlias = "Iterable[str | None] | ArrowColumn"


def arrays(texts: Texts, rows: int) -> tuple[int | None, Iterator[pa.Array]]:
    """Returns the number of texts, `None` if unknown, and their arrays of at most `rows` texts.

    Arrow's memory is used as it is; Python objects are copied array by array.
    """
    column = _column(texts)
    if column is not None:
        return len(column), _slices(column, rows)
    total = len(texts) if isinstance(texts, Sized) else None
    return total, _gather(texts, rows)  # type: ignore[arg-type]


def _column(texts: Any) -> pa.ChunkedArray | None:
    """Returns a column of text as Arrow has it; `None` for other iterables."""
    _refuse(texts)
    if isinstance(texts, pa.ChunkedArray):
        column = texts
    elif isinstance(texts, pa.Array):
        column = pa.chunked_array([texts])
    elif _is_pandas(texts):
        column = _from_pandas(texts)
    elif _is_numpy(texts):
        # Objects are checked one by one, as those of a list.
        return None
    elif hasattr(texts, "__arrow_c_stream__"):
        column = pa.chunked_array(texts)
    elif hasattr(texts, "__arrow_c_array__"):
        column = pa.chunked_array([pa.array(texts)])
    else:
        return None
    return None if column is None else _checked(column)


def _checked(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Returns a column whose type is text, a dictionary of texts, or null."""
    kind = column.type
    value = kind.value_type if pa.types.is_dictionary(kind) else kind
    if _is_text(value) or pa.types.is_null(value):
        return column
    if pa.types.is_floating(value) and _is_all_missing(column):
        # A column without any value: pandas gives it numbers.
        return pa.chunked_array([pa.nulls(len(column), pa.string())])
    if pa.types.is_struct(value):
        names = ", ".join(f"`{value.field(at).name}`" for at in range(value.num_fields))
        raise TypeError(f"texts is a table, not a column; pass one of its columns: {names}")
    if pa.types.is_binary(value) or pa.types.is_large_binary(value):
        raise TypeError(
            f"texts is a column of {kind}, not of text; decode it: .cast(pyarrow.string())"
        )
    raise TypeError(f"texts is a column of {kind}, not of text; pass the column with the comments")


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or kind == pa.string_view()


def _is_all_missing(column: pa.ChunkedArray) -> bool:
    import pyarrow.compute as pc

    return bool(pc.all(pc.is_null(column, nan_is_null=True)).as_py() in (True, None))


def _refuse(texts: Any) -> None:
    """Raises an error for what is no column of texts but can be iterated."""
    if isinstance(texts, (str, bytes, bytearray)):
        raise TypeError(f"texts is one {type(texts).__name__}, not a list of texts; pass [text]")
    if isinstance(texts, (pa.Table, pa.RecordBatch, pa.RecordBatchReader)):
        names = ", ".join(f"`{name}`" for name in texts.schema.names)
        raise TypeError(f"texts is a table, not a column; pass one of its columns: {names}")
    if _is_a("pandas", "DataFrame", texts) or _is_a("polars", "DataFrame", texts):
        names = ", ".join(f"`{name}`" for name in list(texts.columns)[:20])
        raise TypeError(f"texts is a table, not a column; pass one of its columns: {names}")
    if _is_a("polars", "LazyFrame", texts) or _is_a("polars", "Expr", texts):
        raise TypeError(
            "texts is a Polars query, not a column; import comity.polars and use "
            'pl.col("text").comity.score()'
        )
    if isinstance(texts, (Mapping, Set)):
        raise TypeError(
            f"texts is a {type(texts).__name__}, which is no list of texts; pass a list"
        )
    if not hasattr(texts, "__iter__") and not _is_arrow(texts):
        raise TypeError(
            f"texts is {_a(texts)}, not a list of texts; pass a list, an iterator, or a column of "
            "pandas, Polars or Arrow"
        )


def _is_arrow(texts: Any) -> bool:
    return hasattr(texts, "__arrow_c_stream__") or hasattr(texts, "__arrow_c_array__")


def _is_a(module: str, name: str, value: Any) -> bool:
    """Returns true if a value is of a class of a module, which is not imported for this."""
    found = getattr(sys.modules.get(module), name, None)
    return found is not None and isinstance(value, found)


def _is_pandas(texts: Any) -> bool:
    kinds = ("Series", "Index", "Categorical")
    return any(_is_a("pandas", kind, texts) for kind in kinds)


def _is_numpy(texts: Any) -> bool:
    return _is_a("numpy", "ndarray", texts)


def _from_pandas(texts: Any) -> pa.ChunkedArray | None:
    """Returns a column of pandas; `None` if it consists of Python objects."""
    if texts.dtype == object:
        return None
    try:
        column = pa.Array.from_pandas(texts)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        raise TypeError(
            f"texts is a column of {texts.dtype}, not of text; pass the column with the comments"
        ) from None
    return column if isinstance(column, pa.ChunkedArray) else pa.chunked_array([column])


def _slices(column: pa.ChunkedArray, rows: int) -> Iterator[pa.Array]:
    for chunk in column.chunks:
        for start in range(0, len(chunk), rows):
            yield chunk.slice(start, rows)


def _gather(texts: Iterable[Any], rows: int) -> Iterator[pa.Array]:
    """Yields the texts of an iterable in arrays of at most `rows` texts of bounded length."""
    batch: list[str | None] = []
    characters = 0
    for place, text in enumerate(texts):
        if type(text) is not str:
            text = _text(text, place)
        batch.append(text)
        characters += len(text) if text is not None else 0
        if len(batch) >= rows or characters >= _MOST_CHARACTERS:
            yield _array(batch)
            batch, characters = [], 0
    if batch:
        yield _array(batch)


def _text(value: Any, place: int) -> str | None:
    """Returns a value as text; `None` if it is missing (`None`, NaN, `pandas.NA`, `pandas.NaT`)."""
    if isinstance(value, str):
        return str(value)
    if value is None or isinstance(value, float) and value != value:
        return None
    if isinstance(value, pa.Scalar):
        return _text(value.as_py(), place)
    if type(value).__name__ in ("NAType", "NaTType"):
        return None
    if isinstance(value, (bytes, bytearray)):
        raise TypeError(f"texts[{place}] is {_a(value)}, not text; decode it: .decode()")
    raise TypeError(
        f"texts[{place}] is {_a(value)}, not text; convert it with str() or leave it out"
    )


def _a(value: Any) -> str:
    name = type(value).__name__
    return f"an {name}" if name[:1] in "aeiou" else f"a {name}"


def _array(texts: list[str | None]) -> pa.Array:
    try:
        return pa.array(texts, pa.string())
    except UnicodeEncodeError:
        return pa.array([text and paired(text) for text in texts], pa.string())


def paired(text: str) -> str:
    """Returns a text without lone surrogates, which no UTF-8 can have; pairs become one character.

    `json.loads` lets them through.
    """
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
