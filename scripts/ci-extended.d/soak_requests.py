"""The right requests of the soak test, one method a wire shape, and the checks of their answers."""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
import hmac
import html
import json
import random
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "clients"))
import served  # noqa: E402
from served import ATTRIBUTES, categories, same  # noqa: E402


class Wrong(Exception):
    """An answer that is not as it should be."""


@dataclasses.dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> object:
        return json.loads(self.body)


class Connection:
    """A connection to the server, which may do what a client library would not."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def open(cls, server: served.Server) -> "Connection":
        return cls(*await asyncio.open_connection(server.host, server.port, limit=1 << 24))

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def chunk(self, data: bytes) -> None:
        await self.send(b"%x\r\n%s\r\n" % (len(data), data))

    async def answer(self) -> Answer:
        """Reads an answer. Raises if the connection ends before."""
        status = 100
        while status == 100:
            head = await self.reader.readuntil(b"\r\n\r\n")
            lines = head.decode("latin-1").split("\r\n")
            status = int(lines[0].split(" ")[1])
        headers = dict(line.lower().split(": ", 1) for line in lines[1:] if ": " in line)
        if headers.get("transfer-encoding") == "chunked":
            parts = []
            while size := int((await self.reader.readuntil(b"\r\n")).split(b";")[0], 16):
                parts.append(await self.reader.readexactly(size))
                await self.reader.readexactly(2)
            await self.reader.readuntil(b"\r\n")
            body = b"".join(parts)
        else:
            body = await self.reader.readexactly(int(headers.get("content-length", "0")))
        return Answer(status, headers, body)

    def close(self) -> None:
        self.writer.close()

    def reset(self) -> None:
        self.writer.transport.abort()


@dataclasses.dataclass
class Request:
    """A right request, and the check of its answer."""

    path: str
    body: bytes
    check: Callable[[Answer], None] | None
    kind: str = "application/json"
    headers: tuple[str, ...] = ()

    def head(self, length: int | None = None, more: str = "") -> bytes:
        length = len(self.body) if length is None else length
        lines = [
            f"POST {self.path} HTTP/1.1",
            "Host: localhost",
            f"Content-Type: {self.kind}",
            f"Authorization: Bearer {served.KEY}",
            *self.headers,
        ]
        lines += [more] if more else [f"Content-Length: {length}"]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    @property
    def bytes(self) -> bytes:
        return self.head() + self.body


class Requests:
    """Makes requests at random, of texts whose scores are known."""

    def __init__(self, answers: dict[str, dict], chance: random.Random) -> None:
        self.answers, self.chance = answers, chance
        self.all_texts = list(answers)
        # The number of texts whose scores were compared.
        self.scored = 0

    def texts(self, most: int) -> list[str]:
        return self.chance.choices(self.all_texts, k=self.chance.randint(1, most))

    def expect(self, value: object, text: str, label: str) -> None:
        if not same(value, self.answers[text][label]):
            raise Wrong(f"{label} is {value}, not {self.answers[text][label]}: {text[:60]!r}")

    def perspective(self) -> Request:
        text = self.chance.choice(self.all_texts)
        names = self.chance.sample(list(ATTRIBUTES), self.chance.randint(1, 6))
        token = str(self.chance.random())
        body = {
            "comment": {"text": text},
            "requestedAttributes": dict.fromkeys(names, {}),
            "clientToken": token,
            "languages": ["en"],
        }

        def check(answer: Answer) -> None:
            found = answer.json()
            if found["clientToken"] != token or set(found["attributeScores"]) != set(names):
                raise Wrong(f"not the answer to this request: {found}")
            for name in names:
                self.expect(
                    found["attributeScores"][name]["summaryScore"]["value"], text, ATTRIBUTES[name]
                )
            self.scored += 1

        return Request(
            f"/v1alpha1/comments:analyze?key={served.KEY.replace(' ', '+')}",
            json.dumps(body).encode(),
            check,
        )

    def openai(self) -> Request:
        texts = self.texts(16)

        def check(answer: Answer) -> None:
            results = answer.json()["results"]
            if len(results) != len(texts):
                raise Wrong(f"{len(results)} results for {len(texts)} texts")
            for result, text in zip(results, texts):
                for category, score in categories(self.answers[text]).items():
                    found = result["category_scores"][category]
                    if not same(found, score):
                        raise Wrong(f"{category} is {found}, not {score}: {text[:60]!r}")
            self.scored += len(texts)

        return Request("/v1/moderations", json.dumps({"input": texts}).encode(), check)

    def tei(self) -> Request:
        texts = self.texts(16)
        path = self.chance.choice(["/predict", "/sentiment/predict"])

        def check(answer: Answer) -> None:
            found = answer.json()
            if len(found) != len(texts):
                raise Wrong(f"{len(found)} results for {len(texts)} texts")
            for labels, text in zip(found, texts):
                for label in labels:
                    self.expect(label["score"], text, label["label"])
            self.scored += len(texts)

        return Request(path, json.dumps({"inputs": [[text] for text in texts]}).encode(), check)

    def coral(self) -> Request:
        text = self.chance.choice(self.all_texts)
        body = json.dumps(
            {
                "action": "NEW",
                "comment": {"body": html.escape(text, quote=False), "parentID": None},
                "author": {"id": "u", "role": "COMMENTER"},
                "story": {"id": "s", "url": "https://example.org/s"},
                "site": {"id": "i"},
                "tenantID": "t",
                "tenantDomain": "example.org",
            }
        ).encode()
        digest = hmac.new(served.CORAL_SECRET.encode(), body, hashlib.sha256).hexdigest()

        def check(answer: Answer) -> None:
            action = self.answers[text]["action"]
            if (answer.status == 204) != (action == "approve"):
                raise Wrong(f"status {answer.status} for a comment to {action}: {text[:60]!r}")
            self.scored += 1

        return Request(
            "/coral/moderate", body, check, headers=(f"X-Coral-Signature: sha256={digest}",)
        )

    def score(self) -> Request:
        texts = self.texts(64)
        body = [{"id": str(number), "text": text} for number, text in enumerate(texts)]
        return Request(
            "/v1/score", json.dumps(body).encode(), lambda answer: self.rows(answer.json(), texts)
        )

    def rows(self, rows: list[dict], texts: list[str]) -> None:
        if [row.get("id") for row in rows] != [str(number) for number in range(len(texts))]:
            raise Wrong(
                f"{len(rows)} rows for {len(texts)} texts, or not in their order: {rows[-1:]}"
            )
        for row, text in zip(rows, texts):
            for label in (*ATTRIBUTES.values(), "sentiment", "negative", "neutral", "positive"):
                self.expect(row[label], text, label)
        self.scored += len(texts)

    def any(self) -> Request:
        """A right request that is read as a whole."""
        return self.chance.choice(
            [self.perspective, self.perspective, self.openai, self.tei, self.coral, self.score]
        )()
