"""The work on one task: a model calls tools until it says that it is done, or is stopped (S13).

Promises: every call gets exactly one answer, in order; malformed turns of every kind are answered
or end the work in a clear state; a model that goes in circles is told so once, then stopped; limits
are counted in recorded turns and seconds, so a replay stops where the first run did.
Never: decides what becomes of the work, or trusts a word of the model about it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from bot.agent.conversation import Conversation, bounded
from bot.agent.messages import Exchange, Said, ToolCall, ToolResult
from bot.agent.told import LAST_RUN_RED
from bot.agent.tool_arguments import Arguments, BadCall, Finish, Run, arguments_of
from bot.agent.tools import FileTools, ToolError
from policies.budget import WRAP_UP

LAST_TURNS = 3  # so many before the end the model is told to come to one
CALLS = 16  # in one turn


class Ended(StrEnum):
    """How the work on a task ended; `finished` is the model's word, the others are ours."""

    FINISHED = "finished"
    TURNS = "turns"
    TIME = "time"
    SIZE = "size"
    STUCK = "stuck"
    MALFORMED = "malformed"
    REFUSED = "refused"


@dataclass(frozen=True)
class Limits:
    """`seconds`: of model and sandbox together; `characters`: of the conversation."""

    turns: int = 40
    seconds: float = 1500.0
    characters: int = 600_000
    malformed: int = 3  # turns in a row without a usable call
    repeats: int = 3  # the same call, or the same error, before the model is told


@dataclass(frozen=True)
class Ran:
    """What running something gave. `seconds` count against the budget; `tests`: tests were run.

    `red`: it ran, and shows that the work is not done; nothing red is left after green tests.
    """

    text: str
    ok: bool
    seconds: float = 0.0
    red: bool = False
    tests: bool = False


@dataclass(frozen=True)
class Turned:
    """One recorded turn. `spent`: the share of the story's budget that was used before it."""

    said: Said
    seconds: float
    spent: float = 0.0


@dataclass(frozen=True)
class Worked:
    """`finish`: what the model said at its end, where it came to one. `why`: else, in words."""

    end: Ended
    turns: int
    seconds: float
    finish: Finish | None = None
    why: str = ""


@dataclass(frozen=True)
class Hands:
    """What the loop is given: a turn of the model, something to run, a judge of `finish`.

    `ask` continues the conversation; `run` runs tests or a command, its number is unique in the
    conversation; `accept` says why the task cannot end so, '' where it can; `foreign` calls a tool
    of a server, which the conversation names.
    """

    ask: Callable[[Conversation], Turned]
    run: Callable[[Run, int], Ran]
    accept: Callable[[Finish, int], str]
    foreign: Callable[[ToolCall, int], Ran] = lambda call, number: Ran("Error: no server", ok=False)


class _Stop(Exception):
    def __init__(self, end: Ended, why: str = "", finish: Finish | None = None) -> None:
        super().__init__(why)
        self.end, self.why, self.finish = end, why, finish


def work(talk: Conversation, tools: FileTools, hands: Hands, limits: Limits) -> Worked:
    """Lead the conversation to its end."""
    task = _Work(talk, tools, hands, limits)
    try:
        while True:
            task.step()
    except _Stop as stop:
        return Worked(stop.end, task.turns, task.seconds, stop.finish, stop.why)


