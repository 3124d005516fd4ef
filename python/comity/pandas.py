"""The accessor `comity` of pandas' Series: `df["text"].comity.score()`.

Importing this module registers it.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from ._score import Scorer, shared


@pd.api.extensions.register_series_accessor("comity")
class ComityAccessor:
    """Scores the texts of a Series."""

    def __init__(self, texts: pd.Series) -> None:
        self._texts = texts

    def score(
        self, *, scorer: Scorer | None = None, progress: bool | None = None, **settings: Any
    ) -> pd.DataFrame:
        """Returns the scores as a DataFrame with the index of the Series.

        Args:
            scorer: The scorer; default: one with the settings, as `comity.score` uses it.
            progress: As of `comity.score`.
            settings: `model`, `threads`, `policy` and `calibration` of `comity.Scorer`.
        """
        scorer = shared(**settings) if scorer is None else scorer
        table = scorer.score(self._texts, progress=progress)
        return table.to_pandas().set_axis(self._texts.index, axis=0)
