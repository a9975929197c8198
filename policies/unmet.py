"""What is still missing before a story is done, and who can bring it (§16, P6).

Promises: pure; every condition that keeps the story from its end is listed, not only the first one,
each with who can meet it, how, and since when it is so; what is asked of an approval is asked with
the rules that judge it (`who_approves`). An empty list: nothing is missing.
Never: words for people (`bot.texts.unmet` has them), and no guess where GitHub was not asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from bot.story.vocabulary import TERMINAL, Approval, AutoApproval, Gate, Person, State, Waiting
from policies import budget, throttle
from policies.approvals import (
    APPROVABLE,
    ApprovalRule,
    Bound,
    Involved,
    auto_stands,
    standing,
)
from policies.effect_facts import PullFacts

# Who can meet a condition, besides people and teams by name (`@alice`, `@acme/payments`).
TOWPATH = "towpath"
WRITE = "write"
SECOND = "second_person"
REQUESTER = "requester"
OPERATOR = "operator"
OWNER_OF_ACCOUNT = "installer"
TIME = "time"

_BEFORE_PLAN = frozenset({State.RECEIVED, State.ANALYZING, State.PLANNING})


@dataclass(frozen=True)
class Condition:
    """One thing that is missing.

    `what`: its name in the table of sentences. `who`: roles of this module and names with an @;
    any of them can meet it. `since`: None where it has not begun (`now` False) or nobody knows.
    `how`: the command, or '' where it is no command. `now`: False for what comes only later.
    """

    what: str
    who: tuple[str, ...]
    since: datetime | None = None
    how: str = ""
    detail: str = ""
    now: bool = True


@dataclass(frozen=True)
class UnmetFacts:
    """What decides besides the story itself.

    `pull`, `merge_state` (GitHub's `mergeable_state`), `rule` and `involved` are what GitHub says
    now; `asked` False where it could not be asked. `suspended`: since when the installation is.
    `broken`: what is wrong with the configuration, and since when. `failing`: names of checks on
    the head that failed.
    """

    now: datetime
    gates: frozenset[Gate] = frozenset({Gate.PRE_DEPLOY, Gate.PRE_PRODUCTION})
    rule: ApprovalRule = field(default_factory=ApprovalRule)
    involved: Involved = field(default_factory=Involved)
    pull: PullFacts | None = None
    merge_state: str = ""
    failing: tuple[str, ...] = ()
    caps: budget.Caps = field(default_factory=budget.Caps)
    asked: bool = True
    mode: str = "on"  # on | dry_run | off
    suspended: datetime | None = None
    lacks: tuple[str, ...] = ()  # permissions that the installation has not granted
    broken: tuple[str, datetime | None] | None = None


class StoryNow(Protocol):
    """What is asked of a story; `bot.story.machine.Story` is one."""

    @property
    def state(self) -> State: ...
    @property
    def state_since(self) -> datetime | None: ...
    @property
    def waiting(self) -> Waiting | None: ...
    @property
    def requester(self) -> Person | None: ...
    @property
    def author(self) -> Person | None: ...
    @property
    def approvals(self) -> Sequence[Approval]: ...
    @property
    def head_sha(self) -> str: ...
    @property
    def plan_digest(self) -> str: ...
    @property
    def base_sha(self) -> str: ...
    @property
    def auto_approved(self) -> AutoApproval | None: ...
    @property
    def merged_sha(self) -> str: ...
    @property
    def pull_number(self) -> int: ...
    @property
    def cost_usd(self) -> float: ...
    @property
    def unpriced_tokens(self) -> int: ...
    @property
    def budget_raised_usd(self) -> float: ...
    @property
    def pause(self) -> Any: ...
    @property
    def tests(self) -> Any: ...
    @property
    def gated(self) -> Any: ...
    @property
    def withheld(self) -> Any: ...
    @property
    def nothing_to_do(self) -> Any: ...
    def passed(self, subject: str, sha: str) -> bool: ...
    def held_back(self, sha: str) -> bool: ...


def unmet(story: StoryNow, facts: UnmetFacts) -> list[Condition]:
    """All that is missing between now and done: what is missing now first, what comes later last.

    A story that is done, cancelled or needs no change lacks nothing; one that was handed over
    lacks a person's `/retry`.
    """
    if story.state in TERMINAL:
        return _of_ended(story)
    found = [
        *_of_surroundings(story, facts),
        *_of_people(story),
        *_of_money(story, facts),
        *_of_gate(story, facts),
        *_of_change(story, facts),
        *_of_work(story),
        *_later(story, facts),
    ]
    return sorted(found, key=lambda condition: not condition.now)


def _of_ended(story: StoryNow) -> list[Condition]:
    if story.state is State.FAILED and not story.nothing_to_do:
        return [Condition("handed_over", (WRITE,), story.state_since, "/retry")]
    return []


def _of_surroundings(story: StoryNow, facts: UnmetFacts) -> list[Condition]:
    """What holds for every story of the repository, and who else works on this one."""
    found = []
    if story.withheld is not None:
        found.append(Condition("claimed", (TIME,), detail=story.withheld.reason))
    if facts.suspended is not None:
        found.append(Condition("suspended", (OWNER_OF_ACCOUNT,), facts.suspended))
    if facts.lacks:
        detail = ", ".join(facts.lacks)
        found.append(Condition("permission", (OWNER_OF_ACCOUNT,), detail=detail))
    if facts.mode != "on":
        found.append(Condition(facts.mode, (WRITE,), detail=".github/towpath.yml"))
    if facts.broken is not None:
        problem, since = facts.broken
        found.append(Condition("configuration_broken", (WRITE,), since, detail=problem))
    if not facts.asked:
        found.append(Condition("github_away", (TIME,)))
    return found


def _of_people(story: StoryNow) -> list[Condition]:
    """What a person held up, or has to say."""
    waiting, found = story.waiting, []
    may = (WRITE, *_logins(story.requester))
    held = story.state is State.WAITING and waiting is not None and waiting.gate is Gate.PAUSED
    since = waiting.since if held and waiting else story.state_since
    if story.pause is not None:
        found.append(Condition("paused", may, since, "/resume", story.pause.person.login))
    if held and waiting and waiting.subject:
        found.append(Condition("suspicious", (WRITE,), since, "/resume", waiting.reason))
    if _at(story, Gate.AMBIGUITY_DETECTED) and waiting:
        who = (WRITE, *_logins(story.requester, story.author))
        asked = " / ".join(waiting.questions)
        found.append(Condition("unanswered", who, waiting.since, "/answer …", asked))
    return found


def _of_money(story: StoryNow, facts: UnmetFacts) -> list[Condition]:
    waiting = story.waiting
    at_gate = _at(story, Gate.BUDGET_EXCEEDED)
    since = waiting.since if at_gate and waiting else None
    if at_gate and waiting and waiting.until and waiting.until > facts.now:
        until = waiting.until.isoformat(timespec="seconds")
        if waiting.rule in throttle.RULES:
            return [Condition("enough_opened", (OPERATOR, TIME), since, detail=until)]
        return [Condition("period_spent", (OPERATOR, TIME), since, detail=until)]
    usd = facts.caps.story_usd + story.budget_raised_usd
    raised = budget.Caps(facts.caps.story_usd, facts.caps.story_tokens, story.budget_raised_usd)
    if story.cost_usd >= usd > 0 or story.unpriced_tokens >= raised.tokens > 0 or at_gate:
        spent = f"{story.cost_usd:.2f} of {usd:.2f} USD"
        return [Condition("budget_spent", (WRITE,), since, "/budget +5", spent)]
    return []


def _of_gate(story: StoryNow, facts: UnmetFacts) -> list[Condition]:
    """What the approval that is waited for still lacks."""
    waiting = story.waiting
    if story.state is not State.WAITING or waiting is None or waiting.gate not in APPROVABLE:
        return []
    if waiting.gate is not Gate.PRE_CODE:
        if not story.pull_number:
            return []
        if facts.pull and (facts.pull.state != "open" or facts.pull.merged):
            return []  # `_of_change` says so: there is nothing to approve
    return _of_approval(story, facts, waiting.gate, waiting.since, now=True)


def _of_approval(
    story: StoryNow, facts: UnmetFacts, gate: Gate, since: datetime | None, now: bool
) -> list[Condition]:
    by_plan, rule, involved = APPROVABLE[gate] == "plan", facts.rule, facts.involved
    head = story.head_sha if facts.pull is None or by_plan else facts.pull.head_sha
    bound = Bound(head, story.plan_digest, story.base_sha)
    if auto_stands(story.auto_approved, gate, bound):
        return []
    given = standing(story.approvals, gate, bound, rule)
    people = {each.person.id for each in given}
    others = {each.person.id for each in given if not involved.part(each.person)}
    how = "/approve" if by_plan or not now else f"/approve {head}"
    found: list[Condition] = []

    def lacks(what: str, who: tuple[str, ...], detail: str, how: str = how) -> None:
        found.append(Condition(what, who, since, how, detail, now))

    quorum = max(1, rule.quorum)
    if len(people) < quorum:
        lacks("quorum", (WRITE,), f"{len(people)} of {quorum}")
    if rule.second_person and involved.unknown_contributors:
        lacks("unknown_contributor", (WRITE,), _some(involved.unknown_contributors), "")
    elif rule.second_person and not others:
        lacks("second_person", (SECOND,), _parts(involved))
    for what, who, detail in _by_name(rule, people, others):
        lacks(what, who, detail, "" if what == "owner_unknown" else how)
    return found


def _by_name(
    rule: ApprovalRule, people: set[int], others: set[int]
) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Whose approval is asked for by name and missing: what, who, of what."""
    if rule.teams and not rule.teams.ids & people:
        yield "named_team", _named(rule.teams.names), _some(rule.teams.names)
    missing: dict[tuple[str, ...], list[str]] = {}
    for owned in rule.owned:
        if not owned.ids & people:
            missing.setdefault(owned.names if owned.ids else (), []).append(owned.path)
    for names, paths in missing.items():
        who = _named(names) or (OPERATOR,)
        yield "code_owner" if names else "owner_unknown", who, _some(paths)
    for one in rule.checkpoints:
        if not (others if one.teams is None else others & one.teams.ids):
            who = _named(one.teams.names) if one.teams else (SECOND,)
            yield "checkpoint", who, f"{one.kind} ({_some(one.paths)})"


def _named(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(name if name.startswith("@") else f"@{name}" for name in names)


def _of_change(story: StoryNow, facts: UnmetFacts) -> list[Condition]:
    """What stands against the merge of the commit that is there."""
    found, sha, pull = [], story.head_sha, facts.pull
    tested, since = story.tests.get("head"), story.state_since
    if story.merged_sha or not sha:
        return []
    if tested and tested.summary.sha == sha and not story.passed("head", sha):
        failing = _some([*tested.regressions, *tested.summary.failures]) or "could not run"
        found.append(Condition("tests_fail", (TOWPATH, WRITE), since, "", failing))
    if story.held_back(sha):
        names = _some([gate.name for gate in story.gated.blocking])
        found.append(Condition("gate_fails", (TOWPATH, WRITE), since, "", names))
    if facts.failing:
        found.append(Condition("ci_fails", (WRITE,), since, "", _some(facts.failing)))
    if pull is None or pull.merged:
        return found
    if pull.state != "open":
        found.append(Condition("pull_closed", (WRITE,), None, "", f"#{pull.number}"))
    if pull.head_sha != sha:
        found.append(Condition("head_moved", (TOWPATH,), None, "", pull.head_sha[:10]))
    if pull.mergeable is False:
        found.append(Condition("conflicts", (TOWPATH, WRITE), None, "", pull.base_ref))
    elif facts.merge_state == "blocked":
        found.append(Condition("branch_protection", (WRITE,), None, "", pull.base_ref))
    return found


def _of_work(story: StoryNow) -> list[Condition]:
    """A stage that is at work: nothing is asked of anybody."""
    if story.state is State.WAITING or story.withheld is not None:
        return []
    return [Condition("working", (TOWPATH,), story.state_since, "", story.state.value)]


def _later(story: StoryNow, facts: UnmetFacts) -> list[Condition]:
    """The gates that are still to come, by what is known of them now."""
    here = story.waiting.resume_to if story.waiting else story.state
    if story.merged_sha or here is State.VERIFYING:
        return []
    found: list[Condition] = []
    if Gate.PRE_CODE in facts.gates and here in _BEFORE_PLAN and not _at(story, Gate.PRE_CODE):
        found += _of_approval(story, facts, Gate.PRE_CODE, None, now=False)
    if Gate.PRE_DEPLOY in facts.gates and not _at(story, Gate.PRE_DEPLOY):
        found += _of_approval(story, facts, Gate.PRE_DEPLOY, None, now=False)
    return found


def _at(story: StoryNow, gate: Gate) -> bool:
    waiting = story.waiting
    return story.state is State.WAITING and waiting is not None and waiting.gate is gate


def _logins(*people: Person | None) -> tuple[str, ...]:
    known = {f"@{one.login}": None for one in people if one is not None and not one.is_bot}
    return tuple(known)


def _parts(involved: Involved) -> str:
    """Who cannot be the second person, and why."""
    asked = (involved.requester, involved.issue_author, involved.pull_author)
    people = {one.id: one for one in asked if one is not None and not one.is_bot}
    return ", ".join(f"{one.login} {involved.part(one)}" for one in people.values())


def _some(names: Sequence[str]) -> str:
    unique = list(dict.fromkeys(names))
    more = f" and {len(unique) - 3} more" if len(unique) > 3 else ""
    return ", ".join(unique[:3]) + more
