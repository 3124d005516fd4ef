"""Scores as further columns of a table, for the engines that pass tables to Python."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa

from ._score import Scorer


def new_names(schema: pa.Schema, taken: Iterable[str], text: str, prefix: str) -> list[str]:
    """Returns the names of the columns that scores add to a table.

    Raises:
        ValueError: The table has no column `text`, or has one of these names already.
    """
    taken = list(taken)
    if text not in taken:
        raise ValueError(
            f"there is no column `{text}`; name the column of the texts: {', '.join(taken)}"
        )
    names = [prefix + name for name in schema.names]
    # Spark's names are the same in any letter case.
    lower = {name.lower() for name in taken}
    double = [name for name in names if name.lower() in lower]
    if double:
        raise ValueError(
            f'there is a column `{double[0]}` already; name the new ones with prefix="comity_"'
        )
    return names


def with_scores(table: pa.Table, scorer: Scorer, text: str, prefix: str) -> pa.Table:
    """Returns a table with the scores of its column `text` as further columns."""
    scores = scorer.score(table.column(text), progress=False)
    for name, column in zip(scores.column_names, scores.columns):
        table = table.append_column(prefix + name, column)
    return table
