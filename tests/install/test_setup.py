"""`/setup`: from a link in a terminal to a registered app, and everybody else stays outside."""

from __future__ import annotations

import html
import json
import os
import re
import signal
import stat
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
import requests
from werkzeug.test import Client

from bot import credentials
from bot.cli.setup import read_manifest
from bot.credentials import AppCredentials
from bot.door.setup import Setup, setup_app
from bot.localhub import LocalHub, Server, serve
from bot.localhub.deliveries import Reply
from bot.outside import app_manifest
from bot.settings import Settings, SettingsError, load_settings
from bot.texts import setup as texts
from tests.cli.call import command, environ, towpath


@pytest.fixture
def github(tmp_path: Path) -> Iterator[Server]:
    hub = LocalHub(tmp_path / "hub", send=lambda *_: Reply(0))
    hub.add_user("alice")
    hub.add_org("acme", admins=("alice",))
    with serve(hub) as server:
        yield server


@pytest.fixture
def setup(tmp_path: Path, github: Server) -> Setup:
    return Setup(
        web_url=github.url,
        manifest=read_manifest(),
        convert=partial(app_manifest.convert, github.url),
        store=partial(credentials.store, tmp_path / "home"),
    )


FORM = {"name": "Our Towpath", "owner": "", "url": "https://bot.example.com/"}


def fields_of(page: str) -> tuple[str, dict[str, str]]:
    """Where the form of a page goes, and what is hidden in it."""
    action = re.search(r'<form method="post" action="([^"]+)"', page)
    hidden = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page)
    assert action, page
    return html.unescape(action[1]), {name: html.unescape(value) for name, value in hidden}


def register(browser: Client, token: str, **changed: str) -> tuple[str, dict[str, str]]:
    page = browser.post("/setup", data={**FORM, "token": token, **changed})
    assert page.status_code == 200, page.text
    return fields_of(page.text)


def through_github(browser: Client, token: str, **changed: str) -> str:
    """Press the button on GitHub; the path that it sends the browser back to."""
    action, hidden = register(browser, token, **changed)
    answer = requests.post(action, data=hidden, allow_redirects=False, timeout=10)
    assert answer.status_code == 302, answer.text
    parts = urlsplit(answer.headers["location"])
    return f"{parts.path}?{parts.query}"


def test_an_operator_gets_an_app_with_exactly_the_manifest(
    setup: Setup, github: Server, tmp_path: Path
) -> None:
    browser = Client(setup_app(setup))
    first = browser.get(f"/setup?token={setup.token}")
    assert first.status_code == 200
    back = through_github(browser, setup.token)
    done = browser.get(back)
    assert done.status_code == 200
    (app,) = github.hub.state.apps.values()
    assert (app.name, app.webhook_url) == ("Our Towpath", "https://bot.example.com/webhook")
    assert app.permissions == read_manifest().fields["default_permissions"]
    assert app.events == read_manifest().fields["default_events"]
    kept = credentials.read(tmp_path / "home")
    assert kept is not None
    assert kept.app_id == app.id
    assert kept.webhook_secret.get_secret_value() == app.webhook_secret
    assert f"{kept.html_url}/installations/new" in done.text
    secrets = [kept.webhook_secret, kept.private_key, kept.client_secret]
    assert not any(one.get_secret_value() in done.text + repr(kept) for one in secrets)
    assert not setup.finished.is_set()
    done.close()  # the browser has it
    assert setup.finished.is_set()


def test_the_pages_run_no_script_and_load_nothing(setup: Setup) -> None:
    browser = Client(setup_app(setup))
    first = browser.get(f"/setup?token={setup.token}")
    second = browser.post("/setup", data={**FORM, "token": setup.token})
    stranger = Client(setup_app(setup)).get("/setup")
    for page in (first, second, stranger):
        policy = page.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; style-src 'nonce-")
        assert "frame-ancestors 'none'" in policy
        assert page.headers["Cache-Control"] == "no-store"
        assert not re.search(r"<script|onload|src=|@import|href=\"http", page.text)
    cookie = second.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


