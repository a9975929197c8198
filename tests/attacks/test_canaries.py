"""Whoever says a secret of ours to us does not hear it from us; the look for them can fail."""

from __future__ import annotations

import logging

import pytest

from bot.story.vocabulary import State
from tests.canaries import MODEL_KEY, leaks, planted
from tests.world import REPO, World


def test_a_github_that_says_our_secrets_hears_them_from_nobody(world: World) -> None:
    """A refusal is quoted to people, kept in the journal and logged."""
    number = world.story()
    secrets = [*planted(world).values(), world.app.pem]
    said = {"message": "Refused: " + "\n".join(secrets)}
    world.hub.faults.add(method="PUT", path="/merge$", status=405, times=0, body=said)
    world.say("bob", number, "/approve")
    assert world.hub.faults.fired
    assert world.state(number) is State.FAILED
    assert "Refused" in world.status_comments(number)[0]
    assert leaks(world) == []


def test_the_look_for_secrets_sees_each_of_them_in_each_place(world: World) -> None:
    number = world.act("alice").open_issue(REPO, "A title", "A body")
    assert leaks(world) == []
    names = {name: one for name, one in planted(world).items() if "\n" not in one}
    assert len(names) >= 4
    for secret in names.values():
        world.act("rita").comment(REPO, number, secret)
    world.settle()
    found = leaks(world)
    assert {f"{name} in GitHub" for name in names} <= set(found)
    assert {f"{name} in deliveries" for name in names} <= set(found)
    with pytest.raises(AssertionError, match="secrets got out"):
        world.close()
    world.hub.state.repositories.clear()
    world.hub.deliveries.log.clear()
    assert leaks(world) == []
    with (world.settings.home / "towpath.db-canary").open("w") as beside:
        beside.write(MODEL_KEY)
    assert "model key in journal" in leaks(world)
    (world.settings.home / "towpath.db-canary").unlink()


def test_a_log_says_none_of_them_whatever_the_message(world: World) -> None:
    records = [
        logging.LogRecord("x", logging.ERROR, "x.py", 1, "%s", (secret,), None)
        for secret in [*planted(world).values(), world.app.pem]
    ]
    assert leaks(world, records) == []