class _Work:
    def __init__(self, talk: Conversation, tools: FileTools, hands: Hands, limits: Limits) -> None:
        self.talk, self.tools, self.hands, self.limits = talk, tools, hands, limits
        self.turns, self.seconds, self.size = 0, 0.0, 0
        self._runs = self._idle = 0
        self._spent = 0.0
        self._seen: Counter[str] = Counter()
        self._nudged = self._late = False
        self._red: Ran | None = None  # the last run that was red, while nothing says otherwise
        self._doubted = False
        self._foreign = frozenset(tool.name for tool in talk.tools)

    def step(self) -> None:
        """One turn of the model and the answers to it."""
        self._within_limits()
        turned = self.hands.ask(self.talk)
        self.turns += 1
        self.seconds += turned.seconds
        self._spent = turned.spent
        said = bounded(turned.said)
        if said.finish == "refused":
            raise _Stop(Ended.REFUSED, "the model refused to go on")
        results = self._answers(said)
        exchange = Exchange(said=said, results=results, note=self._note(said, results))
        self.size += len(exchange.model_dump_json())
        self.talk.add(exchange)

    def _within_limits(self) -> None:
        limits = self.limits
        if self.turns >= limits.turns:
            raise _Stop(Ended.TURNS, f"{limits.turns} turns are the limit of a task")
        if self.seconds >= limits.seconds:
            raise _Stop(Ended.TIME, f"{limits.seconds:.0f} s are the limit of a task")
        if self.size >= limits.characters:
            raise _Stop(Ended.SIZE, f"{limits.characters} characters are the limit of a task")
        if self._idle >= limits.malformed:
            raise _Stop(Ended.MALFORMED, f"{self._idle} turns in a row without a usable call")

    def _answers(self, said: Said) -> tuple[ToolResult, ...]:
        results: list[ToolResult] = []
        usable = False
        for number, call in enumerate(said.calls):
            try:
                if number >= CALLS:
                    raise ToolError(f"only {CALLS} calls in one turn; call it again")
                if call.name in self._foreign and call.arguments is not None:
                    usable = True
                    text, error = self._call_foreign(call)
                else:
                    asked = arguments_of(call, sorted(self._foreign))
                    usable = True
                    text, error = self._use(asked, any(r.error for r in results))
            except (BadCall, ToolError) as problem:
                text, error = f"Error: {problem}", True
            self._count(call, text if error else "")
            results.append(ToolResult(call_id=call.id, content=text, error=error))
        self._idle = 0 if usable else self._idle + 1
        return tuple(results)

    def _use(self, asked: Arguments, failed: bool) -> tuple[str, bool]:
        if isinstance(asked, Finish):
            if failed:
                raise ToolError("a call before it in this turn failed: look at that first")
            self._doubt(asked)
            self._runs += 1
            if problem := self.hands.accept(asked, self._runs):
                raise ToolError(problem)
            raise _Stop(Ended.FINISHED, finish=asked)
        if isinstance(asked, Run):
            self._runs += 1
            ran = self.hands.run(asked, self._runs)
            self.seconds += ran.seconds
            self._remember(ran)
            return ran.text, not ran.ok
        return self.tools.use(asked), False

    def _call_foreign(self, call: ToolCall) -> tuple[str, bool]:
        self._runs += 1
        ran = self.hands.foreign(call, self._runs)
        self.seconds += ran.seconds
        return ran.text, not ran.ok

    def _remember(self, ran: Ran) -> None:
        if ran.red:
            self._red, self._doubted = ran, False
        elif ran.ok and (ran.tests or (self._red is not None and not self._red.tests)):
            self._red = None

    def _doubt(self, asked: Finish) -> None:
        """Once for each red run: what it showed may not have been read yet, or be the end of it."""
        if asked.outcome in ("changed", "no_change") and self._red and not self._doubted:
            self._doubted = True
            raise ToolError(LAST_RUN_RED)

    def _count(self, call: ToolCall, error: str) -> None:
        """The same call again, with the files unchanged since, brings nothing new."""
        if call.name in ("create", "str_replace", "insert", "delete") and not error:
            self._seen.clear()
            return
        asked = json.dumps([call.name, call.arguments], sort_keys=True, default=str)
        self._seen[asked] += 1

    def _note(self, said: Said, results: tuple[ToolResult, ...]) -> str:
        """What the model is told beside the answers to its calls."""
        notes = [self.talk.notice] if self.turns == 1 and self.talk.notice else []
        if not said.calls:
            notes.append("No tool was called. Go on with a tool; `finish` ends the task.")
        if said.finish == "length":
            notes.append("Your last turn reached its length limit. Take smaller steps.")
        if self._seen and max(self._seen.values()) >= self.limits.repeats:
            if self._nudged:
                raise _Stop(Ended.STUCK, "the same calls again and again")
            self._nudged = True
            self._seen.clear()
            notes.append(
                "You made the same call several times and nothing has changed. Try another way, "
                "or end with `finish`: `cannot`, and say what stands against it."
            )
        left = self.limits.turns - self.turns
        if left == LAST_TURNS or (not self._late and self._later()):
            notes.append("Little is left for this task: come to an end with `finish`.")
        return "\n".join(notes)

    def _later(self) -> bool:
        """Whether most of the time, of the conversation's size or all but the last of the budget
        is used; true once.
        """
        used = (self.seconds / self.limits.seconds, self.size / self.limits.characters)
        self._late = max(used) >= 0.8 or self._spent >= WRAP_UP
        return self._late
