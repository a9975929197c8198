"""Who asks is proven, and counted; a token is worth little and not for long."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
import pytest

from bot.door.api.signing import Signer
from bot.story import api_keys
from bot.story.api_events import ApiKeyRevoked
from tests.api.conftest import Program, make_key
from tests.world import REPO, World

SignIn = Callable[..., Program]


def claims(token: str) -> dict[str, Any]:
    return jwt.decode(token, options={"verify_signature": False})


def test_a_token_says_who_what_and_until_when(world: World, sign_in: SignIn) -> None:
    bob = sign_in("bob", ("read", "approve"))
    told = claims(bob.token)
    assert told["aud"] == "towpath-api"
    assert told["exp"] - told["iat"] == 900
    assert told["scopes"] == ["read", "approve"]
    assert told["sub"] == str(world.act("bob").request("GET", "/user")["id"])
    assert jwt.get_unverified_header(bob.token)["alg"] == "EdDSA"
    world.later(880)
    assert bob.ask("GET", "/stories")[0] == 200
    world.later(25)
    status, problem = bob.ask("GET", "/stories")
    assert (status, problem["type"]) == (401, "urn:towpath:problem:unauthenticated")


def test_only_tokens_of_ours_count(world: World, sign_in: SignIn) -> None:
    bob = sign_in("bob")
    header, body, signature = bob.token.split(".")
    forged = [
        "",
        "x",
        "a.b.c",
        f"{header}.{body}.",
        f"{header}.{body}.{signature[:-4]}AAAA",
        jwt.encode(claims(bob.token), "", algorithm="none"),
        jwt.encode(claims(bob.token), "k" * 64, algorithm="HS256", headers={"kid": "x"}),
        bob.token + "." + "x" * 9000,
    ]
    other = Signer(Path(world.settings.home) / "elsewhere", world.now)
    forged.append(other.mint("1", login="bob", scopes=["read"], repositories=None, key="")[0])
    own = Signer(Path(world.settings.home) / "api-signing", world.now)
    forged += [
        own.mint("1")[0],
        own.mint("x", login="b", scopes=["read"], repositories=None, key="")[0],
        own.mint("1", login="b", scopes=["read"], repositories=None, key="", aud="else")[0],
        own.mint("1", login="b", scopes=["read"], repositories=None, key="", exp=2**40)[0],
        own.mint("1", login="b", scopes=["read"], repositories=None, key="", exp="soon")[0],
        own.mint("1", login="b", scopes=["read"], repositories=None, key="feedfeedfeed")[0],
    ]
    for token in forged:
        assert Program(world, token).ask("GET", "/stories")[0] == 401, token[:60]
    assert Program(world).ask("GET", "/stories")[0] == 401
    assert Program(world).ask("GET", "/stories", Authorization=f"Basic {bob.token}")[0] == 401


def test_a_revoked_or_ended_key_is_worth_nothing_at_once(world: World, sign_in: SignIn) -> None:
    key = make_key(world, "bob", days=1)
    bob = Program(world)
    bob.token = bob.post("/tokens", {"api_key": key})[1]["token"]
    assert bob.ask("GET", "/stories")[0] == 200
    world.house.journal.append(
        api_keys.STREAM, [ApiKeyRevoked(key_id=key.split("_")[1])], actor="test"
    )
    assert bob.ask("GET", "/stories")[0] == 401
    assert bob.post("/tokens", {"api_key": key})[0] == 401
    short = make_key(world, "bob", days=1)
    assert bob.post("/tokens", {"api_key": short})[0] == 201
    world.later(86_401)
    assert bob.post("/tokens", {"api_key": short})[0] == 401


@pytest.mark.parametrize(
    "spoil", [lambda k: k[:-1] + "x", lambda k: k.upper(), lambda k: "towpath_"]
)
def test_a_key_has_to_be_whole(world: World, spoil: Callable[[str], str]) -> None:
    key = make_key(world, "bob")
    assert Program(world).post("/tokens", {"api_key": spoil(key)})[0] == 401


def test_the_secret_of_a_key_is_nowhere(world: World, sign_in: SignIn) -> None:
    key = make_key(world, "bob")
    program = Program(world)
    told = program.post("/tokens", {"api_key": key})[1]
    secret = key.split("_", 2)[2]
    everything = [
        record.event.model_dump_json() for record in world.house.journal.load(api_keys.STREAM)
    ]
    everything += [str(world.redis.get(name)) for name in world.redis.keys("towpath:api*")]
    assert not any(secret in one or told["token"] in one for one in everything)


def test_a_token_can_be_narrower_than_its_key(world: World) -> None:
    key, program = make_key(world, "bob"), Program(world)
    told = program.post("/tokens", {"api_key": key, "scopes": ["read"]})[1]
    assert told["scopes"] == ["read"]
    assert program.post("/tokens", {"api_key": key, "scopes": []})[0] == 403
    assert program.post("/tokens", {"api_key": key, "repositories": [424242]})[0] == 403
    narrow = make_key(world, "bob", ("read",))
    assert program.post("/tokens", {"api_key": narrow, "scopes": ["write"]})[0] == 403


def test_a_person_signs_in_with_a_token_of_this_app_only(world: World) -> None:
    number, program = world.story(), Program(world)
    ours = world.hub.app_user_token("bob", world.app.app_id)
    status, told = program.post("/tokens", {"github_token": ours})
    assert (status, told["person"]["login"], told["repositories"]) == (201, "bob", None)
    program.token = told["token"]
    assert program.get("/stories")["stories"][0]["issue"] == number
    other = world.hub.register_app({"name": "other"}, "http://other.test/webhook", "s")
    world.hub.install(other.app_id, [REPO])
    installation = world.house.github._http.token(world.installation)
    for token in (
        world.hub.app_user_token("bob", other.app_id),
        world.hub.user_token("bob"),
        installation,
        "ghu_unknown",
    ):
        status, told = Program(world).post("/tokens", {"github_token": token})
        assert status == 401
        assert token not in json.dumps(told)


def test_keys_that_sign_can_be_rotated(world: World, sign_in: SignIn) -> None:
    first = sign_in("bob")
    folder = Path(world.settings.home) / "api-signing"
    assert stat.S_IMODE(next(folder.glob("*.pem")).stat().st_mode) == 0o600
    signer = Signer(folder, world.now)
    world.later(1)
    kid = signer.rotate()
    second = sign_in("bob")
    assert jwt.get_unverified_header(second.token)["kid"] == kid
    assert first.ask("GET", "/stories")[0] == 200, "tokens under way are still good"
    world.later(1)
    signer.rotate()
    assert first.ask("GET", "/stories")[0] == 401
    assert second.ask("GET", "/stories")[0] == 200


def test_a_signing_key_that_others_can_read_is_refused(world: World, sign_in: SignIn) -> None:
    bob = sign_in("bob")
    next((Path(world.settings.home) / "api-signing").glob("*.pem")).chmod(0o644)
    status, problem = bob.ask("GET", "/stories")
    assert status == 500
    assert "PRIVATE" not in json.dumps(problem)


def test_requests_are_counted_by_who_sends_them(new_world: Callable[..., World]) -> None:
    world = new_world(api_requests_per_minute=3, api_tokens_per_minute=4)
    world.repository()
    one, two = Program(world), Program(world)
    one.token = one.post("/tokens", {"api_key": make_key(world, "bob")})[1]["token"]
    two.token = two.post("/tokens", {"api_key": make_key(world, "carol")})[1]["token"]
    for left in (2, 1, 0):
        answer = one.raw("GET", "/stories")
        assert answer.status_code == 200
        assert f"r={left};" in answer.headers["RateLimit"]
    refused = one.raw("GET", "/stories")
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert refused.content_type == "application/problem+json"
    assert two.raw("GET", "/stories").status_code == 200, "the other has a count of their own"
    codes = [Program(world).post("/tokens", {"api_key": "x"})[0] for _ in range(3)]
    assert codes == [401, 401, 429]


def test_a_client_certificate_counts_only_from_the_proxy(new_world: Callable[..., World]) -> None:
    headers = {"X_Client_Subject": "CN=ci", "X_Client_Verify": "SUCCESS"}
    trusting = new_world(api_trusted_proxies="127.0.0.0/8")
    trusting.repository()
    number = trusting.story()
    make_key(trusting, "bob", ("read",), subject="CN=ci")
    proxied = Program(trusting)
    assert proxied.get("/stories", **headers)["stories"][0]["issue"] == number
    told = proxied.post("/tokens", {}, **headers)
    assert (told[0], told[1]["person"]["login"]) == (201, "bob")
    for changed in (
        {"X_Client_Verify": "FAILED:expired"},
        {"X_Client_Verify": ""},
        {"X_Client_Subject": "CN=other"},
        {"X_Client_Subject": ""},
    ):
        assert proxied.ask("GET", "/stories", **{**headers, **changed})[0] == 401
    make_key(trusting, "carol", ("read",), subject="CN=ci")
    assert proxied.ask("GET", "/stories", **headers)[0] == 401, "it says nobody in particular"

    far = new_world(api_trusted_proxies="10.1.0.0/16")
    far.repository()
    make_key(far, "bob", subject="CN=ci")
    bob = Program(far)
    bob.token = bob.post("/tokens", {"api_key": make_key(far, "bob")})[1]["token"]
    assert Program(far).ask("GET", "/stories", **headers)[0] == 401
    assert bob.ask("GET", "/stories", **headers)[0] == 401, "a lie is refused, whoever tells it"
    off = new_world()
    off.repository()
    make_key(off, "bob", subject="CN=ci")
    assert Program(off).ask("GET", "/stories", **headers)[0] == 401
