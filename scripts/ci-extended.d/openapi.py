#!/usr/bin/env python3
"""Checks the OpenAPI document of a server, and the server against it.

    openapi.py COMITY MODEL [EXAMPLES]

Starts `COMITY serve` with the model in the folder MODEL, checks that the document is valid OpenAPI
3.1, and has schemathesis send EXAMPLES (default 100) generated requests to each operation: no
answer may have a status, a media type or a body that the document does not name, and nothing that
contradicts the document may be accepted, but for what openapi.toml lists. It needs
scripts/ci-extended.d/openapi.txt from PyPI.
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from openapi_spec_validator import validate

HERE = Path(__file__).resolve().parent
KEY = "a-key-of-these-tests-alone"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=10) as response:
        return response.read()


def main(comity: str, model: str, examples: str = "100") -> int:
    address = f"127.0.0.1:{free_port()}"
    with tempfile.TemporaryDirectory() as folder:
        keys = Path(folder, "keys.toml")
        keys.write_text(f'schemathesis = "{KEY}"\n')
        return check([comity, "serve", "--listen", address, "--model", model, "--keys", keys], address, examples)


def check(command: list, address: str, examples: str) -> int:
    server = subprocess.Popen(command)
    try:
        for _ in range(600):
            if server.poll() is not None:
                print("the server did not start")
                return 1
            try:
                get(f"http://{address}/readyz")
                break
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        document = json.loads(get(f"http://{address}/openapi.json"))
        validate(document)
        print(f"{len(document['paths'])} paths; the document is valid")
        schemathesis = [str(Path(sys.executable).with_name("schemathesis"))]
        schemathesis += ["--config-file", str(HERE / "openapi.toml"), "run", f"http://{address}/openapi.json"]
        schemathesis += ["--max-examples", examples, "--generation-database", "none", "--seed", "1"]
        schemathesis += ["--no-color", "--header", f"Authorization: Bearer {KEY}"]
        environment = os.environ | {"SCHEMATHESIS_HOOKS": "openapi_hooks", "PYTHONPATH": str(HERE)}
        code = subprocess.run(schemathesis, env=environment).returncode
        # Whatever came: it still scores.
        get(f"http://{address}/readyz")
        return code
    finally:
        server.terminate()
        server.wait(timeout=60)


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
