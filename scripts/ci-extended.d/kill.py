#!/usr/bin/env python3
"""Kills runs at random moments and goes on with them: no row may be lost or doubled, no byte may differ.

scripts/ci-extended.d/kill.py COMITY EXPORT WORK [KILLS]

A run is begun, killed by SIGKILL at a random moment of its life and gone on with by --resume, again and again, until it
lives to its end; then its folder is compared with that of a run that nobody disturbed. So it goes until there were KILLS
kills (200).
"""

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
        return [comity, "score", export, "--out", str(out), "--model", "tests/models/tiny", "--threads", "2", "--resume",
                "--policy", "scripts/ci-extended.d/few.toml"]

    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    whole, out = work / "whole", work / "out"
    begun = time.monotonic()
    ended = subprocess.run(command(whole), stdout=subprocess.DEVNULL)
    assert ended.returncode in (0, 3), ended
    seconds = time.monotonic() - begun
    kills = lives = 0
    torn = {"nothing": 0, "rows": 0, "all": 0}
    while kills < wanted:
        shutil.rmtree(out, ignore_errors=True)
        while True:
            run = subprocess.Popen(command(out), stdout=subprocess.DEVNULL)
            try:
                status = run.wait(timeout=chance.uniform(0, seconds * 0.7) if kills < wanted else None)
                assert status in (0, 3), f"the run failed with status {status}"
                break
            except subprocess.TimeoutExpired:
                run.kill()
                run.wait()
                kills += 1
                rows = (out / "scores.csv").stat().st_size if (out / "scores.csv").exists() else 0
                size = (whole / "scores.csv").stat().st_size
                torn["nothing" if rows == 0 else "all" if rows == size else "rows"] += 1
        lives += 1
        names = files(whole)
        assert files(out) == names, f"the folders hold other files: {out}"
        _, differing, failed = filecmp.cmpfiles(whole, out, names, shallow=False)
        assert not differing and not failed, f"not the same bytes as {whole}: {differing + failed} in {out}"
    print(f"{kills} kills of {lives} runs ({torn['nothing']} before a row was written, {torn['rows']} between, "
          f"{torn['all']} after the last one): every folder came out the same as {whole}")


main()
