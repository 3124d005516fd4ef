"""Scoring on Apache Spark: `comity.spark.score(df)`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql.types import BooleanType, DoubleType, StringType, StructField, StructType

from ._columns import new_names, with_scores
from ._score import shared

_TYPES = {pa.bool_(): BooleanType(), pa.float64(): DoubleType(), pa.string(): StringType()}


def score(
    df: DataFrame,
    text: str = "text",
    *,
    model: str = "english",
    threads: int = 1,
    policy: str | None = None,
    calibration: str | None = None,
    prefix: str = "",
) -> DataFrame:
    """Returns a DataFrame with the scores as further columns, in batches and in streams.

    Every Python worker process of an executor loads the model once and keeps it
    (`spark.python.worker.reuse`, on by default). Scores do not depend on how rows are partitioned.

    Args:
        df: Rows with a column of texts; those without a text have null scores.
        text: The column of the texts.
        model: `"english"`, or the folder of a model, which every node must have.
        threads: Threads of a worker process. Spark runs one process per core of an executor.
        policy: `"default"`, or a policy file that every node has.
        calibration: `"perspective"`, or a file that every node has.
        prefix: A prefix of the new columns' names.

    Raises:
        ValueError: There is no such column, or a column has the name of a new one.
    """
    settings: dict[str, Any] = {
        "model": model,
        "threads": threads,
        "policy": policy,
        "calibration": calibration,
    }
    schema = shared(**settings).schema
    names = new_names(schema, df.columns, text, prefix)
    fields = [StructField(name, _TYPES[field.type], True) for name, field in zip(names, schema)]

    def scored(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        return _scored(batches, text, settings, prefix)

    return df.mapInArrow(scored, StructType([*df.schema.fields, *fields]))


def _scored(
    batches: Iterable[pa.RecordBatch], text: str, settings: dict[str, Any], prefix: str
) -> Iterator[pa.RecordBatch]:
    scorer = shared(**settings)
    for batch in batches:
        table = with_scores(pa.Table.from_batches([batch]), scorer, text, prefix)
        yield from table.combine_chunks().to_batches()
