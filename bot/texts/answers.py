"""What Towpath answers in comments: questions, refusals, help."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from bot.texts.words import code, plain, short, who


def questions(asked: Iterable[str]) -> str:
    """The comment that asks (S11)."""
    lines = "\n".join(f"{n}. {plain(q, 600)}" for n, q in enumerate(asked, 1))
    return (
        "Before this story can go on, a person has to decide:\n\n"
        f"{lines}\n\nAnswer with a comment that begins with `/answer`, or edit the story."
    )


def may_not_start(login: str, label: str, permission: str) -> str:
    return (
        f"{who(login)} put the label {code(label)} on this issue, but starting a story needs "
        f"write access (theirs is {code(permission)}). Somebody with write access can take the "
        "label off and put it on again."
    )


def line(command: str, why: str) -> str:
    return f"{code('/' + command)}: {plain(why, 500)}"


def no_story() -> str:
    return "there is no story here; label the issue to start one"


def not_now(state: str) -> str:
    return f"that is not possible while the story is {state.lower()}"


def edited_command() -> str:
    return (
        "Edited comments command nothing, so that nobody's words can be changed into a command. "
        "Please write a new comment."
    )


def reminder(since: datetime, until: datetime, cancels: bool, lacks: str) -> str:
    """Said once, at half of the time that a story waits."""
    then = "cancelled" if cancels else "handed over to people"
    told = f"\n\n{lacks}" if lacks else ""
    return (
        f"This story has waited for a person since {since:%Y-%m-%d %H:%M} UTC. If nobody answers, "
        f"it is {then} on {until:%Y-%m-%d %H:%M} UTC.{told}"
    )


def goes_on_from(sha: str) -> str:
    return (
        f"Towpath goes on from {short(sha)}: what it commits from here on goes on top of that, and "
        "nothing that is there is rewritten."
    )


def review_unheard(login: str) -> str:
    return (
        f"GitHub's message about the review of {who(login)} was lost, and whether its words are "
        "still the first ones cannot be seen any more. So its commands were not obeyed; please "
        "write them in a comment."
    )


def delivery_lost(guid: str, event: str, attempts: int) -> str:
    return (
        f"A message of GitHub ({code(event)}, delivery {code(guid)}) could not be delivered, "
        f"{attempts} times. What it was about has been looked up instead; if something you wrote "
        "has no answer, please write it again."
    )


def delivery_buried(guid: str, error_id: str) -> str:
    return (
        f"This could not be handled and is not tried again by itself (delivery {code(guid)}, error "
        f"{code(error_id)}). Please write it again; an admin finds it with `towpath inbox list`."
    )


def wrong_state_for_approval(state: str) -> str:
    return f"nothing waits for an approval now (the story is {state.lower()})"


def help_text(rows: Iterable[tuple[str, str, str]], label: str) -> str:
    """The command table; `rows` are (usage, what it does, who may), from the handlers."""
    return (
        f"The label {code(label)} on an issue starts a story. Then, in comments on the issue or "
        f"its pull request, at the start of a line:\n\n{command_table(rows)}"
    )


def command_table(rows: Iterable[tuple[str, str, str]]) -> str:
    head = "| Command | What it does | Who |\n|---|---|---|\n"
    return head + "\n".join(f"| `{usage}` | {what} | {may} |" for usage, what, may in rows)


def story_changed() -> str:
    return (
        "The story was edited after the work was done, so earlier approvals no longer count. "
        "`/retry` does the work again with the new text; `/approve` accepts it as it is."
    )


def plan_text(tasks: Iterable[tuple[str, str, tuple[str, ...]]]) -> str:
    """The plan in a comment; `tasks` are (id, description, targets)."""
    rows = [
        f"- {code(i)} {plain(d, 300)}" + (f" ({', '.join(map(code, t))})" if t else "")
        for i, d, t in tasks
    ]
    return "**The plan**\n" + "\n".join(rows)


def no_plan_yet() -> str:
    return "There is no plan yet."


def handler_failed(error_id: str) -> str:
    return (
        "Something went wrong on Towpath's side while handling this. It is kept under the id "
        f"{code(error_id)} and is tried again; an admin finds it in the log under that id."
    )


def no_question(state: str) -> str:
    return f"no question is open (the story is {state.lower()})"


def not_paused() -> str:
    return "the story is not paused"


_FAMILY_ASKS = {
    "which_version": "Which version should it be?",
    "not_found": "Which package, and in which file, is meant?",
    "downgrade": "Which newer version should it be?",
    "ambiguous_pins": "Which of them is meant?",
    "which_rule": "Which rule (such as F401) should be fixed, and where?",
    "no_such_path": "Which path is meant?",
}


def family_question(kind: str, message: str) -> str | None:
    """What a known family asks; None where no answer would help."""
    asks = _FAMILY_ASKS.get(kind)
    return f"{message[:1].upper()}{message[1:]}. {asks}" if asks else None


def wsjf_above_nothing() -> str:
    return "each number has to be above 0; 1, 2, 3, 5, 8 and 13 are the steps that count"


def no_targets(command: str) -> str:
    """There is no deploy target: nothing is promised that is not there."""
    instead = {
        "deploy": "a story ends with its merge, and what deploys the default branch is left to you",
        "rollback": "a merge is taken back with a revert of its commit on GitHub",
    }
    return f"no deploy targets are known here: {instead.get(command, 'nothing can be done')}"
