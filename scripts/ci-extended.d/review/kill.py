#!/usr/bin/env python3
"""Kills imports and moderators with SIGKILL at random moments, and checks that nothing is lost or doubled.

    kill.py COMITY LOAD WORK [--kills 100] [--database URL]

COMITY is the program, LOAD the example `load` of comity-review (cargo build -p comity-review --example load). Half of the kills
hit `comity review --import-only`, which is started again each time until the import is complete. Then three processes decide
at once, and one of them is killed each time, until nothing is open. In the end

- the import has every comment once: importing again adds nothing;
- every decision that a process printed, which it does after the commit, is in the exported log;
- no comment has two decisions, and every flagged comment has one;
- the database is intact (`PRAGMA integrity_check` on SQLite, by the program's own library).
"""

import argparse
import csv
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

COMMENTS = 40_000


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("comity")
    parser.add_argument("load")
    parser.add_argument("work", type=Path)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--database")
    parser.add_argument("--seed", type=int, default=22)
    args = parser.parse_args()
    random.seed(args.seed)
    args.work.mkdir(parents=True, exist_ok=True)
    run = args.work / "run"
    if not (run / "run.json").exists():
        subprocess.run([args.load, "make", run, str(COMMENTS)], check=True)
    database = args.database
    if database is None:
        for old in args.work.glob("kill.db*"):
            old.unlink()
        database = f"sqlite://{args.work / 'kill.db'}"

    kills = import_killed(args, run, database, args.kills // 2)
    print(f"import: killed {kills} times, and complete")
    kills, printed = decide_killed(args, database, args.kills - args.kills // 2)
    print(f"decisions: killed {kills} times, {len(printed)} printed")
    check(args, run, database, printed)
    print("nothing is lost or doubled")


def import_killed(args, run, database, wanted):
    """Kills imports `wanted` times, and lets the last one finish."""
    command = [args.comity, "review", run, "--database", database, "--import-only"]
    start = time.monotonic()
    # A whole import into a database of its own says how long one takes.
    trial = args.work / "trial.db"
    for old in args.work.glob("trial.db*"):
        old.unlink()
    subprocess.run(command[:3] + ["--database", f"sqlite://{trial}", "--import-only"], check=True, stdout=subprocess.DEVNULL)
    whole = time.monotonic() - start
    kills = 0
    while kills < wanted:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            # Early enough that the import is not complete after a few.
            process.wait(timeout=random.uniform(0.02, 0.2 + 2 * whole / wanted))
            if process.returncode == 0:
                break
            sys.exit(f"an import failed with {process.returncode}")
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            kills += 1
    last = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    if f"{COMMENTS} comments" not in last:
        sys.exit(f"the import is not complete: {last}")
    again = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    if ", 0 new or changed, 0 to review" not in again:
        sys.exit(f"a second import changed something: {again}")
    return kills


def decide_killed(args, database, wanted):
    """Runs three processes that decide, and kills one of them `wanted` times."""
    def start(number):
        name = f"moderator{number}"
        output = (args.work / f"{name}.txt").open("a")
        return subprocess.Popen([args.load, "decide", database, name], stdout=output)

    names = range(3)
    for number in names:
        (args.work / f"moderator{number}.txt").write_text("")
    processes = {number: start(number) for number in names}
    kills = 0
    while True:
        time.sleep(random.uniform(0.05, 0.4))
        if all(process.poll() is not None for process in processes.values()):
            break
        if kills < wanted:
            number = random.choice(names)
            if processes[number].poll() is None:
                processes[number].send_signal(signal.SIGKILL)
                processes[number].wait()
                kills += 1
            processes[number] = start(number)
    # What a killed process had claimed is free after a second.
    time.sleep(2)
    subprocess.run([args.load, "decide", database, "moderator0"], stdout=(args.work / "moderator0.txt").open("a"), check=True)
    printed = []
    for number in names:
        text = (args.work / f"moderator{number}.txt").read_text()
        # A process may be killed within a line.
        printed += [line for line in text.split("\n")[:-1] if line]
    return kills, printed


def check(args, run, database, printed):
    log = args.work / "decisions.csv"
    subprocess.run([args.comity, "review", "export", log, "--database", database], check=True, stdout=subprocess.DEVNULL)
    decided = Counter(row["id"] for row in csv.DictReader(log.open(newline="")))
    twice = [comment for comment, times in decided.items() if times > 1]
    if twice:
        sys.exit(f"decided more than once: {twice[:5]}")
    lost = set(printed) - set(decided)
    if lost:
        sys.exit(f"{len(lost)} decisions are lost: {sorted(lost)[:5]}")
    with (run / "scores.csv").open(newline="") as scores:
        flagged = {row["id"] for row in csv.DictReader(scores) if float(row["toxicity"] or 0) >= 0.5 or float(row["insult"] or 0) >= 0.5}
    if flagged != set(decided):
        sys.exit(f"{len(flagged)} comments are flagged and {len(decided)} decided")
    print(f"{len(decided)} flagged comments are decided once each")


if __name__ == "__main__":
    main()
