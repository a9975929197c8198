"""The grammar of commands in comments (W7): text and a list of commands in, what was said out.

Promises: pure; never raises on any text; time grows linearly with the text, which is capped.
A command is `/name` at the start of a line (three spaces of indent at most) of a plain paragraph.
Not commands: anything in quotes, lists, headings, tables, footnotes, code (inline, fenced or
indented), formulas, links, emphasis, HTML comments and blocks, and whatever stands between the
tags of an HTML element that quotes, hides or strikes out.
A line such as `/usr/bin`, or a word that resembles no known command (`/tmp`, another bot's `/lgtm`)
is silence, not a mistake: only a near miss of a known name is reported as UnknownCommand.
Never: it has no list of commands of its own, decides on nobody's permission and says nothing to
people (the problems are typed, `bot.texts` words them).
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType

from bot.story.comment_markdown import command_starts, normalise

MAX_COMMANDS = 10
MAX_COMMENT = 65_536  # characters; GitHub takes no longer comment
MAX_TEXT = 2_000  # characters of a one-line text argument
_CLOSE = 0.7  # difflib ratio from which a word is a near miss: "/aprove", never "/proc"

_LOOKS_LIKE_ONE = re.compile(r"^ {0,3}/[A-Za-z]", re.MULTILINE)
_WORD = re.compile(r"[A-Za-z][A-Za-z_-]{0,31}[.,:;!?]{0,3}")
_MONEY = re.compile(r"\+\$?(\d{1,4}(?:\.\d{1,2})?)", re.ASCII)
_NUMBER = re.compile(r"\d{1,3}(?:\.\d{1,2})?", re.ASCII)
_FULL_SHA = re.compile(r"[0-9a-f]{40}")
_SHORT_SHA = re.compile(r"[0-9a-f]{4,39}")


class Kind(StrEnum):
    """What an argument looks like."""

    CHOICE = "choice"  # one of `choices`, any case
    SHA = "sha"  # 40 hex digits; a shorter one is refused, because it can come to mean another
    MONEY = "money"  # an increase such as +5 or +2.50; the value is a Decimal
    WORD = "word"  # one word, as written
    PAIRS = "pairs"  # the rest of the line: name=number …, names of `choices`, each once
    TEXT = "text"  # the rest of the line
    BLOCK = "block"  # everything up to the next command or the end of the comment


@dataclass(frozen=True)
class Argument:
    """One argument. Optional ones may be left out; TEXT, BLOCK and PAIRS can only come last.

    A PAIRS is a command's only argument and gives one value for each name that was said.
    """

    name: str
    kind: Kind
    required: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class CommandSpec:
    """One command as its handler declares it. `who` names the permission, for the help text."""

    name: str
    arguments: tuple[Argument, ...] = ()
    summary: str = ""
    who: str = ""
    example: str = ""


@dataclass(frozen=True)
class Parsed:
    """A well-formed command: values by argument name (those left out are absent). `line` from 1."""

    name: str
    values: Mapping[str, str | Decimal] = field(default_factory=lambda: MappingProxyType({}))
    line: int = 1

    def text(self, argument: str) -> str:
        """The value as text, '' where the argument was left out."""
        return str(self.values.get(argument, ""))


@dataclass(frozen=True)
class UnknownCommand:
    """A word close to a known command."""

    name: str
    did_you_mean: str
    line: int = 1


@dataclass(frozen=True)
class MissingArgument:
    """A required argument was left out; `example` shows the whole command."""

    name: str
    argument: str
    example: str
    line: int = 1


class Wrong(StrEnum):
    """What is wrong with an argument."""

    UNEXPECTED = "unexpected"  # the command takes nothing (more)
    NOT_ONE_OF = "not_one_of"
    NOT_MONEY = "not_money"
    SHORT_SHA = "short_sha"
    NOT_SHA = "not_sha"
    NOT_PAIR = "not_pair"  # no name=number of the names that there are
    TWICE = "twice"  # the same name once more
    TOO_LONG = "too_long"


@dataclass(frozen=True)
class BadArgument:
    """An argument that does not fit. `expected`: the forms that would; `given` is cut to 80."""

    name: str
    argument: str
    given: str
    wrong: Wrong
    expected: tuple[str, ...]
    line: int = 1


@dataclass(frozen=True)
class TooManyCommands:
    """More than `limit` commands in one comment: none of them counts."""

    limit: int = MAX_COMMANDS


@dataclass(frozen=True)
class CommentTooLong:
    """More than `limit` characters, with something like a command in them: none counts."""

    limit: int = MAX_COMMENT


ParseProblem = UnknownCommand | MissingArgument | BadArgument | TooManyCommands | CommentTooLong


def parse(text: str, specs: Iterable[CommandSpec]) -> list[Parsed | ParseProblem]:
    """All commands of a comment in their order, each parsed or with its problem; W7."""
    if not _LOOKS_LIKE_ONE.search(normalise(text)):
        return []
    if len(text) > MAX_COMMENT:
        return [CommentTooLong()]
    known = {spec.name: spec for spec in specs}
    source = normalise(text)
    lines = source.split("\n")
    found = [
        (number, word)
        for number in command_starts(source)
        if (word := _command_word(lines[number], known)) is not None
    ]
    if len(found) > MAX_COMMANDS:
        return [TooManyCommands()]
    results: list[Parsed | ParseProblem] = []
    ends = [*(number for number, _ in found[1:]), len(lines)]
    for (number, word), end in zip(found, ends, strict=False):
        spec = known.get(word.lower())
        if spec is None:
            near = _nearest(word, known)
            results.append(UnknownCommand(word[:80], near or "", number + 1))
            continue
        rest = lines[number].strip()[1 + len(word) :].strip()
        following = "\n".join(lines[number + 1 : end])
        if spec.arguments and spec.arguments[0].kind is Kind.PAIRS:
            results.append(_read_pairs(spec, rest, number + 1))
        else:
            results.append(_read(spec, rest, following, number + 1))
    return results


def _command_word(line: str, known: Mapping[str, CommandSpec]) -> str | None:
    """The word after the slash, where it is a command or a near miss of one."""
    word = line.strip()[1:].split(None, 1)[0] if line.strip()[1:].strip() else ""
    if not _WORD.fullmatch(word) or line.strip()[1:2].isspace():
        return None
    return word if word.lower() in known or _nearest(word, known) else None


def _nearest(word: str, known: Mapping[str, CommandSpec]) -> str | None:
    plain = word.lower().rstrip(".,:;!?")
    close = difflib.get_close_matches(plain, sorted(known), n=1, cutoff=_CLOSE)
    return close[0] if close else None


def _read(spec: CommandSpec, rest: str, following: str, line: int) -> Parsed | ParseProblem:
    """Fit the words to the arguments from left to right; optional ones that do not fit are left."""
    values: dict[str, str | Decimal] = {}
    missed: BadArgument | None = None
    for argument in spec.arguments:
        if argument.kind in (Kind.TEXT, Kind.BLOCK):
            value = f"{rest}\n{following}".strip() if argument.kind is Kind.BLOCK else rest
            if argument.kind is Kind.TEXT and len(value) > MAX_TEXT:
                return BadArgument(
                    spec.name, argument.name, value[:80], Wrong.TOO_LONG, (str(MAX_TEXT),), line
                )
            rest = ""
            if value:
                values[argument.name] = value
        elif rest:
            word, _, after = _cut(rest)
            value_or_wrong = _value(argument, word)
            if not isinstance(value_or_wrong, Wrong):
                values[argument.name] = value_or_wrong
                rest, missed = after, None
            else:
                bad = _bad(spec, argument, word, value_or_wrong, line)
                if argument.required:
                    return bad
                # The most telling reason wins: "too short a SHA" says more than "not a gate".
                if missed is None or value_or_wrong is Wrong.SHORT_SHA:
                    missed = bad
        if argument.required and argument.name not in values:
            return MissingArgument(spec.name, argument.name, spec.example, line)
    if rest:
        word = _cut(rest)[0]
        if missed is not None:
            return missed
        return BadArgument(
            spec.name, "", word[:80], Wrong.UNEXPECTED, (spec.example or f"/{spec.name}",), line
        )
    return Parsed(spec.name, MappingProxyType(values), line)


def _read_pairs(spec: CommandSpec, rest: str, line: int) -> Parsed | ParseProblem:
    (argument,) = spec.arguments
    values: dict[str, str | Decimal] = {}
    for word in rest.split():
        if (wrong := _wrong_pair(argument, word, values)) is not None:
            return _bad(spec, argument, word, wrong, line)
        name, _, number = word.partition("=")
        values[name.lower()] = Decimal(number)
    if argument.required and not values:
        return MissingArgument(spec.name, argument.name, spec.example, line)
    return Parsed(spec.name, MappingProxyType(values), line)


def _wrong_pair(argument: Argument, word: str, known: Mapping[str, str | Decimal]) -> Wrong | None:
    name, _, number = word.partition("=")
    if name.lower() not in argument.choices or not _NUMBER.fullmatch(number):
        return Wrong.NOT_PAIR
    return Wrong.TWICE if name.lower() in known else None


def _cut(rest: str) -> tuple[str, str, str]:
    parts = rest.split(None, 1)
    return parts[0], " ", parts[1] if len(parts) > 1 else ""


def _bad(spec: CommandSpec, argument: Argument, word: str, wrong: Wrong, line: int) -> BadArgument:
    expected: list[str] = []
    for other in spec.arguments:
        if other is argument or not (argument.required or other.required):
            expected += _forms(other)
    return BadArgument(spec.name, argument.name, word[:80], wrong, tuple(expected), line)


def _forms(argument: Argument) -> Sequence[str]:
    forms: dict[Kind, Sequence[str]] = {
        Kind.CHOICE: argument.choices,
        Kind.SHA: ("<40-hex sha>",),
        Kind.MONEY: ("+5", "+2.50"),
        Kind.PAIRS: tuple(f"{name}=…" for name in argument.choices),
    }
    return forms.get(argument.kind, (f"<{argument.name}>",))


def _value(argument: Argument, word: str) -> str | Decimal | Wrong:
    lower = word.lower()
    match argument.kind:
        case Kind.CHOICE:
            return lower if lower in argument.choices else Wrong.NOT_ONE_OF
        case Kind.SHA:
            if _FULL_SHA.fullmatch(lower):
                return lower
            return Wrong.SHORT_SHA if _SHORT_SHA.fullmatch(lower) else Wrong.NOT_SHA
        case Kind.MONEY:
            amount = _MONEY.fullmatch(word)
            usable = amount is not None and Decimal(amount[1]) > 0
            return Decimal(amount[1]) if amount is not None and usable else Wrong.NOT_MONEY
        case _:
            return word
