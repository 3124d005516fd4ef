"""The example of a 4CAT processor, with a stand-in for 4CAT."""

import importlib.util
import sys
import types

from conftest import ROOT


class Dataset:
    def __init__(self, items=()):
        self.items, self.statuses, self.error = items, [], None

    def iterate_items(self, processor):
        yield from self.items

    def update_status(self, status):
        self.statuses.append(status)

    def finish_with_error(self, error):
        self.error = error


class BasicProcessor:
    def __init__(self, items, **parameters):
        self.source_dataset, self.dataset = Dataset(items), Dataset()
        self.parameters, self.rows, self.annotations = parameters, None, None

    def write_csv_items_and_finish(self, rows):
        self.rows = rows

    def save_annotations(self, annotations, overwrite=False):
        self.annotations = annotations


def processor(monkeypatch):
    for name in ("backend", "backend.lib", "backend.lib.processor", "common", "common.lib"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    helpers = types.ModuleType("common.lib.helpers")
    helpers.UserInput = types.SimpleNamespace(OPTION_MULTI="multi", OPTION_TOGGLE="toggle")
    monkeypatch.setitem(sys.modules, "common.lib.helpers", helpers)
    sys.modules["backend.lib.processor"].BasicProcessor = BasicProcessor
    path = ROOT / "python/examples/fourcat_processor.py"
    spec = importlib.util.spec_from_file_location("fourcat_processor", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.ComityScores


def test_the_4cat_processor_scores_items(monkeypatch):
    items = [{"id": "1", "body": "You are a fool."}, {"id": "2", "body": None}]
    run = processor(monkeypatch)(items, labels=["toxicity"], write_annotations=True)
    run.process()
    assert [row["id"] for row in run.rows] == ["1", "2"]
    assert run.rows[0]["toxicity"] > 0.5 and run.rows[1]["unscored"] == "null"
    assert [annotation["item_id"] for annotation in run.annotations] == ["1"]
    assert set(processor(monkeypatch).get_options()["labels"]["options"]) > {"toxicity"}


def test_the_4cat_processor_reports_an_empty_dataset(monkeypatch):
    run = processor(monkeypatch)([])
    run.process()
    assert run.rows is None and "no items" in run.dataset.error
