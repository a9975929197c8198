"""What a story still lacks, in words: what, who can bring it, since when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.texts.words import code, plain
from policies import unmet
from policies.unmet import Condition

# `{}` is the detail; what a stranger may have written in it goes through `plain`.
SENTENCES = {
    "working": "Towpath is at work ({})",
    "handed_over": "It was handed over to people",
    "suspended": "The installation of the app is suspended",
    "permission": "The app asks for permissions that are not accepted yet: {}",
    "dry_run": "Towpath only says what it would do here: `mode` is `dry_run` in {}",
    "off": "Towpath is switched off here: `mode` is `off` in {}",
    "configuration_broken": "The configuration cannot be read, so the last good one counts: {}",
    "github_away": "GitHub does not answer, so this list may lack something",
    "claimed": "Somebody else's work stands in the way: {}",
    "paused": "Paused by {}",
    "suspicious": "A person has to look at a text: {}",
    "unanswered": "A question is open: {}",
    "period_spent": "The budget of the day or month is spent; it goes on at {}",
    "enough_opened": "Enough pull requests are opened for now; it goes on at {}",
    "budget_spent": "The budget is spent: {}",
    "quorum": "Approvals: {}",
    "second_person": "An approval by somebody with no hand in the change ({})",
    "unknown_contributor": "GitHub knows no account for {}; push it with an address it knows",
    "code_owner": "An approval by a code owner of {}",
    "named_team": "An approval by a member of {}",
    "checkpoint": "Somebody has to look at what it touches: {}",
    "owner_unknown": "CODEOWNERS names somebody for {} who cannot be found",
    "tests_fail": "Tests that fail: {}",
    "gate_fails": "Quality gates that fail: {}",
    "ci_fails": "Checks that fail on the head: {}",
    "pull_closed": "Pull request {} is closed",
    "head_moved": "The head is {} now; it is looked at next",
    "conflicts": "The branch conflicts with {}",
    "branch_protection": "The protection of {} asks for something more",
}
_ROLES = {
    unmet.TOWPATH: "Towpath",
    unmet.WRITE: "anybody with write access",
    unmet.SECOND: "somebody with write access and no hand in the change",
    unmet.REQUESTER: "who asked for the story",
    unmet.OPERATOR: "whoever operates Towpath",
    unmet.OWNER_OF_ACCOUNT: "an owner of the account, in the settings of the app on GitHub",
    unmet.TIME: "nobody: time will",
}


def sentence(condition: Condition) -> str:
    """What is missing, as one line of Markdown."""
    template = SENTENCES[condition.what]
    if not condition.detail:
        return template.replace(" ({})", "").replace(": {}", "").replace("{}", "it")
    return template.format(plain(condition.detail, 200))


def who_can(condition: Condition) -> str:
    """Who can bring it; nobody is called by it."""
    return " or ".join(_ROLES.get(one) or code(one.replace("|", " "), 80) for one in condition.who)


def missing(conditions: Sequence[Condition]) -> str:
    """All that is missing, as a table; '' where nothing is."""
    told = [one for one in conditions if one.what != "working"]
    if not told:
        return ""
    rows = [
        f"| {sentence(one)} | {_who(one)} | {since(one.since) if one.now else 'later'} |"
        for one in told
    ]
    return "**Still missing**\n\n| What | Who | Since |\n|---|---|---|\n" + "\n".join(rows)


def _who(condition: Condition) -> str:
    how = f": {code(condition.how)}" if condition.how and condition.now else ""
    return who_can(condition) + how


def since(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else "–"
