#!/usr/bin/env python3
"""Opens what `--also convokit,gexf,ndjson,parquet` writes with the libraries that it is written for.

    scripts/ci-extended.d/also.py [--report DIR] [--comity PROGRAM]

DIR is a folder that `comity score` wrote; where none is given, those of tests/report/*, written anew into a scratch folder by
PROGRAM (target/debug/comity where not given). The libraries are installed into a virtual environment of their own,
target/venv-also, on the first run. ConvoKit is installed without its dependencies but those that loading a corpus needs:
the rest is gigabytes of language models.
"""

import argparse
import collections
import csv
import datetime
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import venv

REQUIREMENTS = """
networkx==3.6.1
numpy==2.4.6
pandas==3.1.1
pyarrow==26.0.1
pymongo==4.20.0
pyyaml==6.0.3
requests==2.34.2
scikit-learn==1.9.1
scipy==1.17.1
tqdm==4.70.1
unidecode==1.4.0
"""
CONVOKIT = "convokit==5.0.0"

ROOT = pathlib.Path(__file__).resolve().parents[2]


def into_environment():
    """Starts this script again in its virtual environment; returns where it is in it already."""
    folder = ROOT / "target" / "venv-also"
    if pathlib.Path(sys.prefix) == folder:
        return
    python = folder / "bin" / "python"
    stamp = folder / "requirements.txt"
    if not stamp.exists() or stamp.read_text() != REQUIREMENTS + CONVOKIT:
        venv.create(folder, with_pip=True, clear=True)
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *REQUIREMENTS.split()], check=True)
        subprocess.run([*pip, "--no-deps", CONVOKIT], check=True)
        stamp.write_text(REQUIREMENTS + CONVOKIT)
    # ConvoKit writes its settings into the home folder.
    home = {**os.environ, "HOME": str(folder)}
    sys.exit(subprocess.run([python, __file__, *sys.argv[1:]], env=home).returncode)


