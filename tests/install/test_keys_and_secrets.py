"""The famous traps of an app's private key, and secrets that a secret manager changes (§3 M)."""

from __future__ import annotations

import base64
import hmac
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization as ser
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from werkzeug.test import Client

from bot.app_key import pem_of, problem_of
from bot.door import intake
from bot.door.app import create_app
from bot.localhub import LocalHub, serve
from bot.localhub.deliveries import Reply
from bot.localhub.tokens import signing_key
from bot.outside.errors import Unauthorized
from bot.settings import Settings, SettingsError, load_settings
from bot.wiring import House
from tests.cli.call import towpath

PEM = signing_key(0)[0]
CLEAR = (ser.Encoding.PEM, ser.PrivateFormat.PKCS8, ser.NoEncryption())
FLAT = PEM.strip().replace("\n", " ")


@pytest.mark.parametrize(
    "mangled",
    [
        PEM,
        PEM.rstrip(),
        PEM.replace("\n", "\\n"),
        PEM.replace("\n", "\r\n"),
        PEM.replace("\n", "\\r\\n"),
        f'"{PEM}"',
        f"'{PEM.strip()}'",
        "\ufeff" + PEM,
        "\n\n  " + PEM + "  \n",
        FLAT,
        PEM.replace("\n", "\n    "),
        base64.b64encode(PEM.encode()).decode(),
        base64.encodebytes(PEM.encode()).decode(),
        base64.b64encode(PEM.rstrip().encode()).decode().rstrip("="),
        base64.b64encode(PEM.replace("\n", "\r\n").encode()).decode() + "\n",
    ],
)
def test_a_key_is_read_as_it_was_meant(mangled: str) -> None:
    assert pem_of(mangled) == PEM
    assert problem_of(pem_of(mangled)) == ""


def _pem(key: Any, *how: Any) -> str:
    return key.private_bytes(*(how or CLEAR)).decode()


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("", "none"),
        ("hunter2", "none"),
        ("/etc/towpath/key.pem", "path"),
        ("my-app.2026-11-21.private-key.pem", "path"),
        (signing_key(0)[1].decode(), "public"),
        (PEM[:900], "damaged"),
        (PEM.replace("MII", "AAA"), "damaged"),
        (_pem(ec.generate_private_key(ec.SECP256R1())), "kind"),
        (_pem(ed25519.Ed25519PrivateKey.generate()), "kind"),
        (
            _pem(
                ed25519.Ed25519PrivateKey.generate(),
                ser.Encoding.PEM,
                ser.PrivateFormat.OpenSSH,
                ser.NoEncryption(),
            ),
            "openssh",
        ),
        (
            _pem(
                rsa.generate_private_key(65537, 2048),
                ser.Encoding.PEM,
                ser.PrivateFormat.TraditionalOpenSSL,
                ser.BestAvailableEncryption(b"x"),
            ),
            "encrypted",
        ),
    ],
)
def test_what_is_no_usable_key_is_told_apart(given: str, problem: str) -> None:
    assert problem_of(pem_of(given)) == problem


def test_a_key_file_is_read_again_when_a_secret_manager_changes_it(tmp_path: Path) -> None:
    hub = LocalHub(tmp_path / "hub", send=lambda *_: Reply(0))
    hub.add_user("alice")
    first = hub.register_app({"name": "one"}, pem=signing_key(0)[0])
    file = tmp_path / "key"
    file.write_text(signing_key(1)[0])  # of another app
    with serve(hub) as server:
        house = House(
            Settings(
                home=tmp_path,
                github_api_url=server.url,
                app_id=first.app_id,
                private_key_file=file,
                webhook_secret="x" * 20,
            )
        )
        with pytest.raises(Unauthorized):
            house.github.installations()
        file.unlink()
        with pytest.raises(Unauthorized) as gone:
            house.github.installations()
        assert gone.value.retryable
        file.write_text(signing_key(0)[0].rstrip())
        assert house.github.installations() == []


# -- whose credentials -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"app_id": 424242}, "knows no app with the number 424242"),
        ({"private_key": signing_key(1)[0]}, "GitHub does not accept it"),
        ({"private_key": "./app.pem"}, "it names a file"),
        ({"private_key": PEM[:400]}, "a part is missing or damaged"),
    ],
)
@pytest.mark.parametrize("command", ["doctor", "serve"])
def test_wrong_credentials_are_told_apart_by_doctor_and_at_the_start(
    tmp_path: Path, unused_port: int, command: str, wrong: dict[str, Any], told: str
) -> None:
    hub = LocalHub(tmp_path / "hub", send=lambda *_: Reply(0))
    hub.add_user("alice")
    app = hub.register_app({"name": "one"}, pem=PEM)
    with serve(hub) as server:
        given = {
            "home": tmp_path / "home",
            "bind_port": unused_port,
            "github_api_url": server.url,
            "redis_url": "redis://127.0.0.1:9/0",
            "app_id": app.app_id,
            "private_key": PEM.replace("\n", "\\n"),
            "webhook_secret": "a-long-webhook-secret",
            "database_url": "",
        }
        ran = towpath(command, **{**given, **wrong})
    said = " ".join((ran.stdout + ran.stderr).split())
    assert ran.returncode == (1 if command == "doctor" else 2)
    assert told in said
    assert "BEGIN" not in said


