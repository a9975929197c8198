"""Who may give which command (W7): one table, one function.

Promises: pure; a command that is not in the table is refused; bots command nothing, an edited or
deleted comment neither; a refusal names who may.
Never: it decides nothing on what a command does; `/approve` has its own policy (who_approves).
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.story.vocabulary import Person, Verdict, allow, deny
from policies.who_approves import at_least

START = "start"  # putting the story label on an issue


@dataclass(frozen=True)
class Allowed:
    """The permission level a command needs, and who may give it without that level."""

    permission: str
    requester: bool = False
    issue_author: bool = False

    def sentence_part(self) -> str:
        """Who may, as a part of a sentence."""
        who = {"read": "anybody who can read the repository"}.get(
            self.permission, f"somebody with {self.permission} access"
        )
        if self.requester:
            who += ", or who asked for the story"
        if self.issue_author:
            who += ", or who wrote it"
        return who


_WRITE = Allowed("write")
COMMANDS: dict[str, Allowed] = {
    START: _WRITE,
    "help": Allowed("read"),
    "status": Allowed("read"),
    "plan": Allowed("read"),
    "answer": Allowed("write", requester=True, issue_author=True),
    "approve": _WRITE,
    "reject": _WRITE,
    "retry": _WRITE,
    "pause": Allowed("write", requester=True),
    "resume": Allowed("write", requester=True),
    "cancel": Allowed("write", requester=True),
    "handoff": _WRITE,
    "budget": _WRITE,
    "priority": _WRITE,
    "wsjf": _WRITE,
    "deploy": _WRITE,
    "rollback": _WRITE,
}


@dataclass(frozen=True)
class CommandFacts:
    """Who gave which command. `permission` as GitHub says it now."""

    command: str
    person: Person
    permission: str
    requester: Person | None = None
    issue_author: Person | None = None
    edited: bool = False
    deleted: bool = False


def decide(facts: CommandFacts) -> Verdict:
    """ALLOW or DENY the command; the reason says who may (W7)."""
    if facts.person.is_bot or facts.person.login.endswith("[bot]"):
        return deny("bots_never", "bots command nothing")
    if facts.edited or facts.deleted:
        return deny(
            "edited_never", "an edited or deleted comment commands nothing; write a new one"
        )
    needed = COMMANDS.get(facts.command)
    if needed is None:
        return deny("unknown_command", "nobody may give this command")
    if at_least(facts.permission, needed.permission):
        return allow("permission")
    for open_to, person, rule in (
        (needed.requester, facts.requester, "requester"),
        (needed.issue_author, facts.issue_author, "issue_author"),
    ):
        if open_to and person is not None and person.id == facts.person.id:
            return allow(rule)
    return deny("permission", f"only {needed.sentence_part()} may do this")
