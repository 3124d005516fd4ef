"""The examples of the documentation and of the package's docs, which are doctests."""

import doctest
import importlib
import os

import pytest

from conftest import ROOT

PAGES = ["docs/how-to/use-from-python.md", "docs/reference/python.md"]
MODULES = ["comity", "comity._run", "comity._score"]
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@pytest.mark.parametrize("page", PAGES)
def test_page(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    os.symlink(ROOT / "data", tmp_path / "data")
    found = doctest.testfile(str(ROOT / page), module_relative=False, optionflags=OPTIONS)
    assert found.attempted > 5 and found.failed == 0


@pytest.mark.parametrize("module", MODULES)
def test_module(module):
    found = doctest.testmod(importlib.import_module(module), optionflags=OPTIONS)
    assert found.attempted > 0 and found.failed == 0
