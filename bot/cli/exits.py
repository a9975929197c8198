"""The exit codes of `towpath`, the same for every command."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """What a script may rely on; the README has the same list."""

    OK = 0  # done; for a story: DONE
    FAILED = 1  # it was tried and did not end well, or something that is needed is missing
    USAGE = 2  # called or configured wrongly; nothing was tried
    QUESTION = 3  # the story waits for an answer
    HANDED_OVER = 4  # the story was handed over to people
    WAITS = 5  # the story waits for an approval
    INTERRUPTED = 130  # Ctrl-C
