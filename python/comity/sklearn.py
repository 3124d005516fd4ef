"""A scikit-learn transformer: comments to scores."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

from ._score import Texts, shared


class ComityTransformer(TransformerMixin, BaseEstimator):
    """Turns comments into a matrix with one column of scores per label.

    Comments without scores have NaN, which `HistGradientBoostingClassifier` accepts; for others,
    `SimpleImputer(add_indicator=True)` follows this step. Nothing is fitted.

    Args:
        labels: The columns; default: all labels of the model, and sentiment if it has that.
        model: As of `comity.Scorer`.
        threads: As of `comity.Scorer`.
        calibration: As of `comity.Scorer`.
    """

    def __init__(
        self,
        labels: list[str] | None = None,
        *,
        model: str = "english",
        threads: int | None = None,
        calibration: str | None = None,
    ) -> None:
        self.labels = labels
        self.model = model
        self.threads = threads
        self.calibration = calibration

    def fit(self, X: Texts, y: Any = None) -> ComityTransformer:
        """Checks the labels, and returns the transformer."""
        self._columns()
        return self

    def transform(self, X: Texts) -> np.ndarray:
        """Returns the scores: one row per comment, one column per label."""
        columns = self._columns()
        table = self._scorer().score(_one_column(X), progress=False)
        scores = [table.column(name).to_numpy() for name in columns]
        return np.column_stack(scores).astype(np.float64, copy=False)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Returns the names of the columns."""
        return np.asarray(self._columns(), dtype=object)

    def _scorer(self) -> Any:
        return shared(model=self.model, threads=self.threads, calibration=self.calibration)

    def _columns(self) -> list[str]:
        scorer = self._scorer()
        labels = scorer.labels
        # The columns in the order of every table of scores.
        known = [
            name
            for name in scorer.schema.names
            if name in labels or name == "sentiment" and "positive" in labels
        ]
        unknown = [label for label in self.labels or [] if label not in known]
        if unknown:
            raise ValueError(f"unknown label {unknown[0]!r}; the model has {', '.join(known)}")
        return list(self.labels) if self.labels is not None else known

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        tags.input_tags.one_d_array = True
        return tags


def _one_column(X: Any) -> Any:
    """Returns the texts of a table or matrix with one column; others as they are."""
    shape = getattr(X, "shape", None)
    if shape is None or len(shape) != 2:
        return X
    if shape[1] != 1:
        raise ValueError(
            f"expected one column of texts, got {shape[1]}; select it in ColumnTransformer"
        )
    if hasattr(X, "iloc"):
        return X.iloc[:, 0]
    return X[:, 0]
