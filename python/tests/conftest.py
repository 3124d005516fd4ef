"""What the tests share. `pytest -m "not engines"` is the quick set."""

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest

import comity

ROOT = Path(__file__).resolve().parents[2]
TINY = ROOT / "tests/models/tiny"


def pytest_configure(config):
    config.addinivalue_line(
        "markers", "engines: Spark, Ray, Daft, ConvoKit and the notebooks; minutes"
    )


@pytest.fixture(scope="session")
def texts() -> list[str]:
    """Comments of the sample, and what is hard: other languages, disguises, nothing, much."""
    with open(ROOT / "data/sample/town-square.csv", newline="", encoding="utf-8") as file:
        comments = [row["comment"] for row in csv.DictReader(file) if row["comment"] != "[deleted]"]
    return [
        *comments,
        "",
        " ",
        "😀",
        "@someone",
        "Das ist ein ganz normaler Satz in deutscher Sprache, den niemand bewerten muss.",
        "you 1d1ot, you st*pid f00l",
        "f\u200bo\u200bo\u200bl",
        "&lt;b&gt; you &amp; me\r\nand\ttabs",
        "This is a long comment about nothing at all. " * 60,
    ]


@pytest.fixture(scope="session")
def tiny() -> comity.Scorer:
    """A scorer of the tests' tiny model: its scores mean nothing, and it is fast."""
    return comity.Scorer(TINY, threads=2)


@pytest.fixture(scope="session")
def english() -> comity.Scorer:
    """A scorer of the built-in model."""
    return comity.Scorer(threads=2)


def command(*arguments: object, check: bool = True) -> subprocess.CompletedProcess:
    """Runs the command line that the package installs."""
    words = [sys.executable, "-m", "comity", *map(str, arguments)]
    run = subprocess.run(words, capture_output=True, text=True, env=environment())
    assert not check or run.returncode in (0, 3), run.stderr
    return run


def python(code: str, *arguments: object, **options) -> subprocess.CompletedProcess:
    """Runs a program in a process of its own."""
    words = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(words, capture_output=True, text=True, env=environment(), **options)


def environment() -> dict[str, str]:
    """Returns an environment in which child processes import the package that is tested."""
    package = str(Path(comity.__file__).resolve().parents[1])
    paths = [package, os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
