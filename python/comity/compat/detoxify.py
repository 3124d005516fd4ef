"""A drop-in replacement for the class `Detoxify` of the package `detoxify`.

    from comity.compat.detoxify import Detoxify

    Detoxify("original").predict("You are a fool.")

The keys, their order and the shapes are those of detoxify 0.5. The scores are Comity's: calibrated
probabilities of another model, so check your thresholds. A text that Comity does not score (without
words, or in a language that the model does not support) has NaN for each key.
"""

from __future__ import annotations

import warnings
from typing import Any, overload

from .._score import Scorer, Texts, shared

# detoxify's classes by model, in its order. Comity's labels have the same names.
_ORIGINAL = ["toxicity", "severe_toxicity", "obscene", "threat", "insult", "identity_attack"]
_UNBIASED = [
    *("toxicity", "severe_toxicity", "obscene", "identity_attack", "insult", "threat"),
    "sexual_explicit",
]
_CLASSES = {
    "original": _ORIGINAL,
    "original-small": _ORIGINAL,
    "unbiased": _UNBIASED,
    "unbiased-small": _UNBIASED,
    "multilingual": _UNBIASED,
}


class Detoxify:
    """Scores comments like `detoxify.Detoxify`.

    `"original"`, `"unbiased"` and their small variants all use the built-in English model.
    `"multilingual"` uses the built-in multilingual model, if this build has one.

    Args:
        model_type: detoxify's name of a model.
        checkpoint: Not supported: Comity cannot load detoxify's weights.
        device: Ignored: Comity runs on the CPU.
        huggingface_config_path: Ignored.
        scorer: Use this scorer.
    """

    def __init__(
        self,
        model_type: str = "original",
        checkpoint: str | None = None,
        device: Any = "cpu",
        huggingface_config_path: str | None = None,
        *,
        scorer: Scorer | None = None,
    ) -> None:
        if checkpoint is not None:
            raise ValueError(
                "checkpoint is not supported; export the model, and use comity.Scorer(folder)"
            )
        if model_type not in _CLASSES:
            raise ValueError(
                f"unknown model_type {model_type!r}; expected one of {', '.join(_CLASSES)}"
            )
        self.class_names = list(_CLASSES[model_type])
        self.device = "cpu"
        if scorer is not None:
            self.scorer = scorer
        elif model_type == "multilingual":
            try:
                self.scorer = shared(model="multilingual")
            except ValueError:
                raise ValueError(
                    "this build has no multilingual model; use Detoxify('original') for English"
                ) from None
        else:
            self.scorer = shared()
        missing = [name for name in self.class_names if name not in self.scorer.labels]
        if missing:
            warnings.warn(
                f"the model has no label {', '.join(missing)}; its scores are NaN", stacklevel=2
            )

    @overload
    def predict(self, text: str) -> dict[str, float]: ...  # type: ignore[overload-overlap]
    @overload
    def predict(self, text: Texts) -> dict[str, list[float]]: ...
    def predict(self, text: str | Texts) -> dict[str, float] | dict[str, list[float]]:
        """Returns the scores by label: numbers for one text, lists for several.

        A list of one text is one text, as in detoxify.
        """
        found = self._scores([text] if isinstance(text, str) else text)
        return {
            name: scores[0] if len(scores) == 1 else scores for name, scores in found.items()
        }

    def _scores(self, texts: Texts) -> dict[str, list[float]]:
        table = self.scorer.score(texts, progress=False)
        nan = float("nan")
        return {
            name: [nan if score is None else score for score in table.column(name).to_pylist()]
            if name in table.column_names
            else [nan] * table.num_rows
            for name in self.class_names
        }
