"""Advisories are asked of a real server over loopback; anything but an answer is no pass."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from bot.gates.advisories import Advisories, Unreachable
from bot.gates.dependencies import Dependencies
from tests.gates.conftest import make_bench, make_change

KNOWN = {
    "id": "GHSA-462w-v97r-4m45",
    "aliases": ["CVE-2019-10906"],
    "summary": "Sandbox escape",
    "affected": [
        {
            "package": {"name": "Jinja2", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.10.1"}]}],
        }
    ],
}


class _Service(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        name, version = asked["package"]["name"], asked["version"]
        status, answer = 200, "{}"
        if (name, version) == ("jinja2", "2.10"):
            answer = json.dumps({"vulns": [KNOWN, {"id": "X-1", "withdrawn": "2020-01-01"}]})
        if name == "broken":
            status = 500
        if name == "rubbish":
            answer = "<html>"
        if name == "list":
            answer = "[]"
        self.send_response(status)
        self.end_headers()
        self.wfile.write(answer.encode())

    def log_message(self, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Service)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_known_vulnerability_is_found_and_a_withdrawn_one_is_not(url: str) -> None:
    found = Advisories(url).of("PyPI", "jinja2", "2.10")
    assert found == [("CVE-2019-10906", "Sandbox escape", "2.10.1")]
    assert Advisories(f"{url}/v1/query").of("PyPI", "jinja2", "3.1.6") == []


@pytest.mark.parametrize("name", ["broken", "rubbish", "list"])
def test_an_answer_that_is_none_is_not_taken_for_one(url: str, name: str) -> None:
    with pytest.raises(Unreachable):
        Advisories(url).of("PyPI", name, "1")


def test_the_gate_fails_on_what_was_added_and_names_the_line(url: str, tmp_path: Path) -> None:
    base = {"requirements.txt": "flask==3.1.3\n"}
    change = make_change(tmp_path, base, {"requirements.txt": "flask==3.1.3\nJinja2==2.10\n"})
    with make_bench(tmp_path, change, advisories=url) as bench:
        seen = Dependencies().run(change, bench)
    assert seen.status == "fail"
    found = seen.findings[0]
    assert (found.file, found.line, found.rule) == (
        "requirements.txt", 2, "dependencies/CVE-2019-10906",
    )  # fmt: skip


def test_the_gate_passes_where_nothing_is_known(url: str, tmp_path: Path) -> None:
    change = make_change(tmp_path, {}, {"requirements.txt": "jinja2==3.1.6\n"})
    with make_bench(tmp_path, change, advisories=url) as bench:
        assert Dependencies().run(change, bench).status == "pass"


@pytest.mark.parametrize(
    ("added", "rule"),
    [
        ("reqeusts==2.32.4", "typosquat"),
        ("thing @ git+https://example.org/thing", "registry"),
        ("click==8.1\nrich==13.0\nattrs==25.1\nflask==3.1", "number"),
    ],
)
def test_a_package_that_a_story_may_not_add_is_a_finding(
    url: str, tmp_path: Path, added: str, rule: str
) -> None:
    change = make_change(tmp_path, {"requirements.txt": ""}, {"requirements.txt": f"{added}\n"})
    with make_bench(tmp_path, change, advisories=url, offline=True) as bench:
        seen = Dependencies().run(change, bench)
    assert f"dependencies/{rule}" in {one.rule for one in seen.findings}


def test_a_package_that_the_lock_file_does_not_hold_is_a_finding(url: str, tmp_path: Path) -> None:
    before = {
        "pyproject.toml": '[project]\nname = "a"\ndependencies = ["idna==3.10"]\n',
        "uv.lock": '[[package]]\nname = "idna"\nversion = "3.10"\n',
    }
    after = {**before, "pyproject.toml": before["pyproject.toml"].replace('"]', '", "click==8.1"]')}
    change = make_change(tmp_path, before, after)
    with make_bench(tmp_path, change, advisories=url) as bench:
        seen = Dependencies().run(change, bench)
    assert [one.rule for one in seen.findings] == ["dependencies/lock_file"]
    assert seen.findings[0].file == "pyproject.toml"
