"""Leave to begin a story: a person's, the operator's, or the configuration's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.story.vocabulary import Person
from policies.leave import AUTOSTART, OPERATOR, PERSON, decide
from policies.who_commands import START, CommandFacts
from tests.policies.facts import ASKER, BOT

MAY = CommandFacts(command=START, person=ASKER, permission="write")
READS = replace(MAY, permission="read")
OTHER_BOT = Person(id=77, login="dependabot[bot]", is_bot=True)


@pytest.mark.parametrize(
    ("leave", "requester", "asker", "autostart", "rule"),
    [
        (PERSON, ASKER, MAY, False, ""),
        (PERSON, ASKER, READS, True, "permission"),
        (PERSON, ASKER, None, True, "asker_known"),
        (PERSON, BOT, replace(MAY, person=BOT), True, "bots_never"),
        (OPERATOR, BOT, None, False, ""),
        (OPERATOR, ASKER, MAY, True, "own_name"),
        (AUTOSTART, BOT, None, True, ""),
        (AUTOSTART, BOT, None, False, "autostart"),
        (AUTOSTART, ASKER, MAY, True, "own_name"),
        (AUTOSTART, BOT, MAY, True, ""),
        (AUTOSTART, BOT, READS, True, "issue_author"),
        (AUTOSTART, BOT, replace(MAY, person=OTHER_BOT), True, "issue_author"),
        (AUTOSTART, BOT, READS, False, "autostart"),
        (OPERATOR, BOT, READS, False, "issue_author"),
        (OPERATOR, BOT, MAY, False, ""),
        ("whatever", BOT, MAY, True, "leave"),
    ],
)
def test_who_can_give_leave(
    leave: str, requester: Person, asker: CommandFacts | None, autostart: bool, rule: str
) -> None:
    verdict = decide(leave, requester, asker, BOT, autostart)
    assert (verdict.rule if verdict else "") == rule


def test_where_our_own_account_is_not_known_nothing_begins_by_itself() -> None:
    verdict = decide(AUTOSTART, BOT, None, None, True)
    assert getattr(verdict, "rule", "") == "own_name"
