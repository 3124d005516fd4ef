#!/usr/bin/env python3
"""Checks the spans that `comity serve` sends to a collector of OpenTelemetry.

    scripts/ci-extended.d/spans.py COMITY MODEL

COMITY is a program that was built with the feature `otel`, MODEL the folder of its model. The
collector is a server of this script: it decodes requests of OTLP over HTTP with the published
messages (spans.txt). Every request must have one span with its route and status, a span must
continue the trace that the request names, and no span may have a text, a query or a key.
"""

import http.server
import json
import os
import pathlib
import sys
import tempfile
import threading
import time

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "clients"))
sys.dont_write_bytecode = True
from served import Server, request  # noqa: E402

TEXT = "Nobody in the harbour office answered the telephone today."
KEY = "a-key-of-these-tests-alone"
TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
# Address, body, status.
REQUESTS = [
    ("/v1/score", {"comments": [{"text": TEXT}]}, 200),
    (f"/v1alpha1/comments:analyze?key={KEY}", {"comment": {"text": TEXT}}, 400),
    ("/predict", {"inputs": TEXT}, 200),
    ("/v1/moderations", {"input": TEXT}, 200),
    ("/predict", {"inputs": 7}, 422),
    ("/no-such-address", {"text": TEXT}, 404),
]


class Collector(http.server.BaseHTTPRequestHandler):
    """Keeps the requests that a server sends to it."""

    kept: list[tuple[str, bytes]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.kept.append((self.path, body))
        answer = ExportTraceServiceResponse().SerializeToString()
        self.send_response(200)
        self.send_header("Content-Type", "application/x-protobuf")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Prints nothing."""


def main(comity: str, model: str) -> None:
    collector = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    threading.Thread(target=collector.serve_forever, daemon=True).start()
    env = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{collector.server_address[1]}",
        "OTEL_BSP_SCHEDULE_DELAY": "200",
    }
    with tempfile.TemporaryDirectory() as folder:
        log = pathlib.Path(folder) / "log"
        with Server(comity, log, "--model", model, env=env) as server:
            traced = {"traceparent": f"00-{TRACE}-{PARENT}-01"}
            for address, body, expected in REQUESTS:
                status, _, answer = request(server.url + address, body, headers=traced)
                assert status == expected, (address, status, answer)
            status, _, _ = request(f"{server.url}/health", method="GET")
            assert status == 200
            end = time.monotonic() + 10
            while not Collector.kept and time.monotonic() < end:
                time.sleep(0.05)
        # The end of the server sends what is left.
    spans = []
    for path, body in Collector.kept:
        assert path == "/v1/traces", path
        for word in (TEXT, "harbour", KEY, "127.0.0.1"):
            assert word.encode() not in body, f"a span has `{word}`"
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            names = {one.key: one.value.string_value for one in resource.resource.attributes}
            assert names["service.name"] == "comity", names
            spans += [span for scope in resource.scope_spans for span in scope.spans]
    found = []
    for span in spans:
        attributes = {one.key: one.value for one in span.attributes}
        assert span.end_time_unix_nano >= span.start_time_unix_nano > 0
        status = attributes["http.response.status_code"].int_value
        route = attributes["http.route"].string_value
        assert span.name.endswith(f" {route}"), (span.name, route)
        traced = span.trace_id.hex() == TRACE and span.parent_span_id.hex() == PARENT
        found.append((status, traced))
        print(f"{span.name}: {status}{', continues the trace' if traced else ''}")
    expected = [(status, True) for _, _, status in REQUESTS] + [(200, False)]
    assert sorted(found) == sorted(expected), json.dumps(found)
    print(f"{len(spans)} spans in {len(Collector.kept)} requests")


if __name__ == "__main__":
    os.environ.pop("OTEL_SERVICE_NAME", None)
    main(*sys.argv[1:])
