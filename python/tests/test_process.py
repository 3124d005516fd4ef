"""Processes and threads: imports, forks, pickles, Ctrl-C, time and memory."""

import multiprocessing
import pickle
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import pytest
from conftest import TINY, environment, python

import comity

TEXTS = [f"comment number {number}, you fool" for number in range(500)]


def test_import_does_no_work():
    """Processor time, because CI machines are busy."""
    code = "import time; a = time.process_time(); import comity; print(time.process_time() - a)"
    fastest = min(float(python(code).stdout) for _ in range(5))
    assert fastest < 0.05, fastest


def test_names_are_known_without_being_loaded():
    assert set(comity.__all__) <= set(dir(comity))
    for name in comity.__all__:
        assert getattr(comity, name) is not None
    assert comity.__version__.count(".") == 2
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        comity.nothing  # noqa: B018


def test_the_stub_is_that_of_the_module():
    import ast
    from pathlib import Path

    from comity import _native

    tree = ast.parse((Path(comity.__file__).parent / "_native.pyi").read_text())
    for node in tree.body:
        if not isinstance(node, (ast.ClassDef, ast.FunctionDef)):
            continue
        if isinstance(node, ast.ClassDef) and any(
            getattr(base, "id", "") in ("Protocol", "ArrowStream") for base in node.bases
        ):
            continue
        found = getattr(_native, node.name)
        for member in node.body:
            if isinstance(member, ast.FunctionDef):
                assert hasattr(found, member.name), (node.name, member.name)


def test_one_scorer_in_several_threads(tiny):
    expected = tiny.score(TEXTS)
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(tiny.score, [TEXTS] * 16):
            assert found.equals(expected)


def test_other_threads_run_while_texts_are_scored():
    english = comity.Scorer(threads=1)
    steps, over = 0, threading.Event()

    def count():
        nonlocal steps
        while not over.is_set():
            steps += 1
            time.sleep(0.002)

    counter = threading.Thread(target=count)
    counter.start()
    start = time.monotonic()
    english.score([f"{text} and some more words to read for a while" for text in TEXTS[:200]])
    elapsed = time.monotonic() - start
    over.set()
    counter.join()
    # A thread that had to wait for the lock would have made a step or two.
    assert steps > elapsed / 0.002 / 20, (steps, elapsed)


def test_pickled_scorers_score_the_same(tiny):
    copy = pickle.loads(pickle.dumps(tiny))
    assert copy.score(TEXTS).equals(tiny.score(TEXTS))
    assert copy.threads == tiny.threads and repr(copy) == repr(tiny)


def scored_in_child(scorer, queue):
    queue.put(scorer.score(TEXTS).column("toxicity").to_pylist())


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_scorers_work_in_child_processes(tiny, method, monkeypatch):
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"this system cannot {method}")
    for name, value in environment().items():
        monkeypatch.setenv(name, value)
    expected = tiny.score(TEXTS).column("toxicity").to_pylist()
    context = multiprocessing.get_context(method)
    queue = context.Queue()
    child = context.Process(target=scored_in_child, args=(tiny, queue))
    child.start()
    try:
        assert queue.get(timeout=60) == expected
        child.join(timeout=30)
        assert child.exitcode == 0
    finally:
        child.kill()
    # The parent's own threads still work.
    assert tiny.score(TEXTS).column("toxicity").to_pylist() == expected


def test_a_pool_of_forked_processes(tiny):
    expected = tiny.score(TEXTS)
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        for found in pool.map(tiny.score, [TEXTS] * 4, timeout=60):
            assert found.equals(expected)


def test_ctrl_c_stops_scoring():
    code = """
import comity, sys
scorer = comity.Scorer(threads=1)
text = "You are not the person that I would like to discuss this with. " * 20
texts = [f"{number} {text}" for number in range(200_000)]
print("begins", flush=True)
try:
    scorer.score(texts)
except KeyboardInterrupt:
    print("stopped", flush=True)
    print(scorer.score(["Still working."]).num_rows)
"""
    words = [sys.executable, "-c", code]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=environment()) as child:
        assert child.stdout.readline() == "begins\n"
        time.sleep(1)
        child.send_signal(signal.SIGINT)
        start = time.monotonic()
        assert child.stdout.readline() == "stopped\n"
        assert time.monotonic() - start < 60
        assert child.stdout.readline() == "1\n"
    assert child.returncode == 0


def test_ctrl_c_works_after_a_run(tmp_path):
    code = """
import comity, os, signal, sys
comity.run(sys.argv[1], out=sys.argv[2], model=sys.argv[3])
print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)
try:
    os.kill(os.getpid(), signal.SIGINT)
    print("not stopped")
except KeyboardInterrupt:
    print("stopped")
"""
    file = tmp_path / "a.csv"
    file.write_text("id,text\n1,One comment\n2,Another comment\n")
    run = python(code, file, tmp_path / "out", TINY)
    assert run.stdout.splitlines()[-2:] == ["True", "stopped"], run.stdout + run.stderr


def test_memory_does_not_grow_with_an_iterator():
    """200 MB of text, passed as an iterator to a reader, must not take 100 MB."""
    code = """
import comity, resource, sys
scorer = comity.Scorer(sys.argv[1], threads=2)
scorer.score(["warm"] * 4096)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
text = b"words and words " * 1000
rows = sum(batch.num_rows for batch in scorer.stream(text.decode() for _ in range(12_500)))
print(rows, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    run = python(code, TINY)
    rows, grown = map(int, run.stdout.split())
    assert rows == 12_500
    assert grown < 100_000, f"{grown} KiB"
