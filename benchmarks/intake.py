"""What it costs to take a webhook: our production server beside its peers, in one run.

    python benchmarks/intake.py [--quick] [--json]

Sends one signed delivery of 23.6 KB over 16 connections to: our server; Flask on gunicorn that
queues the payload with RQ (the usual way, and durable); probot 14 with a handler that does nothing
(not durable; skipped without Node). Rounds are interleaved. CPU is that of each server's process
tree, the queue server and the sender not counted; trust the ratios, not the absolute figures.
Every 202 of ours must have its entry in the inbox, else this fails. gunicorn and probot are
installed into a temporary folder. Exit status 1 when a bound is missed.
"""

from __future__ import annotations

import argparse
import contextlib
import hmac
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from redis import Redis

from bot.queue.append import STREAM
from bot.queue.embedded import EmbeddedServer

ROOT = Path(__file__).resolve().parents[1]
SECRET = "a secret of the benchmark"
CONNECTIONS = 16
SIZE = 23_633  # bytes of a pull_request.opened as GitHub sends it
BOUNDS = {"flask-gunicorn-rq": 0.3, "probot-noop": 1.6}

OURS = """
from bot.door.serve import serve_web
from bot.settings import load_settings
serve_web(load_settings())
"""
USUAL = """
import hashlib, hmac, os
from flask import Flask, abort, request
from redis import Redis
from rq import Queue

app = Flask("usual")
queue = Queue("usual", connection=Redis.from_url(os.environ["TOWPATH_REDIS_URL"]))
secret = os.environ["TOWPATH_WEBHOOK_SECRET"].encode()

@app.post("/webhook")
def webhook():
    expected = "sha256=" + hmac.new(secret, request.get_data(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, request.headers["X-Hub-Signature-256"]):
        abort(401)
    queue.enqueue("builtins.len", request.get_json())
    return {"status": "queued"}, 202
"""
PROBOT = """
import { Probot, Server } from "probot";
const { PORT, KEY, SECRET } = process.env;
const server = new Server({
  Probot: Probot.defaults({ appId: 1, privateKey: KEY, secret: SECRET, logLevel: "fatal" }),
  host: "127.0.0.1", port: Number(PORT), logLevel: "fatal", webhookPath: "/webhook",
});
await server.load((app) => { app.on("pull_request.opened", async () => {}); });
await server.start();
"""


def payload() -> bytes:
    """A pull request event of the usual size."""
    bare: dict[str, Any] = {
        "action": "opened",
        "number": 7,
        "installation": {"id": 1},
        "repository": {"id": 1, "name": "r", "full_name": "o/r", "owner": {"login": "o"}},
        "pull_request": {"number": 7, "labels": [], "links": {}},
    }
    links = bare["pull_request"]["links"]
    while len(json.dumps(bare)) < SIZE - 130:
        links[f"link_{len(links)}"] = f"https://api.github.example/repos/o/r/pulls/7/{len(links)}"
    bare["padding"] = ""
    bare["padding"] = "x" * (SIZE - len(json.dumps(bare)))
    return json.dumps(bare).encode()