# -- one address is enough -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "api", "web"),
    [
        ({}, "https://api.github.com", "https://github.com"),
        ({"GITHUB_WEB_URL": ""}, "https://api.github.com", "https://github.com"),
        ({"GITHUB_API_URL": "  "}, "https://api.github.com", "https://github.com"),
        ({"GITHUB_WEB_URL": "https://ghe.example.com/"}, "https://ghe.example.com/api/v3", None),
        ({"GITHUB_API_URL": "https://ghe.example.com/api/v3"}, None, "https://ghe.example.com"),
        ({"GITHUB_WEB_URL": "https://octo.ghe.com"}, "https://api.octo.ghe.com", None),
        ({"GITHUB_API_URL": "https://api.octo.ghe.com"}, None, "https://octo.ghe.com"),
        ({"GITHUB_API_URL": "http://127.0.0.1:4000"}, None, "http://127.0.0.1:4000"),
    ],
)
def test_a_github_of_ones_own_has_one_address(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], api: str | None, web: str | None
) -> None:
    for name in [name for name in os.environ if name.startswith("TOWPATH_")]:
        monkeypatch.delenv(name)
    for name, value in given.items():
        monkeypatch.setenv(f"TOWPATH_{name}", value)
    settings = load_settings()
    assert settings.github_api_url == (api or given["GITHUB_API_URL"])
    assert settings.github_web_url == (web or given["GITHUB_WEB_URL"].rstrip("/"))


# -- webhook secrets -------------------------------------------------------------------------------


@pytest.fixture
def door(tmp_path: Path, queue_url: str) -> tuple[Path, Callable[[str], int]]:
    """The secrets' file, and a delivery signed with a secret: its status code."""
    file = tmp_path / "secrets"
    file.write_text("first-secret\n")
    settings = Settings(home=tmp_path, webhook_secret_file=file)
    now = [datetime.now(UTC).timestamp()]
    app = create_app(settings, queue_url)
    app.wsgi_app._clock = lambda: now[0]  # type: ignore[attr-defined]
    client, count = Client(app), iter(range(1000))

    def deliver(secret: str) -> int:
        now[0] += 6.0
        body = b'{"zen":"x"}'
        signature = hmac.new(secret.encode(), body, "sha256").hexdigest()
        headers = {
            "X-GitHub-Delivery": f"{os.getpid()}-{next(count)}-{tmp_path.name}",
            "X-GitHub-Event": "ping",
            "X-Hub-Signature-256": f"sha256={signature}",
        }
        return client.post("/webhook", data=body, headers=headers).status_code

    return file, deliver


def test_a_webhook_secret_rotates_with_overlap_and_without_a_restart(
    door: tuple[Path, Callable[[str], int]],
) -> None:
    file, deliver = door
    assert (deliver("first-secret"), deliver("second-secret")) == (202, 401)
    file.write_text("second-secret\r\nfirst-secret\r\n")
    assert (deliver("first-secret"), deliver("second-secret")) == (202, 202)
    file.write_text("second-secret")
    assert (deliver("first-secret"), deliver("second-secret")) == (401, 202)


def test_a_secret_file_that_is_empty_or_away_leaves_the_last_secret_in_force(
    door: tuple[Path, Callable[[str], int]],
) -> None:
    file, deliver = door
    file.write_text("\n \n")
    assert (deliver("first-secret"), deliver("")) == (202, 401)
    file.unlink()
    assert (deliver("first-secret"), deliver("")) == (202, 401)


def test_the_door_stays_shut_without_a_secret_in_the_file(tmp_path: Path, queue_url: str) -> None:
    empty = tmp_path / "secrets"
    empty.write_text("\n")
    with pytest.raises(intake.MissingWebhookSecret):
        create_app(Settings(home=tmp_path, webhook_secret_file=empty), queue_url)
    gone = Settings(home=tmp_path, webhook_secret_file=tmp_path / "gone")
    with pytest.raises(SettingsError, match="WEBHOOK_SECRET_FILE"):
        create_app(gone, queue_url)