@pytest.mark.parametrize("token", ["", "guess", "ü", "0" * 43])
def test_a_stranger_who_finds_the_page_first_binds_nothing(setup: Setup, token: str) -> None:
    stranger = Client(setup_app(setup))
    asked = [
        stranger.get("/setup", query_string={"token": token}),
        stranger.post("/setup", data={**FORM, "token": token}),
        stranger.get("/setup/callback", query_string={"code": "c", "state": "s"}),
    ]
    assert [one.status_code for one in asked] == [403, 403, 403]
    assert setup.token not in "".join(one.text for one in asked)
    assert setup.registered is None


def test_the_link_opens_once_and_the_browser_that_used_it_may_go_back(setup: Setup) -> None:
    token, operator = setup.token, Client(setup_app(setup))
    register(operator, token)
    for other in (Client(setup_app(setup)), Client(setup_app(setup))):
        assert other.get(f"/setup?token={token}").status_code == 403
        assert other.post("/setup", data={**FORM, "token": token}).status_code == 403
    assert operator.get("/setup").status_code == 200
    assert register(operator, "")[0].startswith(setup.web_url)


def test_an_answer_counts_only_with_the_state_that_this_browser_got(
    setup: Setup, github: Server
) -> None:
    operator = Client(setup_app(setup))
    back = through_github(operator, setup.token)
    code = parse_qs(urlsplit(back).query)["code"][0]
    assert Client(setup_app(setup)).get(back).status_code == 403  # somebody else's browser
    forged = operator.get("/setup/callback", query_string={"code": code, "state": "other"})
    assert forged.status_code == 409
    assert setup.registered is None
    assert operator.get(back).status_code == 200


def test_an_answer_comes_too_late_after_an_hour(setup: Setup) -> None:
    operator, now = Client(setup_app(setup)), time.time()
    setup.clock = lambda: now
    back = through_github(operator, setup.token)
    setup.clock = lambda: now + 3601
    late = operator.get(back)
    assert late.status_code == 409
    assert html.escape(texts.STALE) in late.text


def test_reloading_the_last_page_registers_nothing_twice(setup: Setup, github: Server) -> None:
    operator = Client(setup_app(setup))
    back = through_github(operator, setup.token)
    pages = [operator.get(back) for _ in range(3)]
    assert [page.status_code for page in pages] == [200, 200, 200]
    assert len(github.hub.state.apps) == 1


def test_an_app_that_is_there_is_never_replaced(setup: Setup, tmp_path: Path) -> None:
    operator = Client(setup_app(setup))
    back = through_github(operator, setup.token)
    mine = _credentials("somebody-elses")
    assert credentials.store(tmp_path / "home", mine)
    assert operator.get(back).status_code == 409
    kept = credentials.read(tmp_path / "home")
    assert kept is not None
    assert kept.slug == "somebody-elses"


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"name": ""}, texts.NAME),
        ({"name": "x" * 35}, texts.NAME),
        ({"name": "<script>"}, texts.NAME),
        ({"owner": "a/../b"}, texts.OWNER),
        ({"url": ""}, texts.URL),
        ({"url": "javascript:alert(1)"}, texts.URL),
        ({"url": "https://[::1"}, texts.URL),
        ({"url": "https://user:pw@example.com"}, texts.URL),
    ],
)
def test_a_mistake_in_the_form_is_said_and_keeps_what_was_typed(
    setup: Setup, given: dict[str, str], problem: str
) -> None:
    typed = {**FORM, **given, "token": setup.token}
    page = Client(setup_app(setup)).post("/setup", data=typed)
    assert page.status_code == 422
    assert html.escape(problem) in page.text.replace("&#39;", "&#x27;")
    assert f'value="{html.escape(typed["name"])}"' in page.text
    assert setup.token  # not spent


@pytest.mark.parametrize("web", ["https://github.com", "https://octo.ghe.com"])
@pytest.mark.parametrize(
    "url",
    ["http://bot.example.com", "https://localhost", "https://10.0.0.7", "https://box.local"],
)
def test_an_address_that_github_cannot_reach_is_refused_before_github_does(
    setup: Setup, web: str, url: str
) -> None:
    setup.web_url = web
    page = Client(setup_app(setup)).post("/setup", data={**FORM, "url": url, "token": setup.token})
    assert page.status_code == 422
    assert "reverse proxy" in page.text


