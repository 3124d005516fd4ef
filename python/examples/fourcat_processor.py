"""A processor for 4CAT (https://4cat.nl) that scores the items of a dataset, offline.

Copy this file to the folder `processors/machine_learning` of 4CAT (1.46 or later), install comity
where 4CAT's backend runs (`pip install comity`), and restart it. "Toxicity scores (offline)" then
appears below every dataset whose items have a `body`.
"""

from itertools import islice

from backend.lib.processor import BasicProcessor
from common.lib.helpers import UserInput

import comity

LABELS = {
    "toxicity": "Toxicity",
    "severe_toxicity": "Severe toxicity",
    "identity_attack": "Identity attack",
    "insult": "Insult",
    "obscene": "Obscene language",
    "threat": "Threat",
    "sentiment": "Sentiment (from -1 to 1)",
}
ITEMS_AT_A_TIME = 4096


class ComityScores(BasicProcessor):
    """Scores items for toxicity and sentiment."""

    type = "comity-scores"
    category = "Machine learning"
    title = "Toxicity scores (offline)"
    description = (
        "Score the text of each item for toxicity and sentiment with Comity, which runs on this "
        "server and sends nothing elsewhere. Items in unsupported languages have no scores."
    )
    extension = "csv"

    @classmethod
    def is_compatible_with(cls, module=None, config=None):
        """Accepts datasets that have items."""
        return module.get_extension() in ("csv", "ndjson")

    @classmethod
    def get_options(cls, parent_dataset=None, config=None):
        """Returns the options that 4CAT asks for."""
        return {
            "labels": {
                "type": UserInput.OPTION_MULTI,
                "help": "Scores",
                "options": LABELS,
                "default": ["toxicity", "sentiment"],
            },
            "write_annotations": {
                "type": UserInput.OPTION_TOGGLE,
                "help": "Add the scores as annotations to the parent dataset",
                "default": False,
            },
        }

    def process(self):
        """Scores the items in batches and writes a table of them."""
        labels = self.parameters.get("labels") or ["toxicity"]
        scorer = comity.Scorer()
        items, rows, annotations = iter(self.source_dataset.iterate_items(self)), [], []
        while batch := list(islice(items, ITEMS_AT_A_TIME)):
            scores = scorer.score([item.get("body") for item in batch], progress=False).to_pylist()
            for item, score in zip(batch, scores):
                row = {label: score[label] for label in labels}
                rows.append({"id": item["id"], **row, "unscored": score["unscored"]})
                annotations += [
                    {"label": f"comity_{label}", "item_id": item["id"], "value": value}
                    for label, value in row.items()
                    if value is not None
                ]
            self.dataset.update_status(f"Scored {len(rows):,} items")
        if not rows:
            self.dataset.finish_with_error("The dataset has no items to score")
            return
        if self.parameters.get("write_annotations"):
            self.save_annotations(annotations, overwrite=True)
        self.write_csv_items_and_finish(rows)