def raw_request(port: int, body: bytes) -> bytes:
    signature = hmac.new(SECRET.encode(), body, "sha256").hexdigest()
    lines = [
        "POST /webhook HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        "User-Agent: GitHub-Hookshot/bench",
        "Accept: */*",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        "X-GitHub-Delivery: 72d3162e-cc78-11e3-81ab-4c9367dc0958",
        "X-GitHub-Event: pull_request",
        "X-GitHub-Hook-ID: 1",
        f"X-Hub-Signature-256: sha256={signature}",
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


def cpu_seconds(pid: int) -> float:
    """CPU time of a process and its living descendants."""
    after_name = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    own = (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")
    children: list[str] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        children += (task / "children").read_text().split()
    return own + sum(cpu_seconds(int(child)) for child in children)


@contextlib.contextmanager
def serving(command: list[str], environ: dict[str, str], port: int) -> Iterator[int]:
    """A server process; yields its pid once it listens."""
    process = subprocess.Popen(command, env=os.environ | environ, stdout=subprocess.DEVNULL)
    try:
        for _ in range(400):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            if process.poll() is not None:
                raise RuntimeError(f"{command[:3]} ended with {process.returncode}")
            time.sleep(0.05)
        time.sleep(0.3)
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Peers:
    """How to start each server; whatever they need is installed into `folder`."""

    def __init__(self, folder: Path, redis_url: str) -> None:
        self.folder = folder
        self.environ = {
            "TOWPATH_REDIS_URL": redis_url,
            "TOWPATH_HOME": str(folder / "home"),
            "TOWPATH_WEBHOOK_SECRET": SECRET,
            "SECRET": SECRET,
        }
        self.names = ["towpath"]
        if self._install_gunicorn():
            self.names.append("flask-gunicorn-rq")
        if self._install_probot():
            self.names.append("probot-noop")

    def command(self, name: str, port: int) -> tuple[list[str], dict[str, str]]:
        if name == "towpath":
            own = {"TOWPATH_BIND_PORT": str(port), "PYTHONPATH": str(ROOT)}
            return [sys.executable, "-c", OURS], self.environ | own
        if name == "probot-noop":
            return ["node", str(self.folder / "noop.mjs")], self.environ | {
                "PORT": str(port),
                "KEY": self._key(),
                "NODE_ENV": "production",
            }
        command = [sys.executable, "-m", "gunicorn", "usual:app", "-w1", "--threads=8"]
        command += ["-kgthread", f"-b127.0.0.1:{port}", "--log-level=error"]
        path = os.pathsep.join([str(self.folder), str(self.folder / "packages")])
        return command, self.environ | {"PYTHONPATH": path}

    def _install_gunicorn(self) -> bool:
        (self.folder / "usual.py").write_text(USUAL)
        target = str(self.folder / "packages")
        command = [sys.executable, "-m", "uv", "pip", "install", "-q", "--target", target]
        return subprocess.run([*command, "gunicorn>=23", "packaging"], timeout=120).returncode == 0

    def _install_probot(self) -> bool:
        if not (shutil.which("node") and shutil.which("npm")):
            return False
        (self.folder / "noop.mjs").write_text(PROBOT)
        command = ["npm", "install", "--silent", "--no-audit", "--no-fund", "probot@14"]
        return subprocess.run(command, cwd=self.folder, timeout=300).returncode == 0

    def _key(self) -> str:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        return key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        ).decode()


def measure(peers: Peers, name: str, seconds: float, redis: Redis) -> dict[str, float]:
    """One round; raises when an acknowledged delivery is not in the inbox."""
    redis.flushall()
    port = free_port()
    request = raw_request(port, payload())
    command, environ = peers.command(name, port)
    with serving(command, environ, port) as pid:
        _send(port, 0.5, request)  # warm
        redis.flushall()
        before = cpu_seconds(pid)
        said = _send(port, seconds, request)
        spent = cpu_seconds(pid) - before
    good = "200" if name == "probot-noop" else "202"
    requests = said["statuses"].get(good, 0)
    if said["statuses"] != {good: requests}:
        raise RuntimeError(f"{name} answered {said['statuses']}")
    if name == "towpath" and (stored := redis.xlen(STREAM)) != requests:
        raise RuntimeError(f"{requests} acknowledged, {stored} stored")
    return {
        "cpu_ms": 1000 * spent / requests,
        "requests_per_second": requests / said["seconds"],
        "p50_ms": said["p50_ms"],
        "p99_ms": said["p99_ms"],
        "requests": requests,
    }


def _send(port: int, seconds: float, request: bytes) -> Any:
    command = [sys.executable, str(ROOT / "benchmarks" / "load.py")]
    arguments = [str(port), str(CONNECTIONS), str(seconds)]
    done = subprocess.run([*command, *arguments], input=request, capture_output=True, check=True)
    return json.loads(done.stdout)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one round of one second each")
    parser.add_argument("--json", action="store_true", help="one JSON object on the last line")
    chosen = parser.parse_args()
    rounds, seconds = (1, 1.0) if chosen.quick else (3, 3.0)
    with tempfile.TemporaryDirectory() as made:
        server = EmbeddedServer(Path(made) / "redis")
        url = server.start()
        try:
            with Redis.from_url(url) as redis:
                peers = Peers(Path(made), url)
                found: dict[str, list[dict[str, float]]] = {name: [] for name in peers.names}
                for _ in range(rounds):
                    for name in peers.names:
                        found[name].append(measure(peers, name, seconds, redis))
        finally:
            server.stop()
    return report(found, as_json=chosen.json)


def report(found: dict[str, list[dict[str, float]]], *, as_json: bool) -> int:
    """Medians, ratios of our CPU to each peer's, and whether the bounds hold."""
    medians = {
        name: {key: statistics.median(one[key] for one in rounds) for key in rounds[0]}
        for name, rounds in found.items()
    }
    ours = medians["towpath"]["cpu_ms"]
    ratios = {name: ours / one["cpu_ms"] for name, one in medians.items() if name != "towpath"}
    missed = [name for name, ratio in ratios.items() if ratio > BOUNDS[name]]
    for name, one in medians.items():
        print(
            f"{name:18} {one['cpu_ms']:.3f} CPU ms/request  "
            f"{one['requests_per_second']:6.0f}/s  p50 {one['p50_ms']:.1f} ms  "
            f"p99 {one['p99_ms']:.1f} ms"
        )
    for name, ratio in ratios.items():
        print(f"ours / {name}: {ratio:.2f} (bound {BOUNDS[name]})")
    if as_json:
        print(json.dumps({"servers": medians, "cpu_ratios": ratios, "missed": missed}))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
