"""Reading, runs and reports."""

import datetime
import warnings

import pyarrow as pa
import pytest
from conftest import ROOT, TINY, command

import comity
from comity._run import arguments

SAMPLE = ROOT / "data/sample"
THREAD = ROOT / "data/sample-exports/reddit-thread.json"


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    out = tmp_path_factory.mktemp("run") / "report"
    return comity.run(SAMPLE, out=out, also=["parquet"], by=["section", "thread"], threads=2)


def test_read_has_the_comments_of_the_export():
    table = comity.read(SAMPLE / "town-square.csv")
    assert table.num_rows == 41
    names = {"id", "thread_id", "author", "time", "parent_id", "text"}
    assert names <= set(table.column_names)
    assert pa.types.is_timestamp(table.schema.field("time").type)
    first = table.slice(0, 1).to_pylist()[0]
    assert first["id"] == "101" and first["author"] == "Marisol Tend"
    assert first["time"] == datetime.datetime(2026, 3, 2, 7, 14, 5, tzinfo=datetime.UTC)
    assert first["text"].startswith("Finally a night bus")


def test_read_takes_several_paths_and_columns(tmp_path):
    file = tmp_path / "a.csv"
    file.write_text("number,words\n1,One comment here\n2,Another comment there\n")
    table = comity.read([file, SAMPLE / "town-square.csv"])
    assert table.num_rows == 43
    mapped = comity.read(file, map={"text": "words", "id": "number"})
    assert mapped.column("text").to_pylist() == ["One comment here", "Another comment there"]
    assert mapped.column("id").to_pylist() == ["1", "2"]


def test_read_reports_rejects(tmp_path):
    file = tmp_path / "a.ndjson"
    file.write_text('{"id": "1", "text": "One comment"}\nno json\n{"id": "2", "text": "Two"}\n')
    rejects = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table = comity.read(file, format="ndjson", rejects=rejects)
    assert table.num_rows == 2
    assert len(rejects) == 1 and rejects[0].file.endswith("a.ndjson")
    assert rejects[0].cause and "2" in str(rejects[0].place)
    with pytest.warns(UserWarning, match="1 record.* could not be read"):
        comity.read(file, format="ndjson")
    with pytest.raises(comity.InputError):
        comity.read(file, format="ndjson", strict=True)


def test_read_errors_name_the_file(tmp_path):
    with pytest.raises(comity.InputError, match="no-such-file"):
        comity.read(tmp_path / "no-such-file.csv")
    with pytest.raises(ValueError, match="at least one"):
        comity.read([])
    with pytest.raises((ValueError, comity.InputError), match="no-such-format"):
        comity.read(THREAD, format="no-such-format")


def test_scores_of_a_read_export():
    table = comity.read(SAMPLE / "town-square.csv")
    scores = comity.score(table.column("text"))
    assert scores.num_rows == table.num_rows
    joined = table.append_column("toxicity", scores.column("toxicity"))
    assert joined.num_rows == 41


def test_run_writes_what_the_command_line_writes(report, tmp_path):
    command(
        "score", SAMPLE, "--out", tmp_path / "other", "--also", "parquet", "--by", "section,thread"
    )
    ours = {file.name: file.read_bytes() for file in report.path.iterdir() if file.is_file()}
    theirs = {
        file.name: file.read_bytes() for file in (tmp_path / "other").iterdir() if file.is_file()
    }
    assert ours == theirs


def test_report_has_the_tables(report):
    assert report.exit_code == 0
    assert report.scores.num_rows == report.decisions.num_rows == 77
    assert report.threads.num_rows == 4
    assert report.flagged.num_rows == report.summary["counts"]["flagged"]
    assert report.authors.column("comments").to_pylist()
    for name in ("bins", "time_bins", "size_bins", "network", "by", "rejects"):
        assert isinstance(getattr(report, name), pa.Table), name
    assert report.settings["model"]
    assert "Comity" in report.methods or "comity" in report.methods
    with pytest.raises(KeyError, match="it has authors"):
        report.table("nothing")


def test_report_tables_have_types_and_nulls(report):
    scores = report.scores.schema
    assert scores.field("toxicity").type == pa.float64()
    assert scores.field("evasion").type == pa.bool_()
    assert scores.field("created_at").type == pa.timestamp("us", "UTC")
    assert scores.field("votes").type == pa.int64()
    assert report.scores.column("unscored").null_count == report.summary["counts"]["scored"]
    assert report.threads.schema.field("toxicity_slope").type == pa.float64()
    assert report.threads.schema.field("peak_position").type == pa.int64()
    assert report.authors.schema.field("ranked").type == pa.bool_()


def test_report_restores_the_texts(tmp_path):
    texts = [
        "=1+1",
        "'quoted' words",
        "a;=b, c;-)",
        "- a list\n- of two",
        "plain 'words'",
        "@me hello;'-x",
    ]
    file = tmp_path / "texts.ndjson"
    import json

    file.write_text(
        "".join(json.dumps({"id": str(at), "text": t}) + "\n" for at, t in enumerate(texts))
    )
    report = comity.run(file, out=tmp_path / "out", model=TINY, also=["parquet"])
    assert report.scores.column("text").to_pylist() == texts


def test_report_of_a_notebook(report):
    page = report._repr_html_()
    assert page.count("data:image/svg+xml;base64,") == 7
    assert "<th>scored</th><td>74</td>" in page
    assert "thread-4" in report.charts and report.charts["toxicity"].lstrip().startswith("<")
    assert "report" in repr(report)


def test_report_needs_the_folder_of_a_run(tmp_path):
    with pytest.raises(FileNotFoundError, match="run.json"):
        comity.Report(tmp_path)


def test_run_reports_rejects_and_failures(tmp_path, capfd):
    file = tmp_path / "a.ndjson"
    file.write_text('{"id": "1", "text": "One comment"}\nno json\n')
    options = {"format": "ndjson", "model": TINY}
    assert comity.run(file, out=tmp_path / "out", **options).exit_code == 3
    with pytest.raises(comity.RunError) as failed:
        comity.run(tmp_path / "nothing.csv", out=tmp_path / "out2", **options)
    assert failed.value.exit_code == 1
    with pytest.raises(comity.RunError) as wrong:
        comity.run(file, out=tmp_path / "out3", no_such_option=True)
    assert wrong.value.exit_code == 2
    assert "--no-such-option" in capfd.readouterr().err


def test_options_become_arguments():
    options = {
        "also": ["parquet", "gexf"],
        "resume": True,
        "strict": False,
        "limit": 5,
        "key": None,
    }
    assert arguments(options) == ["--also=parquet,gexf", "--resume", "--limit=5"]
    assert arguments({"map": {"text": "body", "id": "meta.id"}}) == ["--map=text=body,id=meta.id"]
    assert arguments({"header_row": 3}) == ["--header-row=3"]


def test_the_command_line():
    version = command("--version").stdout
    assert version.split()[-1].startswith(comity.__version__)
    assert "score" in command("--help").stdout
    assert command("score", check=False).returncode == 2


def test_rejects_are_a_table_with_places(tmp_path):
    export = tmp_path / "few.csv"
    export.write_text("id,text\n1,Good morning\n2,too,many,cells\n")
    report = comity.run(export, out=tmp_path / "out")
    assert report.exit_code == 3
    [reject] = report.rejects.to_pylist()
    assert reject["line"] == 3 and reject["bytes"].count("-") == 1
    with pytest.raises(KeyError):
        report.table("../out/scores")
