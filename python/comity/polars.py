"""The namespace `comity` of Polars. Importing it registers it.

import comity.polars

df.with_columns(pl.col("text").comity.score().struct.unnest())
df["text"].comity.score()
"""

from __future__ import annotations

from typing import Any

import polars as pl

from ._score import Scorer, shared


@pl.api.register_expr_namespace("comity")
class ComityExpression:
    """Scores the texts of an expression."""

    def __init__(self, texts: pl.Expr) -> None:
        self._texts = texts

    def score(self, *, scorer: Scorer | None = None, **settings: Any) -> pl.Expr:
        """Returns the scores as structs, for eager and lazy queries.

        Args:
            scorer: The scorer; default: one with the settings, as `comity.score` uses it.
            settings: `model`, `threads`, `policy` and `calibration` of `comity.Scorer`.
        """
        scorer = shared(**settings) if scorer is None else scorer
        kind = pl.Struct(dict(pl.DataFrame(scorer.schema.empty_table()).schema))
        return self._texts.map_batches(
            lambda texts: _scored(scorer, texts), return_dtype=kind, is_elementwise=True
        )


@pl.api.register_series_namespace("comity")
class ComitySeries:
    """Scores the texts of a Series."""

    def __init__(self, texts: pl.Series) -> None:
        self._texts = texts

    def score(self, *, scorer: Scorer | None = None, **settings: Any) -> pl.DataFrame:
        """Returns the scores as a DataFrame; the arguments are those of the expression."""
        scorer = shared(**settings) if scorer is None else scorer
        return pl.DataFrame(scorer.score(self._texts))


def _scored(scorer: Scorer, texts: pl.Series) -> pl.Series:
    return pl.DataFrame(scorer.score(texts, progress=False)).to_struct(texts.name)
