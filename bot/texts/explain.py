"""What `policy`, `simulate`, `replay` and `api-key` print."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bot.texts.remedies import remedy

LOGIN_AND_TEXT = "Write --comment LOGIN:TEXT, for example --comment 'alice:/approve'."
EVENT_NEEDED = "Say --event (X-GitHub-Event): the file holds only a payload."
NO_REPOSITORY = "The delivery names no repository, so it changes no story."
FACTS_OR_STORY = "Say where the facts are: --facts FILE or --story OWNER/REPO#7."
_DECISIONS = {"allow": "allowed", "deny": "denied", "wait": "waits"}


def not_a_story(named: str) -> str:
    return f"{named!r} names no story; write OWNER/REPO#7."


def no_such_story(named: str) -> str:
    return f"The journal knows no story of {named}; `towpath audit streams` lists those it knows."


def no_such_person(login: str) -> str:
    return f"GitHub knows nobody called {login!r}."


def no_delivery(guid: str) -> str:
    return (
        f"No delivery {guid!r} waits or was given up on, and there is no such file. Handled ones "
        "are kept by GitHub for three days: download the payload there, and name the file."
    )


def review_states(states: Sequence[str]) -> str:
    return f"Write --review LOGIN:STATE with one of {', '.join(states)}."


def unknown_effect(kind: str, close: Iterable[str]) -> str:
    meant = "".join(f" Did you mean {one}?" for one in close)
    return f"There is no effect {kind!r}.{meant} `towpath policy list` lists them."


def wrong_facts(problems: Iterable[str]) -> str:
    return "\n".join(["These facts cannot be used:", *(f"  {one}" for one in problems)])


def explained(shown: Mapping[str, Any]) -> str:
    """A verdict, the rule that decided, what would change it, and all that stands against it."""
    lines = [f"{shown['effect']}: {_DECISIONS[shown['decision']]} by the rule {shown['rule']}"]
    lines += [f"  why: {shown['reason']}"] if shown["reason"] else []
    if shown["decision"] != "allow":
        lines.append(f"  what would change it: {shown['would_change']}")
    others = [one for one in shown["against"] if one["rule"] != shown["rule"]]
    if others:
        lines.append("  also against it:")
        for one in others:
            lines += [f"    {one['rule']}: {one['reason']}", f"      → {remedy(one['rule'])}"]
    lines.append("  rules asked, in order:")
    lines += [f"    {'✗' if s['verdict'] else '✓'} {s['rule']}" for s in shown["steps"]]
    return "\n".join(lines)


def simulated(shown: Mapping[str, Any]) -> str:
    """What would happen."""
    lines = ["What would be told and judged:"] if shown["events"] else ["Nothing would be told."]
    lines += [f"  {_event(one)}" for one in shown["events"]]
    if shown["moves_to"]:
        lines.append(f"Then the story goes from {shown['state']} to {shown['moves_to']}.")
    else:
        lines.append(f"The story stays {shown['state']}.")
    if merge := shown["merge"]:
        lines.append(f"The merge: {_DECISIONS[merge['decision']]} ({merge['rule']}).")
        lines += [f"  {merge['reason']}"] if merge["reason"] else []
    if shown["missing"]:
        lines.append("Still missing then:")
        lines += [f"  {one['text']}: {one['who']}" for one in shown["missing"]]
    return "\n".join([*lines, "Nothing was written."])


def replayed(shown: Mapping[str, Any], dry: bool) -> str:
    """What a delivery changed."""
    head = f"{shown['event']} {shown['delivery']}: {shown['outcome']}."
    if not shown["events"]:
        return f"{head} It {'would change' if dry else 'changed'} nothing."
    lines = [head, "It would tell:" if dry else "It told:"]
    return "\n".join([*lines, *(f"  {_event(one)}" for one in shown["events"])])


def _event(told: Mapping[str, Any]) -> str:
    kind, stream = told["kind"], told["stream"]
    match kind:
        case "effect_proposed":
            verdict = told["verdict"]
            said = f"{told['effect']} {_DECISIONS[verdict['decision']]} ({verdict['rule']})"
            reason = verdict["reason"]
        case "command_handled":
            said = f"/{told['command']} by {told['person']['login']}: "
            said, reason = said + ("obeyed" if told["ok"] else "refused"), told["answer"]
        case "approval_refused":
            said, reason = f"approval refused ({told['rule']})", told["reason"]
        case "approved":
            approval = told["approval"]
            said = f"approved by {approval['person']['login']} at {approval['gate']}"
            reason = approval["head_sha"] or approval["plan_digest"]
        case _:
            said, reason = kind.replace("_", " "), str(told.get("reason") or "")
    shown = " ".join(f"{said}: {reason}".split()) if reason else said
    return f"{stream}  {_printable(shown)[:300]}"


def _printable(text: str) -> str:
    """What strangers wrote must not steer a terminal."""
    return "".join(c if c.isprintable() else "�" for c in text)


def key_made(text: str, key_id: str, login: str, ends: str) -> str:
    return (
        f"{text}\n\nThis is the key {key_id} of {login}, good until {ends}. It is shown this once "
        "only; Towpath keeps a hash. Get a token: POST /api/v1/tokens with it as `api_key`."
    )


def key_revoked(key_id: str) -> str:
    return f"The key {key_id} and its tokens are worth nothing from now on."


def no_such_key(key_id: str) -> str:
    return f"There is no key {key_id!r} in use; `towpath api-key list` lists them."


def key_rotated(kid: str) -> str:
    return f"The key {kid} signs tokens now; the one before it is good for those under way."