def rows(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def plain(cell):
    """A cell as it was before it was guarded against spreadsheets."""
    return cell[1:] if cell.startswith("'") else cell


def check_corpus(folder, comments, decisions):
    from convokit import Corpus

    corpus = Corpus(filename=str(folder / "convokit"))
    same(len(corpus.utterances), len(comments), "utterances")
    same(len(corpus.conversations), corpus.meta["conversations"], "conversations")
    named = {plain(row["author"]) for row in comments} - {""}
    nameless = sum(row["author"] == "" for row in comments)
    same(len(corpus.speakers), len(named) + nameless, "speakers")
    threads = {plain(row["thread"]) for row in comments}
    same({convo.meta["thread"] for convo in corpus.iter_conversations()}, threads, "threads")

    present = {(row["thread"], row["id"]) for row in comments}
    links = sum((row["thread"], row["parent"]) in present - {(row["thread"], row["id"])} for row in comments)
    replies = sum(utterance.reply_to is not None for utterance in corpus.iter_utterances())
    same(replies, links - corpus.meta["reply_rings_opened"], "replies")
    times = [utterance.timestamp for utterance in corpus.iter_utterances()]
    assert all(time is None or isinstance(time, int) for time in times)
    if None in times:
        # ConvoKit orders answers by time and cannot walk where some have none: docs/output.md says what to do.
        for place, utterance in enumerate(corpus.iter_utterances()):
            utterance.timestamp = place
    walked = 0
    for convo in corpus.iter_conversations():
        assert convo.check_integrity(verbose=False), convo.id
        utterances = list(convo.traverse("bfs"))
        same(utterances[0].id, convo.id, "the root")
        same(len(utterances), convo.meta["utterances"], "utterances of a conversation")
        for path in convo.get_root_to_leaf_paths():
            for above, below in zip(path, path[1:]):
                same(below.reply_to, above.id, "a reply")
        walked += len(utterances)
    same(walked, len(comments), "utterances reached from the roots")

    for utterance, row, decision, time in zip(corpus.iter_utterances(), comments, decisions, times, strict=True):
        meta = utterance.meta
        same((meta["thread"], meta["comment"]), (plain(row["thread"]), plain(row["id"])), "the comment")
        written = row["created_at"] and datetime.datetime.fromisoformat(row["created_at"]).timestamp()
        same(time, int(written) if written != "" else None, "time")
        same(utterance.text, plain(row["text"]), "text")
        same(meta["action"] or "", decision["action"], "action")
        same((meta["file"], str(meta["record"])), (plain(row["file"]), row["record"]), "origin")
        score = "" if meta["toxicity"] is None else f"{meta['toxicity']:.6f}"
        same(score, row["toxicity"], "toxicity")
    frame = corpus.get_utterances_dataframe()
    same(len(frame), len(comments), "rows of the data frame")
    types = {key for key, kinds in corpus.meta_index.utterances_index.items()}
    same(types, set(next(iter(corpus.iter_utterances())).meta), "keys of the index")
    with tempfile.TemporaryDirectory() as again:
        corpus.dump("again", base_path=again)
        same(len(Corpus(filename=f"{again}/again").utterances), len(comments), "utterances dumped and loaded")
    print(f"  convokit: {len(corpus.utterances)} utterances, {len(corpus.conversations)} conversations, {replies} replies")


def check_network(folder, comments):
    import networkx

    graph = networkx.read_gexf(folder / "network.gexf", version="1.3")
    assert graph.is_directed()
    counts = collections.Counter(plain(row["author"]) for row in comments if row["author"])
    same(sorted(data["comments"] for _, data in graph.nodes(data=True)), sorted(counts.values()), "comments of authors")
    authors = {(row["thread"], row["id"]): row["author"] for row in comments}
    pairs = collections.Counter()
    toxicity = collections.defaultdict(list)
    for row in comments:
        answered = authors.get((row["thread"], row["parent"]))
        if row["parent"] and row["parent"] != row["id"] and row["author"] and answered:
            pair = (label(plain(row["author"])), label(plain(answered)))
            pairs[pair] += 1
            toxicity[pair] += [float(row["toxicity"])] if row["toxicity"] else []
    found = {}
    for source, target, data in graph.edges(data=True):
        pair = (graph.nodes[source]["label"], graph.nodes[target]["label"])
        found[pair] = data["weight"]
        same(data["scored"], len(toxicity[pair]), "scored replies")
        if toxicity[pair]:
            mean = sum(toxicity[pair]) / len(toxicity[pair])
            assert abs(data["mean_toxicity"] - mean) < 1e-6, (pair, data, mean)
        else:
            assert "mean_toxicity" not in data, pair
    same(found, {pair: float(count) for pair, count in pairs.items()}, "replies between authors")
    print(f"  gexf: {len(graph)} authors, {graph.number_of_edges()} edges, {sum(pairs.values())} replies")


NUMBERS = ["sentiment", "negative", "neutral", "positive", "toxicity", "severe_toxicity", "obscene", "threat", "insult",
           "identity_attack", "rule_score", "rule_threshold"]
WHOLE = ["votes", "replies", "record", "line"]
FLAGS = ["evasion", "parent_inferred"]


def check_tables(folder, comments, decisions):
    """The Parquet table has the types that docs/output.md says and, as the ndjson has, what the CSV files hold."""
    import pandas
    import pyarrow
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(folder / "scored.parquet")
    names = {"label": "rule_label", "score": "rule_score", "threshold": "rule_threshold"}
    of_decisions = [name for name in decisions[0] if name not in ("thread", "id")]
    # Scores that an earlier version wrote lack the column `unsourced`.
    found = [name for name in table.column_names if name != "unsourced" or name in comments[0]]
    same(found, [*comments[0], *(names.get(name, name) for name in of_decisions)], "columns")
    for field in table.schema:
        kind = (
            pyarrow.float64() if field.name in NUMBERS
            else pyarrow.int64() if field.name in WHOLE
            else pyarrow.bool_() if field.name in FLAGS
            else pyarrow.timestamp("us", "UTC") if field.name == "created_at"
            else pyarrow.string()
        )
        same(field.type, kind, f"type of {field.name}")
    metadata = table.schema.metadata
    assert {b"comity", b"model", b"model_checksum", b"policy"} <= set(metadata), metadata
    frame = pandas.read_parquet(folder / "scored.parquet")
    same(len(frame), len(comments), "rows pandas reads")

    with open(folder / "scored.ndjson", encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    for row, line, comment, decision in zip(table.to_pylist(), lines, comments, decisions, strict=True):
        expected = {**comment, **{names.get(name, name): decision[name] for name in of_decisions}}
        same(list(line), table.column_names, "keys of a line")
        for name, cell in expected.items():
            same(as_cell(name, row[name]), cell if name in (*NUMBERS, *WHOLE, *FLAGS) else plain(cell), f"{name} in Parquet")
            value = line[name]
            if name in ("quotes", "unsourced"):
                value = " ".join(f"{start}-{end}" for start, end in value)
            elif name == "created_at" and value is not None:
                value = datetime.datetime.fromisoformat(value)
            same(as_cell(name, value), as_cell(name, row[name]), f"{name} in ndjson")
    print(f"  tables: {table.num_rows} rows, {table.num_columns} columns")


def as_cell(name, value):
    """A value as the CSV files write it."""
    if value is None:
        return ""
    if name in NUMBERS:
        return f"{value:.6f}"
    if name in FLAGS:
        return str(value).lower()
    if name == "created_at":
        text = value.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f").rstrip("0").rstrip(".")
        return text + "Z"
    return str(value)


def label(name):
    """A name as XML can hold it on one line."""
    return "".join(" " if c in "\t\n\r" else "\ufffd" if c < " " or c in "\ufffe\uffff" else c for c in name)


def same(found, expected, what):
    assert found == expected, f"{what}: {found!r}, not {expected!r}"


def check(folder):
    print(folder)
    comments, decisions = rows(folder / "scores.csv"), rows(folder / "decisions.csv")
    check_corpus(folder, comments, decisions)
    check_network(folder, comments)
    check_tables(folder, comments, decisions)
    json.loads((folder / "convokit" / "index.json").read_text(encoding="ascii"))


def main():
    into_environment()
    parser = argparse.ArgumentParser()
    parser.add_argument("--report", type=pathlib.Path)
    parser.add_argument("--comity", type=pathlib.Path, default=ROOT / "target" / "debug" / "comity")
    args = parser.parse_args()
    if args.report:
        check(args.report)
        return
    with tempfile.TemporaryDirectory() as scratch:
        for case in sorted((ROOT / "tests" / "report").iterdir()):
            folder = pathlib.Path(scratch, case.name)
            shutil.copytree(case, folder, ignore=shutil.ignore_patterns("expected"))
            policy = ["--policy", folder / "policy.toml"] if (folder / "policy.toml").exists() else []
            # 3 is "done with rejects".
            done = subprocess.run([args.comity, "report", folder, "--also", "convokit,gexf,ndjson,parquet", *policy], stdout=subprocess.DEVNULL)
            assert done.returncode in (0, 3), done
            check(folder)


if __name__ == "__main__":
    main()
