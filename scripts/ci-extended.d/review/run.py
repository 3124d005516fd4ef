#!/usr/bin/env python3
"""Tests the review console in Chromium, on SQLite and on PostgreSQL.

    scripts/ci-extended.d/review/run.py COMITY WORK [--short]

COMITY is the program and WORK a folder for what the run installs and writes; WORK/shots has
screenshots, which a person should look at. PostgreSQL is tested in a database of its own on the
server that COMITY_TEST_POSTGRES names, and left out without it. --short has fewer items and kills,
leaves out screenshots, and ends with status 0 if the browser cannot be installed.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]


class Unreachable(Exception):
    """A package could not be installed."""


def install(work: pathlib.Path) -> pathlib.Path:
    """Installs the packages of package-lock.json, and returns their folder."""
    for tool in ("node", "npm", "chromium"):
        if shutil.which(tool) is None:
            raise Unreachable(f"there is no {tool}: apt-get install nodejs npm chromium")
    folder = work / "node"
    folder.mkdir(parents=True, exist_ok=True)
    lock = (HERE / "package-lock.json").read_text()
    stamp = folder / "installed"
    if not stamp.exists() or stamp.read_text() != lock:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, folder / name)
        command = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        if done.returncode != 0:
            raise Unreachable(f"{' '.join(command)}:\n{(done.stdout + done.stderr)[-2000:]}")
        stamp.write_text(lock)
    shutil.copy(HERE / "console.mjs", folder / "console.mjs")
    return folder


def made_up(count: int) -> str:
    """Returns an export of comments that are unlike each other, in threads with replies."""
    chance = random.Random(22)
    syllables = "ba be bi bo da de di do ka ke ki ko la le li lo ma me mi mo ra re ri ro ta te ti to".split()
    words = ["".join(chance.choices(syllables, k=chance.randint(2, 4))) for _ in range(3000)]
    lines = []
    for number in range(count):
        comment = {
            "thread": f"t{number // 25}",
            "thread_title": f"Thread {number // 25}",
            "id": f"c{number}",
            "author": f"author {number % 40}",
            "created_at": f"2026-11-{1 + number % 28:02}T12:{number % 60:02}:00Z",
            "text": " ".join(chance.choices(words, k=14)).capitalize() + ".",
        }
        if number % 25:
            comment["parent"] = f"c{number - 1}"
        lines.append(json.dumps(comment))
    return "\n".join(lines) + "\n"


def hostile() -> str:
    """Returns the hostile comments of the repository, and more of them for a page."""
    text = (HERE.parent / "hostile.ndjson").read_text()
    zalgo = "".join(char + "\u0301\u0316\u0489" * 20 for char in "zalgo comes")
    more = [
        ("<script>globalThis.smuggled = 1</script>", "</title><script>globalThis.smuggled = 1</script>"),
        ("\" onmouseover=globalThis.smuggled=1 \"", "<img src=x onerror=globalThis.smuggled=1>"),
        ("\u202eevil\u202c name", "\u202ereversed \u2066isolated text without an end \u05e9\u05dc\u05d5\u05dd"),
        (zalgo, zalgo * 30),
        ("w" * 100_000, "x" * 100_000),
        ("سامي", "هذا تعليق باللغة العربية مع English words في الوسط."),
    ]
    for number, (author, words) in enumerate(more):
        comment = {"thread": "hostile", "id": f"h{number}", "author": author, "text": words}
        text = text.rstrip("\n") + "\n" + json.dumps(comment)
    return text + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("comity", type=pathlib.Path)
    parser.add_argument("work", type=pathlib.Path)
    parser.add_argument("--short", action="store_true")
    options = parser.parse_args()
    comity, work = options.comity.resolve(), options.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    try:
        node = install(work)
    except Unreachable as error:
        print(error)
        return 0 if options.short else 1

    (work / "made-up.ndjson").write_text(made_up(60 if options.short else 500))
    (work / "hostile.ndjson").write_text(hostile())
    for name in ("made-up", "hostile"):
        out = work / name
        shutil.rmtree(out, ignore_errors=True)
        command = [comity, "score", work / f"{name}.ndjson", "--out", out, "--language", "any"]
        command += ["--model", ROOT / "tests/models/tiny", "--threads", "1"]
        done = subprocess.run(command, capture_output=True, text=True)
        # 3 is done, with records that could not be read.
        assert done.returncode in (0, 3), done.stderr

    database = work / "console.sqlite"
    for suffix in ("", "-wal", "-shm"):
        pathlib.Path(f"{database}{suffix}").unlink(missing_ok=True)
    urls = [f"sqlite://{database}"]
    server = os.environ.get("COMITY_TEST_POSTGRES")
    if server:
        name = "comity_console"
        for statement in (f"DROP DATABASE IF EXISTS {name} WITH (FORCE)", f"CREATE DATABASE {name}"):
            subprocess.run(["psql", "-q", server, "-c", statement], check=True)
        urls.append(f"{server.rsplit('/', 1)[0]}/{name}")
    else:
        print("COMITY_TEST_POSTGRES names no server: PostgreSQL is left out")
    for url in urls:
        scheme = url.split(":")[0]
        shots = work / "shots" / scheme
        shutil.rmtree(shots, ignore_errors=True)
        shots.mkdir(parents=True)
        policy = HERE.parent / "everything.toml"
        arguments = [comity, url, work / "made-up", work / "hostile", policy, shots]
        arguments += ["--short"] if options.short else []
        print(f"-- {scheme}", flush=True)
        done = subprocess.run(["node", "console.mjs", *map(str, arguments)], cwd=node)
        if done.returncode != 0:
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
