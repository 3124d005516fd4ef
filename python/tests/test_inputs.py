"""Inputs: what is accepted, and what an error reports."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import comity


class Foreign:
    """A column of another library with Arrow's C interface, and nothing else."""

    def __init__(self, array):
        self.array = array

    def __arrow_c_array__(self, requested_schema=None):
        return self.array.__arrow_c_array__(requested_schema)


class ForeignStream:
    def __init__(self, array):
        self.array = array

    def __arrow_c_stream__(self, requested_schema=None):
        return self.array.__arrow_c_stream__(requested_schema)


@pytest.mark.parametrize(
    "form",
    [
        np.array(["a", "b"]),
        np.array(["a", "b"], dtype=object),
        np.array(["a", "b"], dtype=np.dtypes.StringDType()),
        pd.Index(["a", "b"]),
        pd.Categorical(["a", "b"]),
        pl.Series(["a", "b"], dtype=pl.Enum(["a", "b"])),
        Foreign(pa.array(["a", "b"])),
        ForeignStream(pa.chunked_array([["a"], ["b"]])),
        {"x": "a", "y": "b"}.values(),
        (text for text in "ab"),
        map(str, ["a", "b"]),
    ],
    ids=lambda form: type(form).__name__,
)
def test_accepted(tiny, form):
    assert tiny.score(form).equals(tiny.score(["a", "b"]))


@pytest.mark.parametrize(
    "form",
    [
        pd.Series([np.nan, np.nan]),
        pd.Series([None, None], dtype=object),
        pl.Series([None, None]),
        pa.nulls(2),
        pa.nulls(2, pa.string()),
        [None, float("nan")],
    ],
)
def test_columns_without_any_text(tiny, form):
    assert tiny.score(form).column("unscored").to_pylist() == ["null", "null"]


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ("a text", r"pass \[text\]"),
        (b"a text", r"pass \[text\]"),
        (None, "NoneType"),
        (5, "an int, not a list of texts"),
        ({"text": "a"}, "pass a list"),
        ({"a"}, "pass a list"),
        ([1], r"texts\[0\] is an int"),
        (["a", 2.5], r"texts\[1\] is a float"),
        (["a", b"b"], r"texts\[1\] is a bytes.*decode"),
        ([["a"]], r"texts\[0\] is a list"),
        (pd.DataFrame({"text": ["a"]}), "pass one of its columns: `text`"),
        (pl.DataFrame({"text": ["a"]}), "pass one of its columns: `text`"),
        (pl.LazyFrame({"text": ["a"]}), "comity.polars"),
        (pl.col("text"), "comity.polars"),
        (pa.table({"text": ["a"]}), "pass one of its columns: `text`"),
        (pa.table({"text": ["a"]}).to_reader(), "pass one of its columns: `text`"),
        (ForeignStream(pa.table({"text": ["a"]})), "pass one of its columns: `text`"),
        (pd.Series([1, 2]), "int64, not of text"),
        (pd.Series([1.5, None]), "double, not of text"),
        (pd.Series(pd.to_datetime(["2020-01-01"])), "timestamp"),
        (pl.Series([1]), "int64, not of text"),
        (pa.array([b"a"]), "decode it"),
        (np.array([1, 2]), r"texts\[0\] is an int64"),
    ],
    ids=str,
)
def test_refused_with_a_remedy(tiny, form, message):
    with pytest.raises(TypeError, match=message):
        tiny.score(form)


def test_lone_surrogates_are_replaced(tiny):
    pair, lone = "\ud83d\ude00", "a \ud800 b"
    assert tiny.score([pair, lone]).equals(tiny.score(["😀", "a \ufffd b"]))


def test_subclasses_of_str(tiny):
    class Text(str):
        pass

    assert tiny.score([Text("a")]).equals(tiny.score(["a"]))


def test_slices_and_offsets(tiny):
    array = pa.array([None, "zero", "one", None, "two"])
    assert tiny.score(array.slice(2, 3)).equals(tiny.score(["one", None, "two"]))
    frame = pl.DataFrame({"text": ["zero", "one", None, "two"]})
    assert tiny.score(frame["text"][1:]).equals(tiny.score(["one", None, "two"]))


def test_long_columns_keep_their_order(tiny):
    texts = [f"comment number {number % 977}" for number in range(20_000)]
    table = tiny.score(pa.array(texts))
    assert table.num_rows == len(texts)
    assert table.equals(tiny.score(iter(texts)))
    assert table.slice(977, 977).to_pylist() == table.slice(0, 977).to_pylist()
    assert comity.score(texts[:5]).num_rows == 5
