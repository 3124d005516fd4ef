"""Scoring: `Scorer` and `score`."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from functools import lru_cache
from itertools import chain
from typing import Any

import pyarrow as pa

from . import _native
from ._texts import Texts, arrays, paired

# The texts that are scored together: as many as in a run of the command line.
_ROWS_PER_THREAD = 512
_MOST_ROWS = 4096
# The first texts of an export, by which its language is judged.
_HEAD = 1000


class Scorer:
    """A model that is ready to score, with an optional policy and calibration.

    Creating one takes about 100 ms and 100 MB; keep it. It can be used by several threads at once,
    pickled (the model is loaded again), and used in child processes after a fork.

    Args:
        model: `"english"`, or the folder of a model.
        threads: The number of threads; default: one per core.
        policy: `"default"`, or a policy file: adds the columns of its decisions.
        calibration: `"perspective"`, or a file of `comity calibrate`: maps the scores.

    Raises:
        ModelError: The model cannot be loaded.
        PolicyError: The policy cannot be read.
        CalibrationError: The calibration cannot be read, or was made for another model.
        ValueError: An argument has no such value.
    """

    def __init__(
        self,
        model: str | os.PathLike[str] = "english",
        *,
        threads: int | None = None,
        policy: str | os.PathLike[str] | None = None,
        calibration: str | os.PathLike[str] | None = None,
    ) -> None:
        self._native = _native.Scorer(
            model=os.fspath(model),
            threads=threads,
            policy=None if policy is None else os.fspath(policy),
            calibration=None if calibration is None else os.fspath(calibration),
        )

    @property
    def name(self) -> str:
        """The name of the model."""
        return self._native.name

    @property
    def version(self) -> str:
        """The version of the model."""
        return self._native.version

    @property
    def labels(self) -> list[str]:
        """The labels that the model has."""
        return self._native.labels

    @property
    def languages(self) -> list[str]:
        """The languages that the model supports (ISO 639-1)."""
        return self._native.languages

    @property
    def threads(self) -> int:
        """The number of threads."""
        return self._native.threads

    @property
    def schema(self) -> pa.Schema:
        """The columns of the tables that `score` returns."""
        return self._native.score_batch(pa.array([], pa.string())).schema

    def score(
        self, texts: Texts, *, as_export: bool = False, progress: bool | None = None
    ) -> pa.Table:
        """Returns the scores of texts: one row per text, in order.

        Args:
            texts: A list or another iterable of `str`, or a column of pandas, Polars, Arrow, or of
                any library with Arrow's C interface. Missing values (`None`, NaN) have null scores
                and `unscored` is `"null"`.
            as_export: Judge the language of short texts by the first 1,000 texts, too, as `comity
                score` does for a file with these texts. Without it, no text depends on another.
            progress: Print the progress on standard error; default: only on a terminal.

        Raises:
            TypeError: `texts` is no column of texts, or one of them is no text.
        """
        total, batches = self._batches(texts, as_export)
        scored = list(_reported(batches, total, progress))
        return pa.Table.from_batches(scored, scored[0].schema if scored else self.schema)

    def stream(self, texts: Texts, *, as_export: bool = False) -> pa.RecordBatchReader:
        """Returns a reader of the scores, which are computed while it is read.

        With an iterator of texts, memory does not grow with their number. The batches have at most
        4,096 rows each. `pyarrow.parquet.ParquetWriter`, DuckDB and Polars read from it.
        """
        return pa.RecordBatchReader.from_batches(self.schema, self._batches(texts, as_export)[1])

    def explain(self, text: str) -> dict[str, Any]:
        """Returns the scores of one text with the sentences and words that carry them.

        Places are counted in characters, as Python does. It takes many times as long as a score.
        """
        if not isinstance(text, str):
            raise TypeError(
                f"text is a {type(text).__name__}, not a str; explain one text at a time"
            )
        return json.loads(self._native.explain(paired(text)))

    def _batches(
        self, texts: Texts, as_export: bool
    ) -> tuple[int | None, Iterator[pa.RecordBatch]]:
        total, parts = arrays(texts, min(_MOST_ROWS, _ROWS_PER_THREAD * self.threads))
        return total, self._as_export(parts) if as_export else map(self._native.score_batch, parts)

    def _as_export(self, parts: Iterator[pa.Array]) -> Iterator[pa.RecordBatch]:
        first, rows = [], 0
        for part in parts:
            first.append(part)
            rows += len(part)
            if rows >= _HEAD:
                break
        head = pa.array([text.as_py() for part in first for text in part][:_HEAD], pa.string())
        for part in chain(first, parts):
            yield self._native.score_batch(part, expect=head)

    def __repr__(self) -> str:
        native = self._native
        settings = [repr(native.model), f"threads={native.threads}"]
        settings += [f"policy={native.policy!r}"] if native.policy else []
        settings += [f"calibration={native.calibration!r}"] if native.calibration else []
        return f"Scorer({', '.join(settings)})"


def score(
    texts: Texts,
    *,
    model: str | os.PathLike[str] = "english",
    threads: int | None = None,
    policy: str | os.PathLike[str] | None = None,
    calibration: str | os.PathLike[str] | None = None,
    as_export: bool = False,
    progress: bool | None = None,
) -> pa.Table:
    """Returns the scores of texts: one row per text, in order.

    The model is loaded by the first call and kept. `Scorer` and `Scorer.score` have the arguments
    and the errors.

    >>> import comity
    >>> comity.score(["Good luck!", None]).column("unscored").to_pylist()
    [None, 'null']
    """
    scorer = shared(model=model, threads=threads, policy=policy, calibration=calibration)
    return scorer.score(texts, as_export=as_export, progress=progress)


def shared(
    *,
    model: str | os.PathLike[str] = "english",
    threads: int | None = None,
    policy: str | os.PathLike[str] | None = None,
    calibration: str | os.PathLike[str] | None = None,
) -> Scorer:
    """Returns the scorer of these settings that this process keeps.

    Files that changed are read again.
    """
    paths = [None if path is None else os.fspath(path) for path in (policy, calibration)]
    changed = tuple(_changed(path) for path in (os.fspath(model), *paths))
    return _kept(os.fspath(model), threads, *paths, changed)


@lru_cache(maxsize=2)
def _kept(
    model: str, threads: int | None, policy: str | None, calibration: str | None, _changed: tuple
) -> Scorer:
    return Scorer(model, threads=threads, policy=policy, calibration=calibration)


def _changed(path: str | None) -> tuple[int, int] | None:
    """Returns the time and size of a file, to notice a change; `None` if there is no such file."""
    try:
        status = os.stat(path or "")
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


def _reported(
    batches: Iterator[pa.RecordBatch], total: int | None, progress: bool | None
) -> Iterator[pa.RecordBatch]:
    """Passes batches on and prints how many rows they had."""
    if progress is None:
        progress = sys.stderr is not None and sys.stderr.isatty()
    if not progress:
        yield from batches
        return
    start, rows = time.monotonic(), 0
    try:
        for batch in batches:
            rows += batch.num_rows
            speed = rows / max(time.monotonic() - start, 1e-9)
            of = f" of {total:,}" if total is not None else ""
            print(
                f"\rscored {rows:,}{of} comments, {speed:,.0f}/s ",
                end="",
                file=sys.stderr,
                flush=True,
            )
            yield batch
    finally:
        if rows:
            print(file=sys.stderr)
