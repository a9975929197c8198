"""Sessions with real servers: the SDK's own over both transports, and ones that mean no good."""

from __future__ import annotations

import logging
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.agent.servers.sessions import Problem
from tests.agent.servers.peers import (
    Hostile,
    allowing,
    at,
    certificate,
    docs,
    docs_inside,
    door,
    hostile,
    inside,
    offers,
    tools_of,
)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with docs() as found:
        yield found


@pytest.fixture(scope="module")
def bad() -> Iterator[str]:
    with hostile() as found:
        yield found


def problem(server: object, **fields: object) -> str:
    with pytest.raises(Problem) as raised:
        tools_of(server, **fields)  # type: ignore[arg-type]
    return raised.value.rule


def test_a_tool_has_the_same_pin_over_http_and_in_the_sandbox(url: str) -> None:
    over_http = allowing(at(url), "lookup", "note", writes=("note",))
    usable, withheld = offers(docs_inside(tools=over_http.tools))
    assert [one.shown for one in usable] == ["docs__lookup", "docs__note"]
    assert [one.writes for one in usable] == [False, True]
    assert withheld == []


def test_a_tool_that_nobody_looked_at_or_that_changed_is_withheld(url: str) -> None:
    known = allowing(at(url), "lookup", "note", "nothing")
    tools = (known.tools[0], known.tools[1].model_copy(update={"pin": None}), known.tools[2])
    with docs("--changed") as other:
        usable, withheld = offers(at(other, tools=tools))
    assert usable == []
    assert [(one.name, one.rule) for one in withheld] == [
        ("lookup", "changed"),
        ("note", "not_pinned"),
        ("nothing", "absent"),
    ]
    assert offers(at(url))[0] == []  # none is allowed by itself


@pytest.mark.parametrize(
    ("path", "rule"),
    [
        ("elsewhere", "redirect"),
        ("denied", "credential"),
        ("packed", "compressed"),
        ("flood", "flood"),
        ("garbage", "refused"),
        ("closed", "unreachable"),
    ],
)
def test_a_server_that_means_no_good_is_said_to(bad: str, path: str, rule: str) -> None:
    assert problem(at(f"{bad}/{path}")) == rule
    assert all(path != "/stolen" for path, _ in Hostile.seen)


def test_a_server_that_hangs_costs_its_own_time_only(bad: str) -> None:
    begun = time.monotonic()
    assert problem(at(f"{bad}/hang", timeout_seconds=1.0)) == "timeout"
    assert time.monotonic() - begun < 3


def test_a_private_address_is_reached_only_where_the_operator_says_so(bad: str) -> None:
    for host in ("127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "10.1.2.3", "[fe80::1]"):
        server = at(f"http://{host}:9/mcp").model_copy(update={"private": False})
        assert problem(server) == "address", host
    for host in ("169.254.169.254", "[fe80::1]", "0.0.0.0"):
        assert problem(at(f"http://{host}:9/mcp")) == "address", host


def test_the_name_of_a_server_is_what_its_certificate_is_held_against(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = certificate("localhost", tmp_path / "pem")
    with hostile(file) as url:
        named = at(f"{url.replace('127.0.0.1', 'localhost')}/denied")
        assert problem(named) == "unreachable"  # nobody vouches for it
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
        assert problem(named) == "credential"  # it was spoken to
        assert problem(at(f"{url}/denied")) == "unreachable"  # the address is not its name


def test_the_credential_goes_to_its_server_alone(bad: str) -> None:
    Hostile.seen.clear()
    assert problem(at(f"{bad}/denied"), through=door("s3cret")) == "credential"
    assert problem(at(f"{bad}/elsewhere"), through=door("s3cret")) == "redirect"
    assert {told for _, told in Hostile.seen} == {"Bearer s3cret"}
    assert {path for path, _ in Hostile.seen} == {"/denied", "/elsewhere"}


@pytest.mark.parametrize(
    ("command", "rules"),
    [
        (("yes", "garbage"), {"garbage"}),
        (("cat", "/dev/zero"), {"timeout", "refused", "broken"}),
        (("sh", "-c", "exit 3"), {"refused", "broken"}),
        (("no-such-program",), {"refused", "broken"}),
        (("sleep", "1000"), {"timeout"}),
    ],
)
def test_a_process_that_is_no_server_costs_its_own_time_only(
    command: tuple[str, ...],
    rules: set[str],
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    begun = time.monotonic()
    with caplog.at_level(logging.DEBUG):
        assert problem(inside(*command, timeout_seconds=2.0)) in rules
    assert time.monotonic() - begun < 15
    assert not [one for one in caplog.records if "garbage" in one.getMessage()]
    left = subprocess.run(["ps", "ax"], capture_output=True, text=True, check=True).stdout
    assert str(tmp_path) not in left
    assert list(tmp_path.iterdir()) == []


def test_a_folder_around_the_home_is_shown_to_no_server() -> None:
    server = inside("true", folders=("/nonexistent",))
    assert problem(server) == "folders"
