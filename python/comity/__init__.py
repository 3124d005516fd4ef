"""Scores comments for toxicity and sentiment: offline, on a CPU, with the model inside the package.

    >>> import comity
    >>> table = comity.score(["You are a fool.", "Good luck!"])
    >>> [toxicity > 0.5 for toxicity in table.column("toxicity").to_pylist()]
    [True, False]

`score` takes lists, iterators, and columns of pandas, Polars and Arrow. `Scorer` is for reuse,
`read` reads an export, `run` is the whole pipeline, and `Report` opens the folder that a run wrote.

Importing the package loads neither the model nor pyarrow; the first use does.
"""

from __future__ import annotations

# Type checkers take it for true. Importing `typing` for it would be most of the import's time.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._native import (
        CalibrationError as CalibrationError,
    )
    from ._native import (
        ComityError as ComityError,
    )
    from ._native import (
        InputError as InputError,
    )
    from ._native import (
        ModelError as ModelError,
    )
    from ._native import (
        PolicyError as PolicyError,
    )
    from ._native import (
        RunError as RunError,
    )
    from ._read import Reject as Reject
    from ._read import read as read
    from ._report import Report as Report
    from ._run import run as run
    from ._score import Scorer as Scorer
    from ._score import score as score

    __version__: str

__all__ = [
    "CalibrationError",
    "ComityError",
    "InputError",
    "ModelError",
    "PolicyError",
    "Reject",
    "Report",
    "RunError",
    "Scorer",
    "read",
    "run",
    "score",
]

# The module of each name. A name is imported when it is first used.
_MODULES = {
    "CalibrationError": "_native",
    "ComityError": "_native",
    "InputError": "_native",
    "ModelError": "_native",
    "PolicyError": "_native",
    "RunError": "_native",
    "Reject": "_read",
    "read": "_read",
    "Report": "_report",
    "run": "_run",
    "Scorer": "_score",
    "score": "_score",
}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name == "__version__":
        value = import_module("._native", __name__).version()
    elif name in _MODULES:
        value = getattr(import_module("." + _MODULES[name], __name__), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "__version__"})
