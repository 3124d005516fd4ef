#!/usr/bin/env python3
"""Scores an export on a Spark cluster and compares with a run on one machine.

scripts/ci-extended.d/spark.py EXPORT SCORES.csv COMMAND...

COMMAND is `comity score - --stream ...`. The cluster is a local one: a driver and two workers, each a process of its own.
"""

import csv
import json
import shlex
import sys
import zlib

from pyspark import SparkConf, SparkContext


def keyed(numbered: tuple[str, int]) -> tuple[tuple[str, int], str]:
    """A line under its thread and its place in the export; lines that are no comments under no thread."""
    line, place = numbered
    try:
        thread = json.loads(line).get("thread", "")
    except ValueError:
        thread = ""
    return (thread, place), line


def main() -> None:
    export, scores, command = sys.argv[1], sys.argv[2], shlex.join(sys.argv[3:])
    conf = SparkConf().setMaster("local-cluster[2,1,1024]").setAppName("comity").set("spark.ui.enabled", "false")
    spark = SparkContext(conf=conf)
    spark.setLogLevel("ERROR")
    # A thread stays in one partition and in its order: what a comment quotes is found as in a run over the whole.
    lines = spark.textFile(export, 4).zipWithIndex().map(keyed)
    threads = lines.repartitionAndSortWithinPartitions(4, lambda key: zlib.crc32(key[0].encode()))
    answers = threads.values().pipe(command, checkCode=False).map(json.loads)
    answers = answers.collect()
    spark.stop()

    found = {(answer["thread"], answer["id"]): answer for answer in answers if "reject" not in answer}
    rejects = sum("reject" in answer for answer in answers)
    with open(scores, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(found) == len(rows) and len(found) + rejects == len(answers), (len(found), len(rows), len(answers))
    for row in rows:
        answer = found[row["thread"], row["id"]]
        for column, cell in row.items():
            if column in answer and column != "line":
                value = answer[column]
                written = "" if value is None else f"{value:.6f}" if isinstance(value, float) else str(value)
                written = written.lower() if isinstance(value, bool) else written
                assert written == cell, (row["thread"], row["id"], column, written, cell)
    print(f"{len(found)} comments and {rejects} other lines through two workers: the scores of a run on one machine")


main()
