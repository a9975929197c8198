"""What is wrong with a command, in one line each (W7)."""

from __future__ import annotations

from bot.story.commands import (
    BadArgument,
    CommentTooLong,
    MissingArgument,
    ParseProblem,
    TooManyCommands,
    UnknownCommand,
    Wrong,
)
from bot.texts.words import plain


def name_of(problem: ParseProblem) -> str:
    """The command that was meant, for the answer and the journal."""
    return getattr(problem, "name", "") or "commands"


def say(problem: ParseProblem) -> str:
    """Why it was not accepted, and what would be."""
    match problem:
        case UnknownCommand():
            return f"no such command; did you mean /{problem.did_you_mean}?"
        case MissingArgument():
            return f"needs its {problem.argument}, for example: {problem.example}"
        case BadArgument():
            return _bad(problem)
        case TooManyCommands():
            return f"at most {problem.limit} commands count in one comment; none of these did"
        case CommentTooLong():
            return f"commands count in comments of up to {problem.limit} characters"


def _bad(problem: BadArgument) -> str:
    given = plain(problem.given, 80)
    expected = ", ".join(problem.expected)
    return {
        Wrong.UNEXPECTED: f"“{given}” is more than it takes",
        Wrong.NOT_ONE_OF: f"“{given}” is none of {expected}",
        Wrong.NOT_MONEY: f"“{given}” is no amount such as +5",
        Wrong.SHORT_SHA: "a shortened SHA can come to mean another commit; give all 40 digits",
        Wrong.NOT_SHA: f"“{given}” is no commit; give all 40 digits of its SHA",
        Wrong.NOT_PAIR: f"“{given}” is none of {expected} with a number",
        Wrong.TWICE: f"“{given}” says the same a second time",
        Wrong.TOO_LONG: f"the text is longer than {expected} characters",
    }[problem.wrong]
