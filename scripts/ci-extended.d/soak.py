#!/usr/bin/env python3
"""Sends random requests to `comity serve` for a while, right ones and all that clients do wrong.

    scripts/ci-extended.d/soak.py COMITY WORK [--minutes 30] [--workers 16] [--seed N]

Workers draw actions at random (`ACTIONS` lists them): right requests of each shape, whose scores
are all compared with what `comity score` gives the texts; requests that are malformed, too large,
slow or given up; and bursts of more requests than the queue has room for. At the end, SIGTERM
arrives while requests are under way. The run fails if

- an answer is wrong, or a request gets no answer or one of the wrong kind,
- the memory of the server (RSS) grows by more than 5% after warm-up,
- a request that was sent as a whole before SIGTERM is not answered, or the exit code is not 0,
- the log has the text of a comment.
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import contextlib
import json
import pathlib
import random
import re
import signal
import statistics
import sys
import time

from soak_requests import Answer, Connection, Request, Requests, Wrong, served

# The largest body that the server reads as a whole, in bytes.
MAX_BODY = 1 << 20
BURST = 800
# The tokens that may wait, an eighth of the default, so that bursts are refused in part.
QUEUE = "32768"
WINDOWS = 10


class Soak(Requests):
    """The server, and what happened so far."""

    def __init__(
        self, server: served.Server, answers: dict[str, dict], chance: random.Random
    ) -> None:
        super().__init__(answers, chance)
        self.server = server
        self.seen: dict[str, collections.Counter] = collections.defaultdict(collections.Counter)
        self.wrong: list[str] = []
        self.times: list[float] = []

    # ---- actions: each returns a word for the table

    async def judge(self, request: Request, answer: Answer) -> str:
        """Checks the answer to a right request."""
        if answer.status == 429:
            if "retry-after" not in answer.headers:
                raise Wrong(f"429 without Retry-After: {answer.headers}")
            await asyncio.sleep(self.chance.uniform(0, 0.5))
            return "429 busy"
        if answer.status not in (200, 204):
            raise Wrong(f"status {answer.status}: {answer.body[:300]!r}")
        request.check(answer)
        return "right"

    async def right(self) -> str:
        """Sends some right requests over one connection."""
        connection = await Connection.open(self.server)
        before = "nothing"
        try:
            for _ in range(self.chance.randint(1, 8)):
                request = self.any()
                begun = time.monotonic()
                try:
                    await connection.send(request.bytes)
                    answer = await connection.answer()
                except (asyncio.IncompleteReadError, ConnectionError) as error:
                    waited = time.monotonic() - begun
                    path = request.path.split("?")[0]
                    raise Wrong(
                        f"{path}: {error!r} after {waited:.1f} s; the connection had: {before}"
                    ) from error
                word = await self.judge(request, answer)
                self.times.append(time.monotonic() - begun)
                self.seen["right"][word] += 1
                before = f"{answer.status} of {request.path.split('?')[0]}"
                if answer.headers.get("connection") == "close":
                    break
        finally:
            connection.close()
        return ""

    async def stream(self) -> str:
        """Sends lines while it reads their answers."""
        texts = self.texts(300)
        request = Request("/v1/score", b"", None, kind="application/x-ndjson")
        connection = await Connection.open(self.server)

        async def write() -> None:
            await connection.send(request.head(more="Transfer-Encoding: chunked"))
            lines = [
                json.dumps({"id": str(number), "text": text}) + "\n"
                for number, text in enumerate(texts)
            ]
            while lines:
                size = self.chance.randint(1, 50)
                await connection.chunk("".join(lines[:size]).encode())
                del lines[:size]
                await asyncio.sleep(self.chance.choice([0, 0, 0.1]))
            await connection.send(b"0\r\n\r\n")

        writing = asyncio.create_task(write())
        try:
            answer = await connection.answer()
            if answer.status == 429:
                return "429 busy"
            rows = [json.loads(line) for line in answer.body.splitlines()]
            if rows and "busy" in str(rows[-1].get("error")):
                return "busy within"
            await writing
            self.rows(rows, texts)
            return "right"
        finally:
            writing.cancel()
            connection.close()

    async def batch(self) -> str:
        """Google's batch: several calls in one body."""
        requests = [self.perspective() for _ in range(self.chance.randint(1, 10))]
        parts = "".join(
            f"--b\r\nContent-Type: application/http\r\nContent-ID: <b + {number}>\r\n\r\n"
            f"POST {request.path} HTTP/1.1\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(request.body)}\r\n\r\n{request.body.decode()}\r\n"
            for number, request in enumerate(requests)
        )
        whole = Request(
            "/batch", (parts + "--b--\r\n").encode(), None, kind='multipart/mixed; boundary="b"'
        )
        connection = await Connection.open(self.server)
        try:
            await connection.send(whole.bytes)
            answer = await connection.answer()
        finally:
            connection.close()
        if answer.status != 200:
            return await self.judge(whole, answer)
        # Headers are in lower case here; the body begins with the boundary as it is.
        boundary = answer.body.lstrip().split(b"\r\n", 1)[0]
        found = answer.body.split(boundary)[1:-1]
        if len(found) != len(requests):
            raise Wrong(f"{len(found)} parts for {len(requests)} calls: {answer.body[:300]!r}")
        for request, part in zip(requests, found):
            _, head, body = part.split(b"\r\n\r\n", 2)
            status = int(head.split(b" ", 2)[1])
            if status == 200:
                request.check(Answer(status, {}, body))
            elif status != 429:
                raise Wrong(f"status {status} in a batch: {body[:300]!r}")
        return "right"

    async def read_only(self) -> str:
        """Looks at a page, the description or the state of the server."""
        path = self.chance.choice(
            [
                "/",
                "/healthz",
                "/readyz",
                "/metrics",
                "/info",
                "/health",
                "/openapi.json",
                "/$discovery/rest?version=v1alpha1",
            ]
        )
        connection = await Connection.open(self.server)
        try:
            key = f"Authorization: Bearer {served.KEY}"
            head = f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{key}\r\n\r\n"
            await connection.send(head.encode())
            answer = await connection.answer()
        finally:
            connection.close()
        if answer.status != 200:
            raise Wrong(f"GET {path}: status {answer.status}")
        return "right"

    async def malformed(self) -> str:
        """Sends a request that is none, or whose body is not what it should be."""
        request = self.any()
        half = self.chance.randint(0, len(request.body) - 1)
        deep = b"[" * 50_000 + b"]" * 50_000
        if request.path == "/coral/moderate":
            # It is the signature that counts there.
            stranger = request.bytes.replace(b"sha256=", b"sha256=0")
        else:
            stranger = request.bytes.replace(served.KEY.encode(), b"a wrong key")
            stranger = stranger.replace(served.KEY.replace(" ", "+").encode(), b"another")
        broken = self.chance.choice(
            [
                stranger,
                request.head(half) + request.body[:half],
                request.head(len(deep)) + deep,
                request.head(6) + b'{"a":\xff'[:6],
                request.head(2) + b"{}",
                request.head(4) + b"null",
                request.bytes.replace(b"POST ", b"DELETE ", 1),
                request.bytes.replace(b"POST /", b"POST /no/such/", 1),
                b"no HTTP at all\r\n\r\n",
                bytes(self.chance.randrange(256) for _ in range(200)) + b"\r\n\r\n",
                b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 1_000_000 + b"\r\n\r\n",
                request.head(more="Transfer-Encoding: chunked") + b"zz\r\nno chunk\r\n0\r\n\r\n",
            ]
        )
        return await self.refused(broken)

    async def too_large(self) -> str:
        """Sends more than the server reads."""
        request = self.any()
        while request.path == "/v1/score":
            request = self.any()
        size = MAX_BODY + self.chance.randint(1, MAX_BODY)
        filler = b" " * (size - len(request.body)) + request.body
        if self.chance.random() < 0.5:
            return await self.refused(request.head(size) + filler)
        head = request.head(more="Transfer-Encoding: chunked")
        chunks = b"".join(b"10000\r\n%s\r\n" % (b" " * 65_536) for _ in range(size // 65_536 + 1))
        return await self.refused(head + chunks + b"0\r\n\r\n")

    async def refused(self, data: bytes) -> str:
        """Sends what must be refused: by a status from 400 to 431, or by closing."""
        connection = await Connection.open(self.server)
        try:
            with contextlib.suppress(ConnectionError):
                await connection.send(data)
            with contextlib.suppress(ConnectionError, OSError):
                connection.writer.write_eof()
            answer = await connection.answer()
        except (asyncio.IncompleteReadError, ConnectionError):
            return "closed"
        finally:
            connection.close()
        if not 400 <= answer.status <= 431:
            raise Wrong(f"status {answer.status} for {data[:80]!r}...: {answer.body[:200]!r}")
        return f"{answer.status}"

    async def slow(self) -> str:
        """Sends a right request slowly, or stops within."""
        request = self.any()
        connection = await Connection.open(self.server)
        try:
            data, at = request.bytes, 0
            stops = self.chance.random() < 0.1
            parts = self.chance.randint(4, 30)
            for _ in range(parts // 2 if stops else parts):
                end = min(at + len(data) // parts + 1, len(data))
                await connection.send(data[at:end])
                at = end
                await asyncio.sleep(self.chance.uniform(0, 0.3))
            if not stops:
                return await self.judge(request, await connection.answer())
            begun = time.monotonic()
            try:
                answer = await asyncio.wait_for(connection.answer(), 120)
                if answer.status != 408:
                    raise Wrong(f"status {answer.status} for a request that stops")
            except (asyncio.IncompleteReadError, ConnectionError):
                pass
            except TimeoutError:
                raise Wrong(
                    f"a request that stops is held for {time.monotonic() - begun:.0f} s"
                ) from None
            return "given up"
        finally:
            connection.close()

    async def leaves(self) -> str:
        """Disconnects: within the head, within the body, before the answer or within it."""
        request = self.score() if self.chance.random() < 0.5 else self.any()
        connection = await Connection.open(self.server)
        try:
            data = request.bytes
            await connection.send(
                data[
                    : self.chance.choice(
                        [1, len(request.head()), len(data) - 1, len(data), len(data)]
                    )
                ]
            )
            await asyncio.sleep(self.chance.choice([0, 0.01, 0.2]))
            if self.chance.random() < 0.2:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(connection.reader.read(100), 2)
        finally:
            connection.reset() if self.chance.random() < 0.5 else connection.close()
        return "left"

    async def slow_reader(self) -> str:
        """Reads the answer to a stream slowly."""
        texts = self.texts(200)
        lines = "".join(
            json.dumps({"id": str(number), "text": text}) + "\n"
            for number, text in enumerate(texts)
        )
        request = Request("/v1/score", lines.encode(), None, kind="application/x-ndjson")
        connection = await Connection.open(self.server)
        try:
            await connection.send(request.bytes)
            await asyncio.sleep(self.chance.uniform(0, 5))
            answer = await connection.answer()
        finally:
            connection.close()
        if answer.status == 429:
            return "429 busy"
        rows = [json.loads(line) for line in answer.body.splitlines()]
        if rows and "busy" in str(rows[-1].get("error")):
            return "busy within"
        self.rows(rows, texts)
        return "right"

    async def burst(self) -> None:
        """Sends more requests at once than the queue has room for."""

        async def one() -> None:
            request = self.any()
            try:
                connection = await asyncio.wait_for(Connection.open(self.server), 60)
            except (TimeoutError, OSError) as error:
                self.fail("burst", repr(error))
                return
            try:
                await connection.send(request.bytes)
                self.seen["burst"][await self.judge(request, await connection.answer())] += 1
            except Exception as error:
                self.fail("burst", repr(error))
            finally:
                connection.close()

        await asyncio.gather(*(one() for _ in range(BURST)))

    # ---- the run

    def fail(self, action: str, cause: str) -> None:
        self.seen[action]["WRONG"] += 1
        self.wrong.append(f"{action}: {cause}")

    async def worker(self, end: float) -> None:
        actions, weights = zip(*ACTIONS.items())
        while time.monotonic() < end:
            [action] = self.chance.choices(actions, weights)
            try:
                word = await asyncio.wait_for(getattr(self, action)(), 180)
                if word:
                    self.seen[action][word] += 1
            except Exception as error:
                self.fail(action, f"{type(error).__name__}: {error}")

    def memory(self) -> float:
        """Returns the server's resident memory, in MB."""
        status = pathlib.Path(f"/proc/{self.server.process.pid}/status").read_text()
        return (
            int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])
            / 1000
        )

    async def watch(self, end: float, samples: list[tuple[float, float, int]]) -> None:
        """Samples memory, and sends a burst now and then."""
        next_burst, bursts = time.monotonic() + 15, []
        while time.monotonic() < end:
            samples.append((time.monotonic(), self.memory(), self.scored))
            if time.monotonic() > next_burst and time.monotonic() < end - 20:
                bursts.append(asyncio.create_task(self.burst()))
                next_burst = time.monotonic() + 60
            await asyncio.sleep(0.5)
        await asyncio.gather(*bursts)

    async def terminate(self, seconds: float, rate: float) -> tuple[int, int]:
        """Sends SIGTERM while requests are under way. Returns how many were sent and answered."""
        texts = max(8, int(seconds * rate / 64))
        requests = []
        for number in range(64):
            request = self.perspective() if number % 4 == 0 else self.score()
            if number % 4:
                chosen = self.chance.choices(self.all_texts, k=min(texts, 200))
                body = [{"id": str(place), "text": text} for place, text in enumerate(chosen)]
                request = Request(
                    "/v1/score",
                    json.dumps(body).encode(),
                    lambda answer, chosen=chosen: self.rows(answer.json(), chosen),
                )
            requests.append(request)
        connections = [await Connection.open(self.server) for _ in requests]
        for connection, request in zip(connections, requests):
            await connection.send(request.bytes)
        # The server reads what the system has received for it.
        await asyncio.sleep(0.5)
        self.server.process.send_signal(signal.SIGTERM)
        answered = 0
        for connection, request in zip(connections, requests):
            try:
                word = await self.judge(request, await asyncio.wait_for(connection.answer(), 60))
                answered += 1
                self.seen["at SIGTERM"][word] += 1
            except Exception as error:
                self.fail("at SIGTERM", f"{type(error).__name__}: {error}")
            finally:
                connection.close()
        return len(requests), answered


ACTIONS = {
    "right": 50,
    "stream": 5,
    "batch": 3,
    "read_only": 5,
    "malformed": 12,
    "too_large": 3,
    "slow": 8,
    "leaves": 10,
    "slow_reader": 3,
}


def made_up(chance: random.Random, count: int) -> list[str]:
    """Returns comments that nobody wrote, from a few words to several hundred."""
    words = (
        "the a ferry bell town council is was never always you they this that idiot stupid lovely "
        "thanks great awful liar nice shut up go home please read article again 🙂 night bus tower "
        "hotel damn crap fool good morning everybody knows nobody cares why how come on what wrong "
        "with people like him her harbour"
    ).split()
    texts = set(served.TEXTS)
    while len(texts) < count:
        size = chance.choice([3, 8, 8, 15, 15, 15, 30, 30, 60, 200])
        text = " ".join(chance.choices(words, k=chance.randint(2, size)))
        texts.add(text.capitalize() + chance.choice([".", "!", "?", "..."]))
    return sorted(texts)


def window(
    samples: list[tuple[float, float, int]], begin: float, end: float
) -> list[tuple[float, float, int]]:
    return [sample for sample in samples if begin <= sample[0] < end]


async def soak(
    server: served.Server, answers: dict[str, dict], arguments: argparse.Namespace
) -> bool:
    run = Soak(server, answers, random.Random(arguments.seed))
    samples: list[tuple[float, float, int]] = []
    begin = time.monotonic()
    end = begin + arguments.minutes * 60
    await asyncio.gather(
        run.watch(end, samples), *(run.worker(end) for _ in range(arguments.workers))
    )
    rate = run.scored / (time.monotonic() - begin)
    sent, answered = await run.terminate(5, rate)
    code = await asyncio.to_thread(server.process.wait, 60)

    print(f"\n{'action':12} {'outcomes'}")
    for action, words in sorted(run.seen.items()):
        print(
            f"{action:12} " + ", ".join(f"{word} {count}" for word, count in sorted(words.items()))
        )
    warm = begin + (end - begin) / 5
    step = (end - warm) / WINDOWS
    medians = []
    print(f"\n{'minutes':>13} {'RSS, MB':>8} {'texts/s':>8}")
    median = statistics.median(sample[1] for sample in window(samples, begin, warm))
    print(f"{0:6.1f}-{(warm - begin) / 60:6.1f} {median:8.1f}  (warm-up)")
    for number in range(WINDOWS):
        part = window(samples, warm + number * step, warm + (number + 1) * step)
        medians.append(statistics.median(sample[1] for sample in part))
        texts = (part[-1][2] - part[0][2]) / max(part[-1][0] - part[0][0], 0.1)
        minutes = f"{(part[0][0] - begin) / 60:6.1f}-{(part[-1][0] - begin) / 60:6.1f}"
        print(f"{minutes} {medians[-1]:8.1f} {texts:8.0f}")
    growth = statistics.mean(medians[-2:]) / statistics.mean(medians[:2]) - 1
    log = server.log.read_text(errors="replace")
    times = sorted(run.times)
    leaks = [text for text in answers if len(text) > 20 and text in log]
    half, most = (times[len(times) * percent // 100] * 1000 for percent in (50, 99))
    print(
        f"\n{run.scored} texts scored and compared; half of the requests took less than "
        f"{half:.0f} ms, 99% less than {most:.0f} ms"
    )
    facts = [
        (
            not run.wrong,
            f"wrong or missing answers: {sum(words['WRONG'] for words in run.seen.values())}",
        ),
        (
            abs(growth) <= 0.05 or growth < 0,
            f"growth of memory after warm-up: {growth:+.1%} (at most 5%); "
            f"highest {max(sample[1] for sample in samples):.0f} MB",
        ),
        (sent == answered, f"requests under way at SIGTERM: {sent}, answered: {answered}"),
        (code == 0, f"exit code after SIGTERM: {code}"),
        (not leaks, f"comments in the log: {len(leaks)}"),
    ]
    for passed, fact in facts:
        print(f"{'ok  ' if passed else 'FAIL'} {fact}")
    # One of each kind: causes differ by ids and times.
    kinds = {re.sub(r"\d+", "", cause)[:70]: cause for cause in run.wrong}
    for cause in list(kinds.values())[:20]:
        print(f"     {cause}")
    return all(passed for passed, _ in facts)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("comity")
    parser.add_argument("work", type=pathlib.Path)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--workers", type=int, default=16)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000)
    arguments = parser.parse_args()
    work = arguments.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    print(
        f"{arguments.minutes:g} minutes; --seed {arguments.seed} repeats the choices",
        flush=True,
    )
    answers = served.scores(arguments.comity, made_up(random.Random(1), 400), work)
    keys, secret = work / "keys.toml", work / "coral-secret"
    for file, text in ((keys, f'tests = "{served.KEY}"\n'), (secret, served.CORAL_SECRET)):
        file.write_text(text)
        file.chmod(0o600)
    server = served.Server(
        arguments.comity,
        work / "server.log",
        "--keys",
        str(keys),
        "--coral-secret-file",
        str(secret),
        "--queue",
        QUEUE,
    )
    try:
        server.wait()
        passed = asyncio.run(soak(server, answers, arguments))
    finally:
        if server.process.poll() is None:
            server.process.kill()
    sys.exit(0 if passed else 1)


if __name__ == "__main__":
    main()
