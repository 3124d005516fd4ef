"""Scoring on Daft: `comity.daft.score(df)`."""

from __future__ import annotations

from typing import Any

import daft
import pyarrow as pa

from ._columns import new_names
from ._score import Scorer, shared


def score(
    df: daft.DataFrame,
    text: str = "text",
    *,
    model: str = "english",
    threads: int | None = None,
    policy: str | None = None,
    calibration: str | None = None,
    prefix: str = "",
    processes: int | None = None,
) -> daft.DataFrame:
    """Returns a DataFrame with the scores as further columns.

    Args:
        df: Rows with a column of texts; those without a text have null scores.
        text: The column of the texts.
        model: `"english"`, or the folder of a model, which every node must have.
        threads: Threads of a process; default: one per core, or 1 if `processes` is given.
        policy: `"default"`, or a policy file that every node has.
        calibration: `"perspective"`, or a file that every node has.
        prefix: A prefix of the new columns' names.
        processes: The number of processes that score; default: this one, or on Ray Daft's choice.

    Raises:
        ValueError: There is no such column, or a column has the name of a new one.
    """
    if threads is None and processes is not None:
        threads = 1
    settings: dict[str, Any] = {
        "model": model,
        "threads": threads,
        "policy": policy,
        "calibration": calibration,
    }
    schema = shared(**settings).schema
    names = new_names(schema, df.column_names, text, prefix)
    kind = daft.DataType.from_arrow_type(
        pa.struct([field.with_name(name) for name, field in zip(names, schema)])
    )

    class Comity:
        """The scorer of a process."""

        def __init__(self) -> None:
            self.scorer = Scorer(**settings)

        @daft.method.batch(return_dtype=kind, unnest=True, batch_size=4096)
        def score(self, texts: daft.Series) -> Any:
            table = self.scorer.score(texts.to_arrow(), progress=False).rename_columns(names)
            return table.to_struct_array().combine_chunks()

    pool = daft.cls(Comity, use_process=processes is not None or None, max_concurrency=processes)
    return df.select("*", pool().score(daft.col(text)))
