"""Engines: Spark, Ray, Daft, ConvoKit, and the notebooks.

Each test is skipped if its library is missing. They run on local clusters of two workers with the
tests' tiny model; the scores are those of one process, bit for bit.
"""

import os
import re
import subprocess
import sys
import time
import warnings

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import ROOT, TINY, environment

import comity

pytestmark = pytest.mark.engines

ROWS = 20_000
SETTINGS = {"model": str(TINY), "threads": 1, "policy": "default"}


@pytest.fixture(scope="module")
def comments() -> pa.Table:
    texts = [f"comment {n % 7919} about topic {n % 13}" if n % 101 else None for n in range(ROWS)]
    return pa.table({"id": [str(n) for n in range(ROWS)], "body": pa.array(texts, pa.string())})


@pytest.fixture(scope="module")
def expected(comments) -> pa.Table:
    """The comments and their scores, by one process."""
    scores = comity.Scorer(**SETTINGS).score(comments.column("body"))
    for name in scores.column_names:
        comments = comments.append_column(name, scores.column(name))
    return by_id(comments)


@pytest.fixture(scope="module")
def parquet(comments, tmp_path_factory) -> str:
    """The comments as four Parquet files."""
    folder = tmp_path_factory.mktemp("comments")
    for part in range(4):
        size = ROWS // 4
        pq.write_table(comments.slice(part * size, size), folder / f"{part}.parquet")
    return str(folder)


def by_id(table: pa.Table) -> pa.Table:
    """Returns a table in the order of its ids, with the plain types that every engine has."""
    table = table.sort_by("id")
    plain = {pa.large_string(): pa.string(), pa.string_view(): pa.string()}
    types = [plain.get(field.type, field.type) for field in table.schema]
    return pa.table([c.cast(t) for c, t in zip(table.columns, types)], names=table.column_names)


def assert_same(found: pa.Table, expected: pa.Table) -> None:
    found = by_id(found.select(expected.column_names))
    assert found.num_rows == expected.num_rows
    for name in expected.column_names:
        assert found.column(name).equals(expected.column(name)), name


# ---- Spark


