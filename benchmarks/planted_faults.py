"""What the gates miss and what they wrongly stop: 120 planted faults, 60 clean changes.

`python -m benchmarks.planted_faults [--quick] [--kind WORD] [--json FILE] [--folder FOLDER]`

Small published projects are taken from the package index; each change is committed on a branch of
one and judged by `towpath gates`. A fault counts as caught when the change is stopped and a gate
that the fault is of says why. Exit status 1: a fault was missed, or more than 2 clean changes in 60
were stopped.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from benchmarks.planted_changes import CLEAN, Edits, Planted, clean, faulty
from benchmarks.planted_projects import PROJECTS, commit, git, prepare

ALLOWED = 2 / CLEAN  # share of clean changes that may be stopped
VULNERABLE = {"requests": "2.19.0", "jinja2": "2.10", "pyyaml": "5.3", "urllib3": "1.24"}
_GATES = [sys.executable, "-m", "bot.cli", "gates"]


@dataclass(frozen=True)
class Answer:
    """`stopped`: by these gates. `errors`: gates that could not look. `caught`: as it should be."""

    planted: Planted
    stopped: tuple[str, ...]
    errors: tuple[str, ...]
    findings: tuple[str, ...]
    seconds: float

    @property
    def caught(self) -> bool:
        return any(gate in self.stopped for gate in self.planted.gates)


def main(arguments: Sequence[str] | None = None) -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="one of each kind, ten clean ones")
    options.add_argument("--kind", action="append", help="kinds with this word only (repeatable)")
    options.add_argument("--project", action="append", help="these only (repeatable)")
    options.add_argument("--clean-only", action="store_true")
    options.add_argument("--jobs", type=int, default=1, help="projects at a time")
    options.add_argument("--folder", type=Path, help="keep sources and caches here")
    options.add_argument("--json", type=Path, help="write every answer here")
    given = options.parse_args(arguments)
    with tempfile.TemporaryDirectory() as temporary, advisories() as url:
        folder = (given.folder or Path(temporary)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        repositories = {project.name: prepare(project, folder) for project in PROJECTS}
        changes = chosen(repositories, given.quick, given.kind or [], given.clean_only)
        wanted = [one for one in PROJECTS if not given.project or one.name in given.project]
        groups = [[one for one in changes if one.project is project] for project in wanted]
        with ThreadPoolExecutor(max_workers=given.jobs) as pool:
            found = pool.map(lambda group: _judge_all(group, repositories, folder, url), groups)
            answers = [answer for group in found for answer in group]
    if given.json:
        given.json.write_text(json.dumps([_row(answer) for answer in answers], indent=1))
    return report(answers)


def chosen(
    repositories: dict[str, Path], quick: bool, words: Sequence[str], clean_only: bool
) -> list[Planted]:
    """The changes to judge, faults first."""
    wrong = [] if clean_only else faulty(repositories)
    right = clean(repositories)
    if quick:
        wrong = list({one.kind: one for one in reversed(wrong)}.values())
        right = right[:: len(right) // 10]
    every = [*wrong, *right]
    return [one for one in every if not words or any(word in one.kind for word in words)]


def report(answers: Sequence[Answer]) -> int:
    """Print it; the exit status."""
    wrong = [one for one in answers if one.planted.gates]
    right = [one for one in answers if not one.planted.gates]
    missed = [one for one in wrong if not one.caught]
    stopped = [one for one in right if one.stopped]
    print(f"{len(wrong) - len(missed)} of {len(wrong)} planted faults caught")
    totals = Counter(one.planted.kind for one in wrong)
    for kind, number in Counter(one.planted.kind for one in missed).most_common():
        print(f"  missed: {kind}, {number} of {totals[kind]}")
    for one in missed:
        print(f"    {_name(one.planted)}: stopped by {', '.join(one.stopped) or 'nothing'}; "
              f"wanted {' or '.join(one.planted.gates)}")  # fmt: skip
        for finding in one.findings[:4]:
            print(f"      {finding}")
    print(f"{len(stopped)} of {len(right)} clean changes stopped")
    for one in stopped:
        print(f"    {_name(one.planted)}: by {', '.join(one.stopped)}")
        for finding in one.findings[:4]:
            print(f"      {finding}")
    failed = Counter(gate for one in answers for gate in one.errors)
    for gate, number in failed.most_common():
        print(f"  {gate} could not look at {number} of {len(answers)}")
    beside = Counter(
        gate for one in wrong if one.caught for gate in one.stopped if gate not in one.planted.gates
    )
    print(f"gates that stopped a fault of another kind: {dict(beside.most_common())}")
    if answers:
        seconds = sorted(one.seconds for one in answers)
        print(f"{seconds[len(seconds) // 2]:.1f} s a change (median), {seconds[-1]:.1f} s at most")
    return 1 if missed or len(stopped) > ALLOWED * max(len(right), 1) else 0


def _judge_all(
    group: Sequence[Planted], repositories: dict[str, Path], folder: Path, url: str
) -> list[Answer]:
    answers = []
    for one in group:
        answer = _judge(one, repositories[one.project.name], folder, url)
        right = answer.caught if one.gates else not answer.stopped
        print("ok" if right else "NO", _name(one), file=sys.stderr, flush=True)
        answers.append(answer)
    return answers


def _judge(planted: Planted, repository: Path, folder: Path, url: str) -> Answer:
    git(repository, "checkout", "-q", "--force", "-B", "change", "main")
    git(repository, "clean", "-q", "-f", "-d", "-x")
    for edits in planted.commits:
        _apply(repository, edits)
        commit(repository, f"{planted.kind} {planted.number}")
    told = folder / f"story-{planted.project.name}.md"
    told.write_text(planted.story)
    began = time.monotonic()
    done = subprocess.run(
        [*_GATES, str(repository), "--base", "main", "--json", "--osv-url", url,
         "--cache", str(folder / "cache"), *(["--story", str(told)] if planted.story else [])],
        capture_output=True, text=True, timeout=900, env=dict(os.environ),
        cwd=Path(__file__).parents[1],
    )  # fmt: skip
    seconds = time.monotonic() - began
    try:
        judged = json.loads(done.stdout)
    except ValueError:
        raise SystemExit(f"{_name(planted)}: {done.stderr[-2000:]}") from None
    blocking = [one for one in judged["gates"] if one["blocking"]]
    stopped = tuple(one["name"] for one in blocking if one["status"] == "fail")
    errors = tuple(one["name"] for one in blocking if one["status"] == "error")
    assert (done.returncode == 0) == (not stopped and not errors), done.stderr[-2000:]
    findings = tuple(
        f"{gate['name']}: {one['file']}:{one['line']} {one['rule']} {one['message'][:100]}"
        for gate in judged["gates"]
        if gate["status"] in ("fail", "error", "warn")
        for one in gate["findings"] or [{"file": "", "line": "", "rule": "",
                                         "message": gate["summary"]}]
    )  # fmt: skip
    return Answer(planted, (*stopped, *errors), errors, findings, seconds)


def _apply(repository: Path, edits: Edits) -> None:
    for name, content in edits.items():
        path = repository / name
        if content is None:
            path.unlink()
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def _name(planted: Planted) -> str:
    return f"{planted.kind} {planted.number} in {planted.project.name}"


def _row(answer: Answer) -> dict[str, object]:
    planted = answer.planted
    return {
        "kind": planted.kind, "number": planted.number, "project": planted.project.name,
        "wanted": planted.gates, "stopped": answer.stopped, "errors": answer.errors,
        "findings": answer.findings, "seconds": round(answer.seconds, 2),
    }  # fmt: skip


class _Osv(BaseHTTPRequestHandler):
    """An advisory service that knows `VULNERABLE`."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        name = asked["package"]["name"].lower()
        known = VULNERABLE.get(name) == asked.get("version")
        vulnerable = {"id": f"CVE-2019-{len(name)}", "summary": "planted", "affected": []}
        content = json.dumps({"vulns": [vulnerable]} if known else {}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def advisories() -> Iterator[str]:
    """The address of a local advisory service."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Osv)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


if __name__ == "__main__":
    sys.exit(main())
