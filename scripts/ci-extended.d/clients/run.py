#!/usr/bin/env python3
"""Tests `comity serve` with real clients of Perspective, OpenAI and TEI.

    scripts/ci-extended.d/clients/run.py COMITY WORK [--short]

COMITY is the program and WORK a folder for what the run installs and writes. Every answer is
compared with what `comity score` gives the same texts. Requests of clients that cannot be installed
are replayed.

Clients whose address can be set get that of a server on loopback. Those with a hard-coded host run
unchanged in a network namespace of their own, in which /etc/hosts gives Google's name to a server
with a certificate for it: what a user of such a client can do, too. This also tests HTTPS. --short
leaves out pyarrow and perspective.py, which are large, and ends with status 0 if the clients cannot
be installed.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import served

HERE = pathlib.Path(__file__).resolve().parent
HOST = "commentanalyzer.googleapis.com"


class Unreachable(Exception):
    """A package could not be installed."""


def install(work: pathlib.Path, more: bool) -> None:
    """Installs the clients, unless the same versions are there already."""

    def stamp(*sources: str) -> str:
        text = "".join((HERE / source).read_text() for source in sources)
        return hashlib.sha256((text + sys.version).encode()).hexdigest()

    def fresh(folder: str, *sources: str) -> bool:
        file = work / folder / "installed"
        if file.exists() and file.read_text() == stamp(*sources):
            return False
        shutil.rmtree(work / folder, ignore_errors=True)
        (work / folder).mkdir(parents=True)
        return True

    def run(*command: str, folder: str, sources: tuple[str, ...]) -> None:
        done = subprocess.run(command, capture_output=True, text=True, cwd=work / folder)
        if done.returncode != 0:
            raise Unreachable(f"{' '.join(command)}:\n{(done.stdout + done.stderr)[-2000:]}")
        (work / folder / "installed").write_text(stamp(*sources))

    def python() -> None:
        pip = [str(work / "venv/bin/python"), "-m", "pip", "install", "--quiet", "--no-compile"]
        if fresh("venv", "requirements.txt"):
            subprocess.run([sys.executable, "-m", "venv", str(work / "venv")], check=True)
            run(
                *pip,
                "-r",
                str(HERE / "requirements.txt"),
                folder="venv",
                sources=("requirements.txt",),
            )
        if more and fresh("more", "requirements-more.txt"):
            run(
                *pip,
                "--target",
                str(work / "more"),
                "-r",
                str(HERE / "requirements-more.txt"),
                folder="more",
                sources=("requirements-more.txt",),
            )

    def node() -> None:
        lists = ("package.json", "package-lock.json")
        if fresh("node", *lists):
            for name in lists:
                shutil.copy(HERE / name, work / "node" / name)
            # googleapis asks for a newer Node.js than Debian's, and works with it.
            run(
                "npm",
                "ci",
                "--no-audit",
                "--no-fund",
                "--ignore-scripts",
                folder="node",
                sources=lists,
            )

    for tool in ("node", "npm"):
        if shutil.which(tool) is None:
            raise Unreachable(f"there is no {tool}: apt-get install nodejs npm")
    with concurrent.futures.ThreadPoolExecutor() as pool:
        for done in [pool.submit(python), pool.submit(node)]:
            done.result()


def certify(work: pathlib.Path) -> None:
    """Writes a certificate authority, and a certificate of it for the hard-coded host."""

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], check=True, cwd=work, capture_output=True)

    new = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    openssl(
        "req",
        "-x509",
        *new,
        "-keyout",
        "ca.key",
        "-out",
        "ca.pem",
        "-days",
        "2",
        "-subj",
        "/CN=tests of Comity",
    )
    openssl("req", *new, "-keyout", "tls.key", "-out", "tls.csr", "-subj", f"/CN={HOST}")
    (work / "tls.txt").write_text(f"subjectAltName=DNS:{HOST}")
    openssl(
        "x509",
        "-req",
        "-in",
        "tls.csr",
        "-CA",
        "ca.pem",
        "-CAkey",
        "ca.key",
        "-CAcreateserial",
        "-days",
        "2",
        "-extfile",
        "tls.txt",
        "-out",
        "tls.pem",
    )
    (work / "hosts").write_text(f"127.0.0.1 localhost {HOST}\n::1 localhost\n")


def tests(work: pathlib.Path, env: dict[str, str], modules: list[str]) -> None:
    """Runs tests for Python, and those for Node.js."""
    env = os.environ | env | {"PYTHONDONTWRITEBYTECODE": "1"}
    python = str(work / "venv/bin/python")
    subprocess.run(
        [python, "-W", "ignore::ResourceWarning", "-m", "unittest", *modules],
        check=True,
        cwd=HERE,
        env=env,
    )
    subprocess.run(
        ["node", "--test", "--test-reporter=spec", str(HERE / "clients.test.mjs")],
        check=True,
        env=env,
    )


def open_addresses(comity: str, work: pathlib.Path, more: bool) -> None:
    """Runs the clients whose address can be set, each test with and without a key."""
    keys, secret = work / "keys.toml", work / "coral-secret"
    for file, text in ((keys, f'tests = "{served.KEY}"\n'), (secret, served.CORAL_SECRET)):
        file.write_text(text)
        file.chmod(0o600)
    with (
        served.Server(comity, work / "open.log", "--coral-secret-file", str(secret)) as server,
        served.Server(comity, work / "guarded.log", "--keys", str(keys)) as guarded,
    ):
        env = {
            "COMITY_URL": server.url,
            "COMITY_GUARDED_URL": guarded.url,
            "COMITY_ANSWERS": str(work / "answers.json"),
            "COMITY_NODE_MODULES": str(work / "node"),
        }
        if more:
            env["COMITY_MORE"] = str(work / "more")
        modules = ["test_perspective", "test_openai", "test_tei", "test_score", "test_replay"]
        tests(work, env, modules)
    for log in (work / "open.log", work / "guarded.log"):
        text = log.read_text()
        assert not any(comment in text for comment in served.TEXTS), (
            f"{log} has the text of a comment"
        )


def fixed_hosts(comity: str, work: pathlib.Path, more: bool) -> None:
    """Runs the clients with a hard-coded host. This process is root of its own namespaces."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["mount", "--bind", str(work / "hosts"), "/etc/hosts"], check=True)
    tls = ["--tls-cert", str(work / "tls.pem"), "--tls-key", str(work / "tls.key")]
    with served.Server(comity, work / "hosts.log", *tls, port=443):
        authority = str(work / "ca.pem")
        env = {
            "COMITY_URL": f"https://{HOST}",
            "COMITY_GUARDED_URL": "",
            "COMITY_HOSTS": "1",
            "COMITY_ANSWERS": str(work / "answers.json"),
            "COMITY_NODE_MODULES": str(work / "node"),
            # Where OpenSSL, httplib2, requests and Node.js look for authorities.
            "SSL_CERT_FILE": authority,
            "HTTPLIB2_CA_CERTS": authority,
            "REQUESTS_CA_BUNDLE": authority,
            "NODE_EXTRA_CA_CERTS": authority,
        }
        if more:
            env["COMITY_MORE"] = str(work / "more")
        tests(work, env, ["test_perspective"])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("comity")
    parser.add_argument("work", type=pathlib.Path)
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    comity, work = str(pathlib.Path(arguments.comity).resolve()), arguments.work.resolve()
    if arguments.inside:
        fixed_hosts(comity, work, not arguments.short)
        return
    begun = time.monotonic()
    work.mkdir(parents=True, exist_ok=True)
    try:
        install(work, not arguments.short)
    except Unreachable as error:
        if not arguments.short:
            sys.exit(f"the clients cannot be installed: {error}")
        print(f"the clients cannot be installed here: skipped ({error})")
        return
    print(f"installed after {time.monotonic() - begun:.0f} s", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        answers = served.scores(comity, served.TEXTS, pathlib.Path(folder))
    (work / "answers.json").write_text(json.dumps(answers), encoding="utf-8")
    open_addresses(comity, work, not arguments.short)
    print(
        f"\nclients whose address can be set: done after {time.monotonic() - begun:.0f} s",
        flush=True,
    )
    namespaces = ["unshare", "--map-root-user", "--mount", "--net"]
    if (
        shutil.which("openssl") is None
        or subprocess.run([*namespaces, "ip", "link", "show", "lo"], capture_output=True).returncode
        != 0
    ):
        print("there are no network namespaces, `ip` or `openssl`: the hard-coded host is skipped")
        return
    certify(work)
    inside = [sys.executable, __file__, comity, str(work), "--inside"] + [
        "--short"
    ] * arguments.short
    subprocess.run([*namespaces, *inside], check=True)
    print(f"\nclients with a hard-coded host: done after {time.monotonic() - begun:.0f} s")


if __name__ == "__main__":
    main()
