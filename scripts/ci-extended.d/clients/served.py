"""A running `comity serve`, and the right answers: what `comity score` gives the same texts."""

from __future__ import annotations

import csv
import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[3]

KIND = "Thank you for the night bus. My sister works late."
TOXIC = "You are a complete idiot and everybody in this town knows it."
THREAT = "Get out of here before I break your legs, you worthless clown."
SWEARING = "Damn, this is a load of crap."
SENTENCES = ["The ferry 🙂 leaves at nine.", "You are a fool.", "Bring a coat!"]
SPANS = " ".join(SENTENCES)
# Texts that markup, escapes and encodings could change.
HARD = [
    "You are a fool & a liar <tonight>.",
    "Zoë said: “naïve café, 50 €” — and left 👩‍👩‍👧.",
    'She wrote "shut up" on the wall,\nthen a tab\tand a backslash \\.',
    "a" * 3 + " " + "What a stupid, pathetic article. " * 40,
]
# Nothing supports these languages: Georgian letters are known by themselves, Oromo by its name.
GEORGIAN = "დღეს კარგი ამინდია და ჩვენ პარკში მივდივართ."
# What is left of HTML once it is read.
HTML, HTML_TEXT = "<p>You are a <b>fool</b> &amp; a liar.</p>", "You are a fool & a liar."
TEXTS = [
    KIND,
    TOXIC,
    THREAT,
    SWEARING,
    SPANS,
    *SENTENCES,
    *HARD,
    HTML_TEXT,
    "Nice work, the bell sounds lovely.",
]

# Perspective's attributes, and the columns of scores.csv that answer them.
ATTRIBUTES = {
    "TOXICITY": "toxicity",
    "SEVERE_TOXICITY": "severe_toxicity",
    "IDENTITY_ATTACK": "identity_attack",
    "INSULT": "insult",
    "PROFANITY": "obscene",
    "THREAT": "threat",
}
# OpenAI's categories that have a counterpart; all others are 0. A score is the highest of each
# group of columns, and the lowest of all groups.
CATEGORIES = {
    "harassment": [["toxicity", "severe_toxicity", "obscene", "insult"]],
    "harassment/threatening": [["threat"]],
    "hate": [["identity_attack"]],
    "hate/threatening": [["identity_attack"], ["threat"]],
    "violence": [["threat"]],
}
KEY = "a key of the tests, 32 bytes long"
CORAL_SECRET = "the secret that Coral signs with"


def scores(comity: str, texts: list[str], folder: pathlib.Path) -> dict[str, dict]:
    """Returns the cells of scores.csv for each text, and `action` of decisions.csv."""
    folder.mkdir(parents=True, exist_ok=True)
    source = folder / "texts.ndjson"
    with source.open("w", encoding="utf-8") as out:
        for number, text in enumerate(texts):
            # A thread each, so that no text is a quotation of another.
            out.write(
                json.dumps({"thread": number, "id": number, "author": "a", "text": text}) + "\n"
            )
    said = subprocess.run(
        [
            comity,
            "score",
            str(source),
            "--format",
            "ndjson",
            "--language",
            "any",
            "--out",
            str(folder / "out"),
        ],
        capture_output=True,
        text=True,
    )
    assert said.returncode == 0, said.stderr
    rows = list(csv.DictReader((folder / "out/scores.csv").open(newline="", encoding="utf-8")))
    decisions = list(
        csv.DictReader((folder / "out/decisions.csv").open(newline="", encoding="utf-8"))
    )
    assert len(rows) == len(decisions) == len(texts)
    found = {}
    for text, row, decision in zip(texts, rows, decisions):
        assert row["text"] == text, f"the reader changed a text: {row['text']!r}, not {text!r}"
        number = lambda cell: (
            float(cell) if cell.replace(".", "", 1).lstrip("-").isdigit() else cell
        )
        labels = ["sentiment", "negative", "neutral", "positive", *set(ATTRIBUTES.values())]
        found[text] = {label: number(row[label]) for label in labels}
        found[text] |= {"language": row["language"], "action": decision["action"]}
    return found


def answers() -> dict[str, dict]:
    """Returns the right answers, which run.py has written."""
    return json.loads(pathlib.Path(os.environ["COMITY_ANSWERS"]).read_text(encoding="utf-8"))


def categories(scores: dict) -> dict[str, float]:
    """Returns the scores of OpenAI's categories that have a counterpart."""
    best = lambda groups: min(max(scores[label] for label in group) for group in groups)
    return {category: best(groups) for category, groups in CATEGORIES.items()}


def same(value: float, expected: float) -> bool:
    """Returns true if `value` has the six decimals that scores.csv has."""
    return isinstance(value, (int, float)) and abs(value - expected) <= 5.001e-7


class Server:
    """A running server. Its log goes to a file."""

    def __init__(
        self,
        comity: str,
        log: pathlib.Path,
        *options: str,
        address: str = "127.0.0.1",
        port: int | None = None,
        env: dict[str, str] | None = None,
    ) -> None:
        if port is None:
            with socket.socket() as free:
                free.bind((address, 0))
                port = free.getsockname()[1]
        self.host, self.port, self.log = address, port, log
        self.url = f"http://{address}:{port}"
        log.parent.mkdir(parents=True, exist_ok=True)
        self.process = subprocess.Popen(
            [comity, "serve", "--listen", f"{address}:{port}", *options],
            stdout=log.open("w"),
            stderr=subprocess.STDOUT,
            env=os.environ | (env or {}),
        )

    def wait(self, seconds: float = 60) -> "Server":
        """Waits until the server listens."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            assert self.process.poll() is None, f"the server ended: {self.log.read_text()}"
            try:
                socket.create_connection((self.host, self.port), 1).close()
                return self
            except OSError:
                time.sleep(0.05)
        raise AssertionError(f"the server does not listen: {self.log.read_text()}")

    def stop(self) -> int:
        """Ends the server and returns its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise

    def __enter__(self) -> "Server":
        return self.wait()

    def __exit__(self, *_: object) -> None:
        code = self.stop()
        assert code == 0, f"the server ended with {code}: {self.log.read_text()}"


def request(
    url: str,
    body: bytes | str | dict | list | None = None,
    method: str = "POST",
    headers: dict[str, str] | None = None,
) -> tuple[int, http.client.HTTPMessage, bytes]:
    """Sends a request as it is: no redirects, nothing added but Host and Content-Length."""
    if isinstance(body, (dict, list)):
        body = json.dumps(body)
    if isinstance(body, str):
        body = body.encode()
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=60)
    try:
        path = parts.path + ("?" + parts.query if parts.query else "")
        connection.request(
            method, path, body, {"Content-Type": "application/json"} | (headers or {})
        )
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()
