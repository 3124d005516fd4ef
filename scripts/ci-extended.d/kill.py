#!/usr/bin/env python3
"""Kills runs at random moments and resumes them: no row may be lost or doubled, no byte may differ.

    scripts/ci-extended.d/kill.py COMITY EXPORT WORK [KILLS]

Each run is killed by SIGKILL at a random moment and resumed by --resume, again and again, until it
ends by itself; then its folder is compared with that of an undisturbed run. This is repeated until
there were KILLS kills (default 200). A run is killed at most twice after its last row was written,
so that most kills meet runs that are still scoring.
"""

from __future__ import annotations

import filecmp
import os
import pathlib
import random
import shutil
import subprocess
import sys
import time


def files(folder: pathlib.Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def main() -> None:
    comity, export, work = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
    wanted = int(sys.argv[4]) if len(sys.argv) > 4 else 200
    seed = int(os.environ.get("SEED", time.time_ns() % 1_000_000))
    chance = random.Random(seed)
    print(f"seed {seed} (SEED={seed} repeats the moments)")

    def command(out: pathlib.Path) -> list[str]:
        options = ["--model", "tests/models/tiny", "--threads", "1", "--resume"]
        policy = ["--policy", "scripts/ci-extended.d/few.toml"]
        return [comity, "score", export, "--out", str(out), *options, *policy]

    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    whole, out = work / "whole", work / "out"
    begun = time.monotonic()
    ended = subprocess.run(command(whole), stdout=subprocess.DEVNULL)
    assert ended.returncode in (0, 3), ended
    seconds = time.monotonic() - begun
    size = (whole / "scores.csv").stat().st_size
    kills = runs = 0
    found = {"nothing": 0, "rows": 0, "all": 0}
    while kills < wanted:
        shutil.rmtree(out, ignore_errors=True)
        after_the_last_row = 0
        while True:
            run = subprocess.Popen(command(out), stdout=subprocess.DEVNULL)
            kill = kills < wanted and after_the_last_row < 2
            try:
                status = run.wait(timeout=chance.uniform(0, seconds * 0.7) if kill else None)
                assert status in (0, 3), f"the run failed with status {status}"
                break
            except subprocess.TimeoutExpired:
                run.kill()
                run.wait()
                kills += 1
                rows = (out / "scores.csv").stat().st_size if (out / "scores.csv").exists() else 0
                found["nothing" if rows == 0 else "all" if rows == size else "rows"] += 1
                after_the_last_row += rows == size
        runs += 1
        names = files(whole)
        assert files(out) == names, f"the folders contain other files: {out}"
        _, differing, failed = filecmp.cmpfiles(whole, out, names, shallow=False)
        unequal = differing + failed
        assert not unequal, f"not the same bytes as {whole}: {unequal} in {out}"
    print(
        f"{kills} kills of {runs} runs ({found['nothing']} before a row was written, {found['rows']} "
        f"between, {found['all']} after the last one): every folder came out the same as {whole}"
    )


main()
