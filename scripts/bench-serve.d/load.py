"""Requests at a rate: `load.py PORT PATH BODIES RATE SECONDS` prints the median and the 99th percentile in milliseconds, and the
number of requests that failed.

Arrivals are random (Poisson), whatever the server does. A request takes a free connection of at most 256; if none is free, it
waits, and its time counts from when it was due.
"""

import asyncio
import random
import statistics
import sys
import time
from collections import deque

CONNECTIONS = 256


class Connection(asyncio.Protocol):
    """One connection with at most one request on its way."""

    def __init__(self, free: deque, done):
        self.free, self.done, self.answer, self.due = free, done, b"", 0.0

    def connection_made(self, transport):
        self.transport = transport
        self.free.append(self)

    def send(self, request: bytes, due: float):
        self.due, self.answer = due, b""
        self.transport.write(request)

    def data_received(self, data: bytes):
        self.answer += data
        head, found, body = self.answer.partition(b"\r\n\r\n")
        if not found:
            return
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        if len(body) >= length:
            self.done(time.perf_counter() - self.due, head.startswith(b"HTTP/1.1 200"))
            self.free.append(self)

    def connection_lost(self, error):
        # Servers close connections that were idle for some seconds; the next request opens one.
        if self not in self.free:
            sys.exit(f"load.py: the server closed a connection during a request: {error}")
        self.free.remove(self)


async def main() -> None:
    port, path, bodies, rate, seconds = sys.argv[1:]
    rate, seconds = float(rate), float(seconds)
    requests = [
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {len(body.encode())}\r\n\r\n{body}".encode()
        for body in open(bodies, encoding="utf-8").read().splitlines()
    ]
    free, waiting, times, failed = deque(), deque(), [], 0

    def done(took: float, is_ok: bool) -> None:
        nonlocal failed
        times.append(took)
        failed += not is_ok

    loop = asyncio.get_running_loop()
    every = []

    async def connect() -> None:
        every.append(await loop.create_connection(lambda: Connection(free, done), "127.0.0.1", int(port)))

    for _ in range(CONNECTIONS):
        await connect()
    rng = random.Random(1)
    start = time.perf_counter()
    due, sent = start, 0
    while due < start + seconds or len(times) < sent:
        now = time.perf_counter()
        while due <= now and due < start + seconds:
            waiting.append(due)
            due += rng.expovariate(rate)
        if waiting and not free and sum(not transport.is_closing() for transport, _ in every) < CONNECTIONS:
            await connect()
        while waiting and free:
            # The connection that was free last: few are used while few are needed.
            free.pop().send(requests[sent % len(requests)], waiting.popleft())
            sent += 1
        if now > start + seconds + 120:
            sys.exit("load.py: answers are missing")
        await asyncio.sleep(max(0.0, min(due - time.perf_counter(), 0.001)) if due < start + seconds else 0.001)
    cuts = statistics.quantiles(times, n=100)
    print(statistics.median(times) * 1000, cuts[98] * 1000, failed)


asyncio.run(main())
