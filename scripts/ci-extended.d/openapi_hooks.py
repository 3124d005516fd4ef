"""Teaches schemathesis the forms of streams. openapi.py names this file."""

import json

import schemathesis


@schemathesis.serializer("application/x-ndjson", "application/vnd.apache.arrow.stream")
def lines(ctx: object, value: object) -> bytes:
    """Writes a value a line. As Arrow that is garbage, which must be refused."""
    if isinstance(value, bytes):
        return value
    values = value if isinstance(value, list) else [value]
    return "".join(json.dumps(value) + "\n" for value in values).encode()


@schemathesis.deserializer("application/x-ndjson")
def answers(ctx: object, response: object) -> object:
    return [json.loads(line) for line in response.content.splitlines()]


@schemathesis.deserializer("application/vnd.apache.arrow.stream")
def table(ctx: object, response: object) -> object:
    return None
