"""What a model is told when its work cannot end as it wants.

Promises: says what was seen in the repository and what can be done, in one breath. Never: quotes a
secret or gives an order that came from outside.
"""

from __future__ import annotations

from collections.abc import Sequence

READ_ONLY_TEST = (
    "this test says what the story asks for and is read-only now; if it contradicts the story, "
    "end with `finish`, outcome `tests_wrong`, and say where"
)
TEST_OF_STORY = (
    "this test says what the story asks for and no remark stands beside it, so it stays as it is"
)
DECLINE_INSTEAD = "reply `declined` to the remark that contradicts a test, and say where"
READ_ONLY_PARTS = (
    "the tests that say what the story asks for, and all of this file that is no test, are "
    "read-only now; only older tests without decorators may change here, and plain ones be added. "
    "If a test contradicts the story, end with `finish`, outcome `tests_wrong`, and say where"
)
ONLY_CONFLICTS = "only the files that conflict may be changed now"
RESOLVE_OR_CANNOT = (
    "end with `changed` once no mark of a conflict is left, or with `cannot` and say what both "
    "sides want that excludes each other"
)
ONLY_TESTS = "only tests are written in this task; the code follows in later ones"
TESTS_STAY = "the tests of this story stay as they are: make the code pass them"
SAY_WHY = "say in `evidence` what stands against it, with places in the code or the text"
LAST_RUN_RED = (
    "what was run last did not end well: read it, and go on until it does; if it is no fault of "
    "this task, `finish` again and say in `evidence` why"
)
NOTHING_CHANGED = (
    "no file differs from what was there: make the change, or end with `no_change` and say what "
    "shows that none is needed"
)
NO_TESTS_WRITTEN = (
    "no test was written: write one for each criterion, or end with `no_change` and say why "
    "none can be tested"
)
NO_TEST_FILES = "none of the changed files is one that the project's test runner would collect"
GREEN_ALREADY = (
    "All these tests pass before the change. If the repository does already what the story asks, "
    "end with `no_change`. Else they do not check it: make them fail for what is missing."
)
TESTS_DO_NOT_RUN = "These tests do not run, so they can show nothing. Correct them."


def changed_though(paths: Sequence[str]) -> str:
    """For `no_change` beside changed files."""
    return f"files were changed: {', '.join(paths[:10])}; end with `changed`, or undo that first"


def tests_broken(wrong: Sequence[tuple[str, str]]) -> str:
    """Tests that fail because they are broken. `wrong`: id and reason."""
    listed = "\n".join(f"- {name}: {why}" for name, why in wrong)
    return (
        "These tests fail because they cannot run, not because the behaviour is missing. Correct "
        f"them:\n{listed}"
    )


def replies_wrong(missing: Sequence[str], odd: Sequence[str], empty: Sequence[str]) -> str:
    """What is wrong with the `replies` of a round of review, by the ids of remarks; '' nothing."""
    parts = [f"no reply to {', '.join(missing)}"] if missing else []
    parts += [f"no such remark, or two replies: {', '.join(dict.fromkeys(odd))}"] if odd else []
    parts += [f"nothing said to {', '.join(empty)}"] if empty else []
    return f"`replies` needs one entry for each remark: {'; '.join(parts)}" if parts else ""


def nothing_fixed(remarks: Sequence[str]) -> str:
    """For `fixed` beside no change."""
    return (
        f"{', '.join(remarks)}: `fixed`, but no file differs; make the change, or reply `answered` "
        "or `declined`"
    )


def marks_left(paths: Sequence[str]) -> str:
    """For files that still hold marks of a conflict."""
    return f"marks of the conflict are left in {', '.join(paths[:10])}"
