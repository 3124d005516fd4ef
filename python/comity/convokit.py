"""A transformer for ConvoKit: scores as metadata of utterances."""

from __future__ import annotations

from typing import Any

from convokit.model import Corpus, Speaker, Utterance
from convokit.transformer import Transformer

from ._score import Scorer, shared


class ComityTransformer(Transformer):
    """Adds the scores of each utterance to its metadata; missing values are `None`.

    Every utterance is scored as a text of its own. `comity.run` on the corpus's folder also
    recognizes quotes, and its `also=["convokit"]` writes a corpus with decisions.

    Args:
        prefix: A prefix of the keys.
        scorer: The scorer; default: one with the settings, as `comity.score` uses it.
        settings: `model`, `threads`, `policy` and `calibration` of `comity.Scorer`.
    """

    def __init__(self, prefix: str = "", *, scorer: Scorer | None = None, **settings: Any) -> None:
        super().__init__()
        self.prefix = prefix
        self.scorer = shared(**settings) if scorer is None else scorer

    def fit(self, corpus: Corpus, y: Any = None, selector: Any = None) -> ComityTransformer:
        """Does nothing: there is nothing to fit."""
        return self

    def transform(
        self, corpus: Corpus, selector: Any = lambda utterance: True, progress: bool | None = None
    ) -> Corpus:
        """Adds the scores to the utterances that `selector` selects, and returns the corpus."""
        ids = [utterance.id for utterance in corpus.iter_utterances(selector)]
        texts = (corpus.get_utterance(name).text for name in ids)
        at = 0
        for batch in self.scorer.stream(texts):
            for row in batch.to_pylist():
                self._add(corpus.get_utterance(ids[at]), row)
                at += 1
        return corpus

    def transform_utterance(self, utterance: Utterance | str) -> Utterance:
        """Adds the scores to one utterance, or to a new one with this text, and returns it."""
        if isinstance(utterance, str):
            utterance = Utterance(text=utterance, speaker=Speaker(id="speaker"))
        self._add(utterance, self.scorer.score([utterance.text]).to_pylist()[0])
        return utterance

    def _add(self, utterance: Utterance, row: dict[str, Any]) -> None:
        for key, value in row.items():
            utterance.add_meta(self.prefix + key, value)