def test_a_form_of_another_page_is_refused(setup: Setup) -> None:
    form = {**FORM, "token": setup.token}
    origin = {"Origin": "https://evil.example"}
    assert Client(setup_app(setup)).post("/setup", data=form, headers=origin).status_code == 403
    origin = {"Origin": "null"}
    assert Client(setup_app(setup)).post("/setup", data=form, headers=origin).status_code == 403


def test_an_organisation_and_a_server_of_ones_own_get_the_form(setup: Setup) -> None:
    setup.web_url = "https://ghe.example.com"
    action, hidden = register(Client(setup_app(setup)), setup.token, owner="acme")
    assert action.startswith("https://ghe.example.com/organizations/acme/settings/apps/new?state=")
    manifest = json.loads(hidden["manifest"])
    assert manifest["redirect_url"] == "http://localhost/setup/callback"
    assert manifest["public"] is False


def test_behind_a_proxy_the_way_back_is_the_browsers_address(setup: Setup) -> None:
    page = Client(setup_app(setup)).post(
        "/setup",
        data={**FORM, "token": setup.token},
        headers={"Origin": "https://bot.example.com", "Host": "bot.example.com"},
    )
    manifest = json.loads(fields_of(page.text)[1]["manifest"])
    assert manifest["redirect_url"] == "https://bot.example.com/setup/callback"
    assert "Secure" in page.headers["Set-Cookie"]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((404, b"{}"), texts.USED),
        ((422, b"{}"), texts.USED),
        ((502, b"<html>"), texts.AWAY),
        ((429, b"{}"), texts.AWAY),
        ((201, b"<html>"), texts.ODD),
        ((201, b'{"id": 7, "slug": "x"}'), texts.ODD),
        ((302, b""), texts.ODD),
    ],
)
def test_what_github_may_answer_becomes_a_sentence(
    setup: Setup, answer: tuple[int, bytes], said: str
) -> None:
    with _answering(*answer) as url:
        setup.convert = partial(app_manifest.convert, url)
        operator = Client(setup_app(setup))
        page = operator.get(through_github(operator, setup.token))
    assert page.status_code == 409
    assert said[:60] in html.unescape(page.text)
    assert setup.registered is None
    assert operator.get("/setup").status_code == 200  # begin again


def test_a_home_that_cannot_be_written_is_said(setup: Setup) -> None:
    def full(made: AppCredentials) -> bool:
        raise OSError("no space left on device")

    setup.store = full
    operator = Client(setup_app(setup))
    page = operator.get(through_github(operator, setup.token))
    assert (page.status_code, setup.finished.is_set()) == (409, False)
    assert texts.NOT_KEPT[:50] in html.unescape(page.text)


# -- the file --------------------------------------------------------------------------------------


def _credentials(slug: str = "towpath") -> AppCredentials:
    return AppCredentials(
        api_url="https://api.github.com",
        app_id=7,
        slug=slug,
        html_url=f"https://github.com/apps/{slug}",
        webhook_secret="s" * 40,
        private_key="k" * 40,
    )


def test_the_credentials_are_for_their_owner_only_and_nothing_else_is_left(tmp_path: Path) -> None:
    home = tmp_path / "home"
    before = os.umask(0)
    try:
        assert credentials.store(home, _credentials())
    finally:
        os.umask(before)
    (file,) = home.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert not credentials.store(home, _credentials("other"))
    assert list(home.iterdir()) == [file]


def test_of_two_at_once_one_app_is_kept_whole(tmp_path: Path) -> None:
    kept: list[bool] = []
    names = [f"app-{n}" for n in range(8)]
    threads = [
        threading.Thread(
            target=lambda n=n: kept.append(credentials.store(tmp_path, _credentials(n)))
        )
        for n in names
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = credentials.read(tmp_path)
    assert sorted(kept) == [False] * 7 + [True]
    assert found is not None
    assert found.slug in names


@pytest.mark.parametrize(("mode", "text"), [(0o644, None), (0o600, "{"), (0o600, "{}")])
def test_a_file_that_is_open_or_damaged_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int, text: str | None
) -> None:
    credentials.store(tmp_path, _credentials())
    path = credentials.path_in(tmp_path)
    if text is not None:
        path.write_text(text)
    path.chmod(mode)
    monkeypatch.setenv("TOWPATH_HOME", str(tmp_path))
    with pytest.raises(SettingsError, match=r"github-app\.json") as refused:
        load_settings()
    assert "k" * 40 not in str(refused.value)


