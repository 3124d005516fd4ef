"""The examples of the documentation and of the package's docs, which are doctests."""

import doctest
import importlib
import os
import re

import pytest
from conftest import ROOT

PAGES = ["docs/how-to/use-from-python.md", "docs/reference/python.md"]
MODULES = ["comity", "comity._run", "comity._score"]
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@pytest.mark.parametrize("page", PAGES)
def test_page(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    os.symlink(ROOT / "data", tmp_path / "data")
    # The fence that ends a block would belong to the expected output.
    text = re.sub(r"^```.*$", "", (ROOT / page).read_text(encoding="utf-8"), flags=re.M)
    test = doctest.DocTestParser().get_doctest(text, {}, page, page, 0)
    runner = doctest.DocTestRunner(optionflags=OPTIONS)
    runner.run(test)
    assert runner.summarize().attempted > 5 and runner.summarize().failed == 0


@pytest.mark.parametrize("module", MODULES)
def test_module(module):
    found = doctest.testmod(importlib.import_module(module), optionflags=OPTIONS)
    assert found.attempted > 0 and found.failed == 0
