"""`/retry`, `/cancel`, `/pause`, `/resume`, `/handoff`, `/budget`, `/priority` steer a story.

`/wsjf` says what an item is worth, with or without a story; `/deploy` and `/rollback` answer that
there is nothing to deploy to.

Who: write access; whoever asked for the story may also cancel, pause and resume it.
Never: moves the story itself; the machine takes the person's word at its next step.
"""

from __future__ import annotations

from bot.story.commands import Argument, CommandSpec, Kind
from bot.story.events import (
    BudgetRaised,
    CancelRequested,
    HandoffRequested,
    PauseRequested,
    PriorityChanged,
    ResumeRequested,
    RetryRequested,
    WsjfGiven,
)
from bot.story.vocabulary import State
from bot.texts import answers
from handlers.command import Asked, Command, Outcome

_BUSY = answers.not_now
WSJF = ("value", "time", "risk", "size")


def retry(asked: Asked) -> Outcome:
    """Begin anew: from the end of a story that failed or was cancelled, or from a gate."""
    if asked.story.state not in (State.FAILED, State.CANCELLED, State.WAITING):
        return Outcome(ok=False, answer=_BUSY(asked.story.state))
    return Outcome(events=(RetryRequested(person=asked.person),))


def cancel(asked: Asked) -> Outcome:
    """Stop for good; the branch is left where it is."""
    if asked.story.terminal:
        return Outcome(ok=False, answer=_BUSY(asked.story.state))
    reason = f"{asked.person.login} cancelled it"
    return Outcome(events=(CancelRequested(person=asked.person, reason=reason),))


def pause(asked: Asked) -> Outcome:
    """Hold still after the step under way."""
    if asked.story.terminal or asked.story.pause:
        return Outcome(ok=False, answer=_BUSY(asked.story.state))
    return Outcome(events=(PauseRequested(person=asked.person),))


def resume(asked: Asked) -> Outcome:
    """Go on after a pause or on top of somebody's commit, or let a text pass that looked odd."""
    story = asked.story
    suspicious = bool(story.waiting and story.waiting.subject)
    if story.pause is None and not suspicious and not story.foreign_head:
        return Outcome(ok=False, answer=answers.not_paused())
    told = ResumeRequested(person=asked.person)
    if story.foreign_head and story.pull_open:
        return Outcome(answer=answers.goes_on_from(story.head_sha), events=(told,))
    return Outcome(events=(told,))


def handoff(asked: Asked) -> Outcome:
    """Give the story to people, with what is known."""
    if asked.story.terminal:
        return Outcome(ok=False, answer=_BUSY(asked.story.state))
    return Outcome(events=(HandoffRequested(person=asked.person),))


def budget(asked: Asked) -> Outcome:
    """Allow the story to cost more."""
    if asked.story.terminal:
        return Outcome(ok=False, answer=_BUSY(asked.story.state))
    usd = float(asked.parsed.values["amount"])
    return Outcome(events=(BudgetRaised(person=asked.person, usd=usd),))


def priority(asked: Asked) -> Outcome:
    """Say how urgent the story is beside the others."""
    if asked.story.terminal:
        return Outcome(ok=False, answer=_BUSY(asked.story.state))
    level = asked.parsed.text("level")
    return Outcome(events=(PriorityChanged(person=asked.person, priority=level),))


def wsjf(asked: Asked) -> Outcome:
    """Say what the item is worth; a project's scoring and its age do the rest."""
    values = asked.parsed.values
    inputs = {name: float(values[name]) for name in WSJF if name in values}
    if any(number <= 0 for number in inputs.values()):
        return Outcome(ok=False, answer=answers.wsjf_above_nothing())
    return Outcome(events=(WsjfGiven(person=asked.person, inputs=inputs),))


def not_here(asked: Asked) -> Outcome:
    """There is nothing to deploy to: said as it is, with what happens instead."""
    return Outcome(ok=False, answer=answers.no_targets(asked.parsed.name))


def _plain(name: str, summary: str, who: str = "write access") -> CommandSpec:
    return CommandSpec(name, (), summary=summary, who=who, example=f"/{name}")


_REQUESTER = "write access, or who asked for the story"
COMMANDS = (
    Command(_plain("retry", "does the story again from its start"), retry),
    Command(_plain("cancel", "stops the story for good", _REQUESTER), cancel),
    Command(_plain("pause", "holds it still after the step under way", _REQUESTER), pause),
    Command(
        _plain(
            "resume",
            "goes on after a pause, or after somebody pushed",
            _REQUESTER,
        ),
        resume,
    ),
    Command(_plain("handoff", "gives the story to people, with all that is known"), handoff),
    Command(
        CommandSpec(
            "budget",
            (Argument("amount", Kind.MONEY, required=True),),
            summary="lets the story cost so many dollars more",
            who="write access",
            example="/budget +5",
        ),
        budget,
    ),
    Command(
        CommandSpec(
            "priority",
            (Argument("level", Kind.CHOICE, required=True, choices=("low", "normal", "high")),),
            summary="orders it among the stories that wait for a worker",
            who="write access",
            example="/priority high",
        ),
        priority,
    ),
    Command(
        CommandSpec(
            "wsjf",
            (Argument("inputs", Kind.PAIRS, required=True, choices=WSJF),),
            summary="says what it is worth, and how large it is, for its place in the backlog",
            who="write access",
            example="/wsjf value=8 time=3 risk=2 size=5",
        ),
        wsjf,
        needs_story=False,
    ),
    Command(
        CommandSpec(
            "deploy",
            (Argument("environment", Kind.WORD),),
            summary="says where a merged story could be deployed to: nowhere yet",
            who="write access",
            example="/deploy staging",
        ),
        not_here,
        needs_story=False,
    ),
    Command(
        CommandSpec(
            "rollback",
            (),
            summary="says what could be rolled back: nothing yet",
            who="write access",
            example="/rollback",
        ),
        not_here,
        needs_story=False,
    ),
)
EVENTS: dict = {}
