"""What Towpath says when it comes to a repository: the configuration's head, the pull request.

Never: a name or a text of the repository that is not shown as code.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.texts.words import code, count, plain

TITLE = "Configure Towpath"
MESSAGE = "chore: configure Towpath"
_SHOWN = 15

HEAD = """What Towpath may do in this repository, read from the default branch only.
Every key is here with what holds while it is not set; take the # away to set it, and the one
of the section above it. What is not understood is refused with its line, and the last good
file stays in force. The operator's own bounds hold as well.
"""


@dataclass(frozen=True)
class Survey:
    """What was found in a repository: how it is checked, how many open issues have the label."""

    checks: tuple[str, ...] = ()
    has_tests: bool = False
    stories: int = 0
    todos: int | None = None


def body(survey: Survey, label: str, slug: str) -> str:
    """The pull request's text."""
    parts = [
        f"Towpath ({code(slug)}) was installed on this repository. This pull request proposes its "
        "configuration: every key with its default, explained.",
        "**Until it is merged Towpath rehearses:** it works out what it would do, says so in one "
        "comment on each story, and writes nothing else. The proposed file begins with "
        "`mode: dry_run`, so the rehearsal goes on after the merge; set `mode: on` when you like "
        "what you see, here or later.",
        _found(survey, label),
        "- **Merge** it, changed or as it is: it is in force from then on.\n"
        "- **Push** to its branch what you want to have otherwise; Towpath then leaves it alone.\n"
        "- **Close** it: Towpath is off here until a configuration appears or you reopen it.",
    ]
    return "\n\n".join(parts)


def _found(survey: Survey, label: str) -> str:
    rows = [f"- {plain(one, 300)}" for one in survey.checks[:_SHOWN]]
    if len(survey.checks) > _SHOWN:
        rows.append(f"- … and {count(len(survey.checks) - _SHOWN, 'more finding')}")
    if not survey.has_tests:
        rows.append(
            "- No tests were found. Towpath proposes no change without tests that passed; "
            "begin with some."
        )
    stories = count(survey.stories, "open issue")
    rows.append(f"- {stories} with the label {code(label)}: each would be taken up as a story.")
    if survey.todos is not None:
        rows.append(f"- {count(survey.todos, 'TODO comment')} in the code.")
    return "**What it found here**\n\n" + "\n".join(rows)
