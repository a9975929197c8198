"""The git part of a story, against the bare push, a depth-1 clone and one checkout.

    python -m benchmarks.git_part [--quick] [--json]

A generated repository of 3,800 files behind `git http-backend` on loopback. Every ratio is taken
in one run on one machine; exit status 1 when a target is missed, except by --quick, whose
repository is too small to be judged by them.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from bot.workspace.git import git
from bot.workspace.mirror import Mirror, Person
from bot.workspace.worktrees import Pool

BOT = Person("Towpath", "towpath@example.com")
THEN = datetime(2026, 1, 1, tzinfo=UTC)
TARGETS = {"story / bare push": 2.0, "workspace / clone --depth 1": 1 / 25, "disk / checkout": 1.0}


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--quick", action="store_true", help="fewer files and rounds")
    asked.add_argument("--json", action="store_true", help="print one JSON object")
    options = asked.parse_args()
    files, stories, clones = (800, 10, 2) if options.quick else (3800, 100, 3)
    with tempfile.TemporaryDirectory(prefix="git-part-") as folder:
        result = measure(Path(folder), files, stories, clones)
    if options.json:
        print(json.dumps(result))
    else:
        _table(result)
    return 0 if options.quick or all(row["met"] for row in result["ratios"]) else 1


def measure(root: Path, files: int, stories: int, clones: int) -> dict:
    """Milliseconds (medians), megabytes and ratios."""
    upstream = generate(root, files)
    with served(root) as address:
        url = f"{address}/{upstream.name}"
        clone_ms, checkout_mb = _clones(root, url, clones)
        mirror = Mirror.open(root / "mirrors", "bench/repository")
        mirror.fetch(url)
        base = mirror.resolve("main")
        pushes, whole = _stories(mirror, url, base, stories // 2 or 1, "warm")
        before = _megabytes(root / "mirrors")
        more_pushes, more = _stories(mirror, url, base, stories, "story")
        disk_mb = _megabytes(root / "mirrors") - before
        ready = _workspaces(root, mirror, base)
    push, story = statistics.median(pushes + more_pushes), statistics.median(whole + more)
    workspace = statistics.median(ready)
    ratios = {
        "story / bare push": story / push,
        "workspace / clone --depth 1": workspace / clone_ms,
        "disk / checkout": disk_mb / checkout_mb,
    }
    return {
        "files": files,
        "stories": stories,
        "ms": {"bare push": push, "story": story, "workspace": workspace, "clone": clone_ms},
        "mb": {"checkout": checkout_mb, "grown": disk_mb},
        "load": os.getloadavg()[0],
        "ratios": [
            {"name": name, "ratio": ratio, "target": TARGETS[name], "met": ratio <= TARGETS[name]}
            for name, ratio in ratios.items()
        ],
    }


def generate(root: Path, files: int) -> Path:
    """A bare repository with `files` files of 0.5 to 12 kB in 200 folders, and two commits."""
    rnd = random.Random(1)
    words = [f"word{n}" for n in range(500)]
    bare = root / "upstream.git"
    git(bare, "init", "--bare", "--quiet", "--initial-branch=main", str(bare))
    git(bare, "config", "http.receivepack", "true")
    stream = []
    for commit in range(2):
        stream.append(f"commit refs/heads/main\ncommitter A <a@b> {commit} +0000\ndata 1\nx\n")
        for n in range(files if commit == 0 else 20):
            text = "\n".join(" ".join(rnd.choices(words, k=8)) for _ in range(rnd.randint(8, 200)))
            stream.append(f"M 100644 inline d{n % 200}/f{n}.py\ndata {len(text)}\n{text}\n")
    git(bare, "fast-import", "--quiet", stdin="".join(stream).encode())
    return bare


def _clones(root: Path, url: str, rounds: int) -> tuple[float, float]:
    target = root / "clone"
    times = []
    for _ in range(rounds):
        command = ["git", "clone", "--quiet", "--depth", "1", url, str(target)]
        times.append(_ms(partial(subprocess.run, command, check=True)))
        size = _megabytes(target) - _megabytes(target / ".git")
        shutil.rmtree(target)
    return statistics.median(times), size


def _stories(
    mirror: Mirror, url: str, base: str, count: int, name: str
) -> tuple[list[float], list[float]]:
    """A bare push of a commit that is ready, and a whole story, in turns."""
    pushes, whole = [], []
    for n in range(count):
        control = _edited(mirror, base, f"control {name} {n}")
        pushes.append(_ms(partial(_bare_push, mirror, url, control, f"c-{name}-{n}")))

        def story(n: int = n) -> None:
            mirror.fetch(url, None, ["+refs/heads/main:refs/heads/main"])
            head = _edited(mirror, mirror.resolve("main"), f"{name} {n}")
            mirror.keep(f"{name}/{n}", head)
            pushed = mirror.push(url, None, f"{name}-{n}", head, None)
            assert pushed.outcome == "pushed"

        whole.append(_ms(story))
    return pushes, whole


def _edited(mirror: Mirror, base: str, text: str) -> str:
    changes = {"d1/f1.py": f"# {text}\n".encode(), f"new/{text.replace(' ', '-')}.py": b"x = 1\n"}
    return mirror.commit_files(base, changes, f"feat: {text}", BOT, THEN)


def _bare_push(mirror: Mirror, url: str, sha: str, branch: str) -> None:
    command = [
        "git",
        f"--git-dir={mirror.path}",
        "push",
        "--quiet",
        url,
        f"{sha}:refs/heads/{branch}",
    ]
    subprocess.run(command, check=True)


def _workspaces(root: Path, mirror: Mirror, base: str) -> list[float]:
    """A pooled tree, used and left dirty, made ready at another commit."""
    pool = Pool(root / "trees", mirror, size=1)
    commits = [base, _edited(mirror, base, "another")]
    times = []
    for n in range(21):
        started = time.perf_counter()
        with pool.checkout(commits[n % 2]) as tree:
            times.append((time.perf_counter() - started) * 1000)
            (tree.path / "d2" / "f2.py").write_text("changed")
            (tree.path / "left").mkdir()
            (tree.path / "left" / "over.txt").write_text("x")
    return times[1:]


@contextmanager
def served(root: Path) -> Iterator[str]:
    """git's own smart HTTP backend for everything below `root`."""

    class Backend(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # or every answer waits for a delayed acknowledgement

        def do_GET(self) -> None:
            path, _, query = self.path.partition("?")
            env = {
                "GIT_PROJECT_ROOT": str(root), "GIT_HTTP_EXPORT_ALL": "1", "PATH_INFO": path,
                "QUERY_STRING": query, "REQUEST_METHOD": self.command, "REMOTE_USER": "bench",
                "CONTENT_TYPE": self.headers.get("Content-Type", ""), "REMOTE_ADDR": "127.0.0.1",
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""), "PATH": os.environ["PATH"],
                "GIT_CONFIG_GLOBAL": "/dev/null",
            }  # fmt: skip
            done = subprocess.run(
                ["git", "http-backend"], input=self._body(), env=env, stdout=subprocess.PIPE,
                check=True,
            )  # fmt: skip
            head, _, body = done.stdout.partition(b"\r\n\r\n")
            headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
            self.send_response(int(headers.pop("Status", "200").split()[0]))
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def _body(self) -> bytes:
            if self.headers.get("Transfer-Encoding") != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length") or 0))
            parts = []
            while size := int(self.rfile.readline(), 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)

        def log_message(self, *_: object) -> None:
            """Say nothing: the table is the output."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Backend)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def _ms(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


def _megabytes(folder: Path) -> float:
    used = subprocess.run(["du", "-sk", str(folder)], capture_output=True, text=True, check=True)
    return int(used.stdout.split()[0]) / 1024


def _table(result: dict) -> None:
    print(f"{result['files']} files, {result['stories']} stories, load {result['load']:.1f}")
    for name, value in result["ms"].items():
        print(f"  {name:<32}{value:>10.1f} ms")
    for name, value in result["mb"].items():
        print(f"  {name:<32}{value:>10.1f} MB")
    for row in result["ratios"]:
        verdict = "met" if row["met"] else "MISSED"
        print(f"  {row['name']:<32}{row['ratio']:>10.3f}    target {row['target']:.3f}  {verdict}")


if __name__ == "__main__":
    sys.exit(main())
