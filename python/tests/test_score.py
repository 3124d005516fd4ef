"""Scores: those of the command line, for every kind of input."""

import csv
import math

import pyarrow as pa
import pyarrow.parquet
import pytest
from conftest import command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import comity


def run_over(texts, folder, *options):
    """Returns the rows of `comity score` over a file with one comment per text."""
    with open(folder / "texts.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "thread", "text"])
        # Each comment is a thread of its own, so that none quotes another.
        writer.writerows((number, f"t{number}", text) for number, text in enumerate(texts))
    command("score", folder / "texts.csv", "--out", folder / "out", "--also", "parquet", *options)
    return pa.parquet.read_table(folder / "out/scored.parquet")


def assert_same(table, run):
    """Compares scores with those of a run, which have six decimals."""
    assert table.num_rows == run.num_rows
    compared = 0
    for name in table.column_names:
        for ours, theirs, text in zip(
            table.column(name).to_pylist(),
            run.column(name).to_pylist(),
            run.column("text").to_pylist(),
        ):
            if isinstance(ours, float):
                ours, theirs = f"{ours:.6f}", f"{theirs:.6f}"
                compared += 1
            assert ours == theirs, (name, text)
    return compared


def test_scores_are_those_of_the_command_line(english, texts, tmp_path):
    run = run_over(texts, tmp_path)
    # An export's reader makes a blank of a text without words; the scorer gets it as it is.
    compared = assert_same(english.score(run.column("text").fill_null(""), as_export=True), run)
    assert compared >= 10 * 40


def test_decisions_are_those_of_the_command_line(texts, tmp_path):
    run = run_over(texts, tmp_path)
    table = comity.score(run.column("text").fill_null(""), policy="default", as_export=True)
    assert table.column("action").to_pylist() == run.column("action").to_pylist()
    assert table.column("rule").to_pylist() == run.column("rule").to_pylist()
    flagged = [action in ("review", "reject") for action in run.column("action").to_pylist()]
    assert [bool(value) for value in table.column("flagged").to_pylist()] == flagged
    assert any(flagged) and not all(flagged)


def test_threads_and_batches_do_not_change_a_bit(english, texts):
    one = comity.Scorer(threads=1).score(texts)
    assert one.equals(english.score(texts))
    single = pa.concat_tables(english.score([text]) for text in texts[:12])
    assert single.equals(one.slice(0, 12))
    assert english.score(texts[::-1]).slice(0, 1).equals(one.slice(len(texts) - 1, 1))


def test_missing_texts_have_nulls_and_the_reason(tiny):
    import pandas as pd

    table = tiny.score(["fine", None, float("nan"), pd.NA, pd.NaT, ""])
    assert table.column("unscored").to_pylist() == [None, "null", "null", "null", "null", "empty"]
    for name in table.column_names:
        assert name in ("unscored", "evasion") or table.column(name).null_count >= 5
    assert table.column("toxicity")[0].as_py() is not None


def test_columns(english):
    table = comity.score(["You are a fool."])
    names = table.column_names
    for label in english.labels:
        assert table.schema.field(label).type == pa.float64()
    assert {"language", "sentiment", "evasion", "unscored"} <= set(names)
    assert table.schema.field("evasion").type == pa.bool_()
    decided = comity.score(["You are a fool."], policy="default")
    assert set(decided.column_names) - set(names) >= {
        "flagged",
        "action",
        "rule",
        "score",
        "threshold",
    }
    assert english.schema == table.schema
    assert english.name == "english" and english.languages == ["en"] and english.threads == 2


def test_a_toxic_comment_scores_higher_than_a_kind_one(english):
    toxic, kind = english.score(["You are a stupid fool.", "Thank you, that helps a lot."]).column(
        "toxicity"
    )
    assert toxic.as_py() > 0.5 > kind.as_py()


def test_nothing_gives_an_empty_table(tiny):
    for nothing in ([], (), iter([]), pa.array([], pa.string())):
        table = tiny.score(nothing)
        assert table.num_rows == 0 and table.schema == tiny.schema
    assert tiny.stream([]).read_all().schema == tiny.schema


def test_streams_are_read_as_they_are_needed(tiny):
    taken = 0

    def texts():
        nonlocal taken
        for number in range(100_000):
            taken += 1
            yield f"comment {number}"

    reader = tiny.stream(texts())
    first = reader.read_next_batch()
    assert 0 < first.num_rows <= 4096 and taken <= 2 * 4096
    reader.close()


def test_an_error_of_an_iterator_is_passed_on(tiny):
    def texts():
        yield "fine"
        raise LookupError("gone")

    with pytest.raises(LookupError, match="gone"):
        tiny.score(texts())


def test_explain(english):
    text = "Thank you 😀. You are a stupid fool."
    found = english.explain(text)
    assert found["toxicity"] == english.score([text]).column("toxicity")[0].as_py()
    explained = found["explained"]
    assert explained["label"] == "toxicity" and explained["score"] == found["toxicity"]
    words = [text[word["start"] : word["end"]] for word in explained["words"]]
    assert "fool" in words or "stupid" in words, words
    sentences = [text[part["start"] : part["end"]] for part in explained["sentences"]]
    assert any(sentence.startswith("You are") for sentence in sentences), sentences
    assert english.explain("")["explained"] is None
    with pytest.raises(TypeError, match="one text at a time"):
        english.explain([text])


def test_calibration_maps_toxicity(texts):
    plain = comity.score(texts).column("toxicity").to_pylist()
    mapped = comity.score(texts, calibration="perspective").column("toxicity").to_pylist()
    assert plain != mapped
    pairs = sorted((a, b) for a, b in zip(plain, mapped) if a is not None)
    assert all(low[1] <= high[1] for low, high in zip(pairs, pairs[1:]))


def test_settings_that_are_wrong(tmp_path):
    with pytest.raises(ValueError):
        comity.Scorer(threads=0)
    with pytest.raises((ValueError, comity.ModelError)):
        comity.Scorer("no-such-model")
    with pytest.raises(comity.ModelError):
        comity.Scorer(tmp_path)
    with pytest.raises(comity.PolicyError):
        comity.Scorer(policy=tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_text("[[rule]]\nname = 1\n")
    with pytest.raises(comity.PolicyError):
        comity.Scorer(policy=tmp_path / "bad.toml")
    with pytest.raises(comity.CalibrationError):
        comity.Scorer(calibration=tmp_path / "none.toml")
    for error in ("ModelError", "PolicyError", "CalibrationError", "InputError", "RunError"):
        assert issubclass(getattr(comity, error), comity.ComityError)


def test_a_changed_policy_is_read_again(tmp_path):
    policy = tmp_path / "policy.toml"
    rule = 'name = "p"\nseconds_a_comment = 30\n[[rule]]\nname = "r"\nlabel = "toxicity"\n'
    found = []
    for threshold in (0.5, 0.999999):
        policy.write_text(f'{rule}action = "review"\nthreshold = {threshold}\n')
        found += (
            comity.score(["You are a stupid fool."], policy=policy).column("action").to_pylist()
        )
    assert found == ["review", "approve"]


def test_progress_is_printed_if_asked_for(tiny, capsys):
    tiny.score(["fine"] * 10)
    assert capsys.readouterr().err == ""
    tiny.score(["fine"] * 10, progress=True)
    assert "scored 10 of 10 comments" in capsys.readouterr().err
    tiny.score(iter(["fine"] * 10), progress=True)
    assert "scored 10 comments" in capsys.readouterr().err


words = st.text(st.characters(codec="utf-8"), max_size=60)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.one_of(st.none(), words), max_size=40))
def test_every_form_of_the_same_texts_has_the_same_scores(tiny, values):
    import pandas as pd
    import polars as pl

    expected = tiny.score(values)
    assert expected.num_rows == len(values)
    array = pa.array(values, pa.string())
    forms = [
        tuple(values),
        iter(values),
        array,
        array.cast(pa.large_string()),
        array.cast(pa.string_view()),
        array.dictionary_encode(),
        pa.chunked_array([array.slice(0, 3), array.slice(3)], pa.string()),
        pd.Series(values, dtype=object),
        pd.Series(values, dtype="str"),
        pd.Series(values, dtype="string[pyarrow]"),
        pd.Series(values, dtype=pd.ArrowDtype(pa.string())),
        pd.Series(values, dtype="str").astype("category"),
        pl.Series(values, dtype=pl.String),
        pl.Series(values, dtype=pl.Categorical),
    ]
    for form in forms:
        assert tiny.score(form).equals(expected), type(form)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(words, min_size=1, max_size=30), st.randoms())
def test_scores_do_not_depend_on_the_company(tiny, values, random):
    expected = tiny.score(values).to_pylist()
    order = list(range(len(values)))
    random.shuffle(order)
    shuffled = tiny.score([values[place] for place in order]).to_pylist()
    assert [shuffled[order.index(place)] for place in range(len(values))] == expected
    for row in expected:
        for name, value in row.items():
            if isinstance(value, float):
                assert math.isfinite(value) and -1 <= value <= 1, name
            assert name != "unscored" or (value is None) == (row["toxicity"] is not None)


def test_short_texts_of_an_export_are_judged_by_the_others(english, tmp_path):
    # Alone, some of these look like another language; among English comments they do not.
    texts = ["This is a perfectly ordinary English comment about buses and their drivers."] * 40
    texts += [
        "lol no",
        "ok",
        "me too",
        "Bravo!",
        "haha",
        "super",
        "Nein.",
        "merci beaucoup",
        "de nada",
    ]
    run = run_over(texts, tmp_path)
    table = english.score(iter(texts), as_export=True)
    assert_same(table, run)
    assert table.equals(english.score(pa.array(texts), as_export=True))
    assert english.stream(texts, as_export=True).read_all().equals(table)