@pytest.fixture(scope="module")
def spark():
    pytest.importorskip("pyspark")
    from pyspark.sql import SparkSession

    paths = environment()["PYTHONPATH"]
    os.environ.update(PYSPARK_PYTHON=sys.executable, PYTHONPATH=paths)
    session = (
        SparkSession.builder.master("local-cluster[2,1,1024]")
        .appName("comity")
        .config("spark.ui.enabled", "false")
        .config("spark.executorEnv.PYTHONPATH", paths)
        .config("spark.sql.shuffle.partitions", "4")
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


def collected(df, folder) -> pa.Table:
    df.write.mode("overwrite").parquet(str(folder))
    return pq.read_table(str(folder))


def test_spark_gives_the_scores_of_one_process(spark, parquet, expected, tmp_path):
    import comity.spark

    scored = comity.spark.score(spark.read.parquet(parquet), text="body", **SETTINGS)
    assert scored.columns == expected.column_names
    assert_same(collected(scored, tmp_path / "scored"), expected)
    again = comity.spark.score(spark.read.parquet(parquet).repartition(7), text="body", **SETTINGS)
    assert_same(collected(again, tmp_path / "again"), expected)


def test_spark_streams(spark, parquet, expected, tmp_path):
    import comity.spark

    stream = spark.readStream.schema("id string, body string").parquet(parquet)
    query = (
        comity.spark.score(stream, text="body", **SETTINGS)
        .writeStream.format("parquet")
        .option("path", str(tmp_path / "scored"))
        .option("checkpointLocation", str(tmp_path / "checkpoints"))
        .trigger(availableNow=True)
        .start()
    )
    query.awaitTermination()
    written = spark.read.parquet(str(tmp_path / "scored"))
    assert_same(collected(written, tmp_path / "local"), expected)


def test_spark_refuses_columns_that_are_there(spark):
    import comity.spark

    df = spark.createDataFrame([("a", 1.0)], ["text", "Toxicity"])
    with pytest.raises(ValueError, match="prefix"):
        comity.spark.score(df, model=str(TINY))
    assert "c_toxicity" in comity.spark.score(df, model=str(TINY), prefix="c_").columns
    with pytest.raises(ValueError, match="no column `body`"):
        comity.spark.score(df, text="body", model=str(TINY))


def test_spark_survives_a_killed_executor(spark, parquet, expected, tmp_path):
    import threading

    import comity.spark

    df = spark.read.parquet(parquet).repartition(16)

    def slowly(batches):
        for batch in batches:
            time.sleep(0.6)
            yield batch

    slow = df.mapInArrow(slowly, df.schema)
    scored = comity.spark.score(slow, text="body", **SETTINGS)
    killed = []

    def kill():
        # The first tasks have begun once Spark's folder for them is there.
        deadline = time.monotonic() + 120
        while not list(tmp_path.glob("scored/_temporary/0/*")) and time.monotonic() < deadline:
            time.sleep(0.1)
        for process in executors()[:1]:
            subprocess.run(["kill", "-9", process], check=True)
            killed.append(process)

    killer = threading.Thread(target=kill)
    killer.start()
    found = collected(scored, tmp_path / "scored")
    killer.join()
    assert len(killed) == 1
    assert_same(found, expected)


def executors() -> list[str]:
    """Returns the process ids of the executors that this test's driver started."""
    lines = subprocess.run(["ps", "-wweo", "pid,ppid,args"], capture_output=True, text=True).stdout
    found, parents = [], {}
    for line in lines.splitlines()[1:]:
        pid, parent, args = line.split(None, 2)
        parents[pid] = parent
        if "CoarseGrainedExecutorBackend" in args and "java" in args.split()[0]:
            found.append(pid)

    def is_ours(pid):
        while pid not in ("0", "1", None):
            if pid == str(os.getpid()):
                return True
            pid = parents.get(pid)
        return False

    return [pid for pid in found if is_ours(pid)]


def test_spark_queries_reproduce_the_tables_of_a_run(spark, tmp_path):
    inputs = [ROOT / "data/sample", ROOT / "data/sample-exports/reddit-thread.json"]
    report = comity.run(inputs, out=tmp_path / "report", also=["parquet"])
    scored = spark.read.parquet(str(report.path / "scored.parquet"))
    scored = scored.selectExpr("*", "action in ('review', 'reject') as flagged")
    scored.createOrReplaceTempView("scored")
    page = (ROOT / "docs/how-to/spark-and-ray.md").read_text(encoding="utf-8")
    totals, authors, threads = re.findall(r"^```sql\n(.*?)^```", page, flags=re.M | re.S)
    spark.sql(totals)
    compare(spark.sql(authors), report.authors, "author", tmp_path / "authors")
    compare(spark.sql(threads), report.threads, "thread", tmp_path / "threads")
    spark.sql("uncache table author_totals")


def compare(found, table: pa.Table, key: str, folder) -> None:
    """Compares the columns of a query with those of a table of a report, which has six decimals."""
    found = {row[key]: row for row in collected(found, folder).to_pylist()}
    rows = table.to_pylist()
    assert found.keys() == {row[key] for row in rows}
    for row in rows:
        for name, value in found[row[key]].items():
            assert name in row, name
            if isinstance(value, float):
                assert value == pytest.approx(row[name], abs=1.1e-6), (row[key], name)
            else:
                assert value == row[name], (row[key], name)


# ---- Ray and Daft


@pytest.fixture(scope="module")
def ray_cluster():
    ray = pytest.importorskip("ray")
    os.environ.update(PYTHONPATH=environment()["PYTHONPATH"], RAY_DATA_DISABLE_PROGRESS_BARS="1")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ray.init(
            num_cpus=4, include_dashboard=False, log_to_driver=False, object_store_memory=200 << 20
        )
    yield ray
    ray.shutdown()


def test_ray_gives_the_scores_of_one_process(ray_cluster, parquet, expected, tmp_path):
    import ray.data

    import comity.ray

    scored = comity.ray.score(ray.data.read_parquet(parquet), text="body", actors=2, **SETTINGS)
    scored.write_parquet(str(tmp_path / "scored"))
    assert_same(pq.read_table(str(tmp_path / "scored")), expected)


def test_ray_refuses_columns_that_are_there(ray_cluster):
    import ray.data

    import comity.ray

    with pytest.raises(ValueError, match="prefix"):
        comity.ray.score(ray.data.from_items([{"text": "a", "toxicity": 1.0}]), model=str(TINY))


@pytest.mark.parametrize("processes", [None, 2])
def test_daft_gives_the_scores_of_one_process(parquet, expected, processes):
    daft = pytest.importorskip("daft")
    import comity.daft

    df = comity.daft.score(
        daft.read_parquet(parquet + "/*.parquet"), text="body", processes=processes, **SETTINGS
    )
    assert_same(df.to_arrow(), expected)
    with pytest.raises(ValueError, match="prefix"):
        comity.daft.score(df, text="body", **SETTINGS)


# ---- ConvoKit and notebooks


def test_convokit_metadata(tmp_path):
    convokit = pytest.importorskip("convokit")
    from comity.convokit import ComityTransformer

    speaker = convokit.Speaker(id="s")
    texts = {"1": "You are a fool.", "2": "", "3": "Thank you very much."}
    corpus = convokit.Corpus(
        utterances=[
            convokit.Utterance(
                id=key,
                speaker=speaker,
                conversation_id="1",
                text=text,
                reply_to=None if key == "1" else "1",
            )
            for key, text in texts.items()
        ]
    )
    step = ComityTransformer(prefix="comity_", policy="default")
    assert step.fit_transform(corpus) is corpus
    scores = comity.score(list(texts.values()), policy="default").to_pylist()
    for utterance, row in zip((corpus.get_utterance(key) for key in texts), scores):
        for name, value in row.items():
            assert utterance.meta["comity_" + name] == value
    corpus.dump("dumped", base_path=str(tmp_path))
    loaded = convokit.Corpus(filename=str(tmp_path / "dumped"))
    assert loaded.get_utterance("1").meta["comity_toxicity"] == scores[0]["toxicity"]
    assert comity.read(tmp_path / "dumped").num_rows == 3
    one = step.transform_utterance("You are a fool.")
    assert one.meta["comity_toxicity"] == scores[0]["toxicity"]
    chosen = ComityTransformer(prefix="c_")
    chosen.transform(corpus, selector=lambda utterance: utterance.id == "3")
    assert "c_toxicity" in corpus.get_utterance("3").meta
    assert "c_toxicity" not in corpus.get_utterance("1").meta


@pytest.mark.parametrize("name", ["thread", "thread-size"])
def test_notebook(name, tmp_path, monkeypatch):
    nbclient = pytest.importorskip("nbclient")
    nbformat = pytest.importorskip("nbformat")
    pytest.importorskip("matplotlib")
    for key, value in environment().items():
        monkeypatch.setenv(key, value)
    os.symlink(ROOT / "data", tmp_path / "data")
    notebook = nbformat.read(ROOT / f"docs/notebooks/{name}.ipynb", as_version=4)
    resources = {"metadata": {"path": str(tmp_path)}}
    done = nbclient.NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources=resources
    ).execute()
    outputs = [output for cell in done.cells if cell.cell_type == "code" for output in cell.outputs]
    assert any("image/png" in output.get("data", {}) for output in outputs)
    assert list(tmp_path.glob("*.pdf"))