def test_the_environment_wins_over_the_home_and_two_apps_are_never_mixed(tmp_path: Path) -> None:
    credentials.store(tmp_path, _credentials())
    here = Settings(home=tmp_path)
    assert (here.app_id, here.webhook_secrets) == (7, (b"s" * 40,))
    other = Settings(home=tmp_path, app_id=8)
    assert (other.app_id, other.private_key, other.webhook_secrets) == (8, None, ())
    ghes = Settings(home=tmp_path, github_web_url="https://ghe.example.com")
    assert ghes.app_id is None
    rotated = Settings(home=tmp_path, webhook_secret="new", webhook_secret_previous="old")
    assert (rotated.app_id, rotated.webhook_secrets) == (7, (b"new", b"old"))


# -- from the terminal -----------------------------------------------------------------------------


def test_serve_prints_a_link_registers_the_app_and_starts_with_it(
    tmp_path: Path, github: Server, unused_port: int
) -> None:
    home, log = tmp_path / "home", tmp_path / "log"
    given = {"home": home, "bind_port": unused_port, "github_web_url": github.url}
    given["github_api_url"] = github.url
    with log.open("w") as stderr:
        served = subprocess.Popen(
            command("serve", "--stories", "1"),
            env=environ(**given),
            stderr=stderr,
            start_new_session=True,
        )
    try:
        found = _until(lambda: re.search(r"http://\S+/setup\?token=\S+", log.read_text()), served)
        browser = requests.Session()
        assert browser.get(found[0], timeout=5).status_code == 200
        asked = requests.post(f"http://127.0.0.1:{unused_port}/webhook", timeout=5)
        assert asked.status_code == 503
        token = found[0].partition("=")[2]
        typed = {**FORM, "token": token}
        page = browser.post(found[0].partition("?")[0], data=typed, timeout=5)
        action, hidden = fields_of(page.text)
        answer = requests.post(action, data=hidden, allow_redirects=False, timeout=5)
        back = answer.headers["location"]
        assert browser.get(back, timeout=5).status_code == 200
        ready = f"http://127.0.0.1:{unused_port}/readyz"
        _until(lambda: _answers(ready), served)
        again = browser.get(urljoin(ready, back), timeout=5)
        assert texts.NOT_NOW in again.text
        served.send_signal(signal.SIGTERM)
        assert served.wait(30) == 0
    finally:
        if served.poll() is None:
            os.killpg(served.pid, signal.SIGKILL)
            served.wait()
    kept = credentials.read(home)
    assert kept is not None
    for secret in (kept.webhook_secret, kept.private_key, kept.client_secret):
        assert secret.get_secret_value() not in log.read_text()
    for file in home.rglob("*"):
        if file.is_file() and file != credentials.path_in(home):
            assert kept.private_key.get_secret_value()[40:80].encode() not in file.read_bytes()
    assert towpath("setup", **given).stdout.startswith(texts.ALREADY[0])


def test_an_app_that_is_named_in_part_is_a_mistake_and_no_invitation(tmp_path: Path) -> None:
    ran = towpath("serve", home=tmp_path / "home", app_id=7)
    assert ran.returncode == 2
    assert "TOWPATH_PRIVATE_KEY_FILE: not set" in ran.stderr


def _until(look: Callable[[], Any], served: subprocess.Popen[bytes]) -> Any:
    until = time.monotonic() + 40
    while time.monotonic() < until:
        assert served.poll() is None
        if found := look():
            return found
        time.sleep(0.1)
    raise AssertionError("it does not come")


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=2).ok
    except requests.RequestException:
        return False


class _answering:
    """A server that gives one answer to everything."""

    def __init__(self, status: int, body: bytes) -> None:
        from werkzeug.serving import make_server

        def application(environ: Any, start: Any) -> list[bytes]:
            start(f"{status} x", [("Location", "http://127.0.0.1:9/"), ("Content-Type", "x/y")])
            return [body]

        self._server = make_server("127.0.0.1", 0, application)

    def __enter__(self) -> str:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return f"http://127.0.0.1:{self._server.server_port}"

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
