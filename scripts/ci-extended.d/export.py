#!/usr/bin/env python3
"""Writes an export of made-up comments as ndjson: scripts/ci-extended.d/export.py RECORDS > export.ndjson

Many threads and authors, replies, quotes, repeated texts, nights without comments, lines that are no comments: the same in every run.
"""

import datetime
import json
import random
import sys

WORDS = "harbour geese baker winter clock stone you fool lamp bridge ferry never always council nobody thanks".split()


def main() -> None:
    chance = random.Random(5)
    records = int(sys.argv[1])
    last = {}
    time = datetime.datetime(2026, 3, 2, 6, tzinfo=datetime.timezone.utc)
    for number in range(records):
        thread = f"t{int(chance.paretovariate(0.8)) % 200}"
        if chance.random() < 0.005:
            print('{"text": "torn')
            continue
        text = " ".join(chance.choices(WORDS, k=1 + int(chance.expovariate(1 / 12))))
        comment = {"id": str(number), "thread": thread, "author": f"a{int(chance.paretovariate(1.1)) % 500}"}
        if thread in last and chance.random() < 0.4:
            parent, said = last[thread]
            comment["parent"] = parent
            if chance.random() < 0.3:
                text = f"> {said}\n{text}"
        if chance.random() < 0.1:
            text = "The same words as before."
        comment["text"] = text
        time += datetime.timedelta(seconds=chance.expovariate(1 / 60))
        if time.hour >= 23:
            time += datetime.timedelta(hours=7)
        comment["created_at"] = time.isoformat(timespec="seconds")
        comment["votes"] = int(chance.paretovariate(1)) - 1
        last[thread] = (str(number), text.splitlines()[-1])
        print(json.dumps(comment))


main()
