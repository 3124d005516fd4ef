"""The pipeline: `run`."""

from __future__ import annotations

import os
from typing import Any

from . import _native
from ._read import Paths, path_list
from ._report import Report


def run(inputs: Paths, *, out: str | os.PathLike[str], **options: Any) -> Report:
    """Scores exports and writes tables and pages about them: `comity score` in this process.

    Args:
        inputs: Files, folders or zip archives: one, or several.
        out: The folder to write to.
        options: The options of `comity score` with `_` for `-`: `policy="policy.toml"`,
            `also=["parquet", "convokit"]`, `map={"text": "body"}`, `resume=True`.

    Returns:
        The report. Its `exit_code` is 3 if some records could not be read, and 0 otherwise.

    Raises:
        RunError: The run failed. The cause is on standard error.
    """
    code = _native.main(
        ["score", *arguments(options), "--out", os.fspath(out), "--", *path_list(inputs)]
    )
    if code not in (0, 3):
        error = _native.RunError(
            f"comity score ended with exit code {code}; standard error has the cause"
        )
        error.exit_code = code
        raise error
    return Report(out, exit_code=code)


def arguments(options: dict[str, Any]) -> list[str]:
    """Returns options as arguments of the command line.

    >>> arguments({"also": ["parquet", "gexf"], "resume": True, "strict": False, "limit": 5})
    ['--also=parquet,gexf', '--resume', '--limit=5']
    """
    words = []
    for name, value in options.items():
        option = "--" + name.replace("_", "-")
        if value is None or value is False:
            continue
        if value is True:
            words.append(option)
            continue
        if isinstance(value, dict):
            value = ",".join(f"{key}={part}" for key, part in value.items())
        elif isinstance(value, (list, tuple)):
            value = ",".join(map(str, value))
        words.append(f"{option}={value}")
    return words
