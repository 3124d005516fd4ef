"""Scoring on Ray Data: `comity.ray.score(ds)`."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from ray.data import ActorPoolStrategy, Dataset

from ._columns import new_names, with_scores
from ._score import Scorer, shared


def score(
    ds: Dataset,
    text: str = "text",
    *,
    model: str = "english",
    threads: int = 1,
    policy: str | None = None,
    calibration: str | None = None,
    prefix: str = "",
    actors: int | tuple[int, int] | None = None,
    batch_size: int = 4096,
) -> Dataset:
    """Returns a dataset with the scores as further columns, computed by a pool of actors.

    Args:
        ds: Rows with a column of texts; those without a text have null scores.
        text: The column of the texts.
        model: `"english"`, or the folder of a model, which every node must have.
        threads: Threads of an actor, which Ray reserves as CPUs.
        policy: `"default"`, or a policy file that every node has.
        calibration: `"perspective"`, or a file that every node has.
        prefix: A prefix of the new columns' names.
        actors: The number of actors, or the least and the most; default: from one to as many as
            the cluster has room for.
        batch_size: Rows that an actor gets at a time.

    Raises:
        ValueError: There is no such column, or a column has the name of a new one.
    """
    settings: dict[str, Any] = {
        "model": model,
        "threads": threads,
        "policy": policy,
        "calibration": calibration,
    }
    columns = ds.columns()
    if columns is not None:
        new_names(shared(**settings).schema, columns, text, prefix)
    if actors is None:
        pool = ActorPoolStrategy(min_size=1)
    elif isinstance(actors, int):
        pool = ActorPoolStrategy(size=actors)
    else:
        pool = ActorPoolStrategy(min_size=actors[0], max_size=actors[1])
    return ds.map_batches(
        _Actor,
        fn_constructor_kwargs={"text": text, "prefix": prefix, "settings": settings},
        batch_format="pyarrow",
        batch_size=batch_size,
        compute=pool,
        num_cpus=threads,
    )


class _Actor:
    """A process with a scorer."""

    def __init__(self, text: str, prefix: str, settings: dict[str, Any]) -> None:
        self.scorer = Scorer(**settings)
        self.text = text
        self.prefix = prefix

    def __call__(self, table: pa.Table) -> pa.Table:
        return with_scores(table, self.scorer, self.text, self.prefix)
