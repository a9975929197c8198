"""A program that talks to the API as somebody's."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from bot.story import api_keys
from bot.story.journal import Head
from bot.story.vocabulary import Person
from tests.world import REPO, World

ALL = ("read", "write", "approve")


def make_key(
    world: World,
    login: str,
    scopes: tuple[str, ...] = ALL,
    repositories: tuple[str, ...] = (REPO,),
    days: float = 30,
    subject: str = "",
) -> str:
    """An API key, made as the command makes it."""
    github = world.house.github
    found = [github.repository(name) for name in repositories]
    user = github.user(login, found[0])
    text, made = api_keys.make(
        Person(id=user["id"], login=user["login"]),
        tuple((one.id, one.full_name) for one in found),
        scopes,
        world.now() + timedelta(days=days),
        subject,
    )
    head = Head(kind=api_keys.KIND)
    world.house.journal.append(api_keys.STREAM, [made], actor="test", head=head)
    return text


class Program:
    """Sends requests with a token, and reads the answers."""

    def __init__(self, world: World, token: str = "") -> None:
        self.world, self.token = world, token

    def ask(
        self, method: str, path: str, body: Any = None, **headers: str
    ) -> tuple[int, dict[str, Any]]:
        answer = self.raw(method, path, body, **headers)
        return answer.status_code, answer.get_json()

    def raw(self, method: str, path: str, body: Any = None, **headers: str) -> TestResponse:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token:
            sent.setdefault("Authorization", f"Bearer {self.token}")
        data = body
        if body is not None and not isinstance(body, bytes):
            data = json.dumps(body)
        if data is not None:
            sent.setdefault("Content-Type", "application/json")
        return self.world.door.open(
            f"/api/v1{path}",
            method=method,
            data=data,
            headers=sent,
            environ_base={"REMOTE_ADDR": "127.0.0.1"},
        )

    def get(self, path: str, **headers: str) -> dict[str, Any]:
        status, told = self.ask("GET", path, **headers)
        assert status == 200, told
        return told

    def post(self, path: str, body: Any = None, **headers: str) -> tuple[int, dict[str, Any]]:
        return self.ask("POST", path, body, **headers)


@pytest.fixture
def sign_in(world: World) -> Callable[..., Program]:
    """A program of a person's, signed in with a key."""

    def signed_in(login: str, scopes: tuple[str, ...] = ALL, **key: Any) -> Program:
        program = Program(world)
        status, told = program.post("/tokens", {"api_key": make_key(world, login, scopes, **key)})
        assert status == 201, told
        program.token = told["token"]
        return program

    return signed_in
