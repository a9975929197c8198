"""May this effect be performed? A table from the kind of an effect to the rules it must pass (P1).

Promises: pure; the first rule that objects decides and is named in the verdict; an effect without
a row in the table is denied; a rule that lacks a fact denies.
Never: it performs nothing and looks nothing up. The facts are what the journal and GitHub say now.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from bot.story.vocabulary import (
    Decision,
    Gate,
    Person,
    Verdict,
    allow,
    deny,
    wait,
)
from policies import (
    approvals,
    auto_approval,
    budget,
    dashboard,
    leave,
    marks,
    reviews,
    scope,
    servers,
    suspicion,
    throttle,
    tickets,
    tools,
)
from policies.effect_facts import Facts, Limits

LABELS = "towpath:"
_MODULES = frozenset({"pytest", "ruff", "unittest"})


Rule = Callable[[Any, Facts], Verdict | None]


def judge(effect: Any, facts: Facts) -> Verdict:
    """Whether `effect` may be performed now: ALLOW, DENY, or WAIT at a gate (P1)."""
    kind = getattr(effect, "kind", "")
    rules = TABLE.get(kind) if isinstance(kind, str) else None
    if rules is None:
        return deny("unknown_effect", "no policy knows this kind of effect")
    noted: Verdict | None = None
    for rule in rules:
        verdict = rule(effect, facts)
        if verdict is None:
            continue
        if not verdict.allowed:
            return verdict
        noted = noted or verdict
    return noted or allow(f"{kind}_allowed")


def _own_repository(effect: Any, facts: Facts) -> Verdict | None:
    ours = facts.story.repository
    if ours is None or effect.repository.id != ours.id:
        return deny("own_repository", "the effect is for another repository than the story")
    return None


def _own_thread(effect: Any, facts: Facts) -> Verdict | None:
    ours = {facts.story.issue, facts.story.pull_number} - {0}
    if effect.issue not in ours:
        return deny("own_thread", f"#{effect.issue} is not this story's issue or pull request")
    return None


def _live(effect: Any, facts: Facts) -> Verdict | None:
    if not facts.live:
        return deny("live", "the story has ended or was cancelled; it may only say so")
    if facts.paused:
        return wait("paused", "somebody paused the story; /resume goes on", Gate.PAUSED)
    return None


def _not_over(effect: Any, facts: Facts) -> Verdict | None:
    if not facts.live:
        return deny("live", "the story has ended or was cancelled; it holds no claim")
    return None


def _may_ask(effect: Any, facts: Facts) -> Verdict | None:
    return leave.decide(effect.leave, effect.requester, facts.asker, facts.bot, facts.autostart)


def _of_marks(effect: Any, facts: Facts) -> Verdict | None:
    return marks.decide(effect, facts.marks)


def _of_tickets(effect: Any, facts: Facts) -> Verdict | None:
    return tickets.decide(effect, facts.tickets)


def _of_servers(effect: Any, facts: Facts) -> Verdict | None:
    verdict = servers.decide(effect, facts.servers)
    return None if verdict.allowed else verdict


def _of_dashboard(effect: Any, facts: Facts) -> Verdict | None:
    return dashboard.decide(effect, facts.dashboard)


def _agreed(effect: Any, facts: Facts) -> Verdict | None:
    if not facts.story.split_agreed:
        return deny("agreed", "nobody said yes to making several stories of this one")
    return None


def _own_labels(effect: Any, facts: Facts) -> Verdict | None:
    if foreign := [label for label in effect.remove if not label.startswith(LABELS)]:
        return deny("own_labels", f"{foreign[0]!r} belongs to people")
    return None


def _story_branch(effect: Any, facts: Facts) -> Verdict | None:
    branch = effect.branch
    if branch == facts.default_branch:
        return deny("default_branch", "never on the default branch itself")
    own = rf"(?:feature|fix)/STORY-{facts.story.issue}/[a-z0-9][a-z0-9-]*"
    if branch != facts.story.branch or not re.fullmatch(own, branch, re.ASCII):
        return deny("story_branch", f"{branch!r} is not the branch of this story")
    return None


def _nobody_else_pushed(effect: Any, facts: Facts) -> Verdict | None:
    if facts.story.foreign_head:
        return deny("foreign_push", "somebody else pushed to the branch; their work stays on top")
    return None


def _pushes_head(effect: Any, facts: Facts) -> Verdict | None:
    if not effect.sha or effect.sha != facts.story.head_sha:
        return deny("own_head", "not the commit that the story stands at")
    return None


def _in_scope(effect: Any, facts: Facts) -> Verdict | None:
    if not effect.files:
        return deny("empty_change", "a push has to say which paths it changes")
    verdict = scope.decide(effect.files, facts.paths)
    return None if verdict.allowed else verdict


def _branch_size(effect: Any, facts: Facts) -> Verdict | None:
    if effect.lines > facts.limits.branch_lines:
        return allow(
            "large_branch",
            f"{effect.lines} changed lines, more than {facts.limits.branch_lines}: "
            "the pull request has to say why",
        )
    return None


def _tests_passed(effect: Any, facts: Facts) -> Verdict | None:
    sha = getattr(effect, "sha", "") or facts.story.head_sha
    if not sha or not facts.story.passed("head", sha):
        return deny("tests_passed", f"the project's tests have not passed at {sha[:10] or 'it'}")
    return None


def _gates_passed(effect: Any, facts: Facts) -> Verdict | None:
    sha = getattr(effect, "sha", "") or facts.story.head_sha
    if facts.story.held_back(sha):
        return deny("gates_passed", f"a quality gate stops {sha[:10]}")
    return None


def _of_pushed(effect: Any, facts: Facts) -> Verdict | None:
    if not effect.sha or effect.sha not in (facts.story.pushed_sha, facts.story.head_sha):
        return deny("own_head", "not a commit that the story pushed")
    return None


def _pushed(effect: Any, facts: Facts) -> Verdict | None:
    if not facts.story.head_sha or facts.story.pushed_sha != facts.story.head_sha:
        return deny("pushed", "the branch on GitHub does not hold the story's commit")
    return None


def _into_default(effect: Any, facts: Facts) -> Verdict | None:
    if effect.base != facts.default_branch:
        return deny("base", f"pull requests go to {facts.default_branch}")
    return None


def _own_pull(effect: Any, facts: Facts) -> Verdict | None:
    if not effect.number or effect.number != facts.story.pull_number:
        return deny("own_pull", f"#{effect.number} is not the pull request of this story")
    return None


def _pull_is_ours(effect: Any, facts: Facts) -> Verdict | None:
    pull = facts.pull
    if pull is None or pull.number != effect.number:
        return deny("pull_known", "what GitHub says of the pull request now is not known")
    if facts.bot is None or pull.author is None or not _same(pull.author, facts.bot):
        return deny("pull_author", "the pull request was not opened by this app")
    if pull.head_ref != facts.story.branch or pull.head_ref == facts.default_branch:
        return deny("pull_branch", "the pull request is not of the branch of this story")
    if pull.base_ref != facts.default_branch:
        return deny("base", f"the pull request does not go to {facts.default_branch} any more")
    return None


def _same(person: Person, bot: Person) -> bool:
    """By id; by login only on a server that tells no id for our account."""
    return person.id == bot.id if bot.id else person.login == bot.login


def _head_is_the_one(effect: Any, facts: Facts) -> Verdict | None:
    pull = facts.pull
    if pull is None or not effect.sha:
        return deny("head", "no commit to merge")
    if not effect.sha == pull.head_sha == facts.story.head_sha:
        return deny(
            "head",
            f"the head is {pull.head_sha[:10]} on GitHub and {facts.story.head_sha[:10]} in the "
            f"journal; {effect.sha[:10]} cannot be merged",
        )
    return None


def _mergeable(effect: Any, facts: Facts) -> Verdict | None:
    pull = facts.pull
    if pull is None or (pull.state != "open" and not pull.merged):
        return deny("pull_open", "the pull request is closed")
    if pull.draft and not pull.merged:
        return wait("draft", "the pull request is a draft; mark it ready", Gate.PRE_DEPLOY)
    if pull.mergeable is False and not pull.merged:
        return deny("conflict", "the branch conflicts with its base; it has to be rebased")
    return None


def _approved(effect: Any, facts: Facts) -> Verdict | None:
    if Gate.PRE_DEPLOY not in facts.gates and not facts.approval.checkpoints:
        return None
    story = facts.story
    now = approvals.Bound(effect.sha, story.plan_digest, story.base_sha)
    verdict = approvals.gate_open(
        Gate.PRE_DEPLOY,
        [each for each in story.approvals if each not in facts.lapsed],
        facts.approval,
        facts.involved,
        now,
        facts.lapsed.values(),
    )
    if verdict.allowed:
        return None
    if facts.auto is None or not approvals.auto_stands(story.auto_approved, Gate.PRE_DEPLOY, now):
        return verdict
    by_itself = auto_approval.decide(facts.auto, facts.auto_limits)
    if by_itself.allowed:
        return by_itself
    return verdict.model_copy(update={"reason": f"{verdict.reason}; {by_itself.reason}"})


def _limit(kind: str, count: Callable[[Limits], int]) -> Rule:
    def below_limit(effect: Any, facts: Facts) -> Verdict | None:
        most = count(facts.limits)
        if facts.calls.get(kind, 0) >= most:
            return deny(f"{kind}_limit", f"{most} of these are the limit of a story")
        return None

    return below_limit


def _budget(effect: Any, facts: Facts) -> Verdict | None:
    verdict = budget.decide(facts.spent, facts.limits.caps, facts.now)
    asks = Gate.BUDGET_EXCEEDED in facts.gates or verdict.until is not None
    if verdict.decision is Decision.WAIT and not asks:
        return deny(verdict.rule, f"{verdict.reason} (nobody is to be asked, by the configuration)")
    return verdict


def _not_too_many(effect: Any, facts: Facts) -> Verdict | None:
    return throttle.decide(facts.opened, facts.limits.pace, facts.ci, facts.now)


def _nothing_suspicious(effect: Any, facts: Facts) -> Verdict | None:
    verdict = suspicion.decide(facts.suspects, facts.vouched)
    return None if verdict.allowed else verdict


def _known_program(effect: Any, facts: Facts) -> Verdict | None:
    argv = effect.argv
    known = facts.limits.in_project if effect.in_project else facts.limits.programs
    if not argv or argv[0] not in known:
        name = (argv or ("nothing",))[0][:60]
        return deny("known_program", f"{name!r} is none of {', '.join(sorted(known))}")
    if effect.in_project:
        # The sandbox bounds it: no network, no secret, a tree that is thrown away. What a person
        # has to agree to is refused here: nobody is asked in the middle of a conversation.
        asked = tools.decide(argv, tools.ToolFacts())
        if asked.decision is Decision.WAIT:
            return deny(asked.rule, f"a person has to agree to it first: {asked.reason}")
        return None
    if argv[0].startswith("python") and (
        len(argv) < 3 or argv[1] != "-m" or argv[2] not in _MODULES
    ):
        return deny("known_program", f"python only with -m and one of {sorted(_MODULES)}")
    return None


_OURS: tuple[Rule, ...] = (_own_repository,)
_TALK: tuple[Rule, ...] = (*_OURS, _own_thread)
_WORK: tuple[Rule, ...] = (*_OURS, _live)

TABLE: Mapping[str, tuple[Rule, ...]] = MappingProxyType(
    {
        "react": _TALK,
        "set_labels": (*_TALK, _own_labels),
        "post_comment": _TALK,
        "reply_to_review": (*_OURS, _own_pull),
        "show_status": _TALK,
        "claim_issue": (*_TALK, _not_over),
        "request_story": (_may_ask,),
        "open_issue": (*_WORK, _agreed, _limit("open_issue", lambda limits: limits.issues)),
        "open_todo_issue": (_of_marks,),
        "change_todo_issue": (_of_marks,),
        "transition_ticket": (_of_tickets,),
        "assign_ticket": (_of_tickets,),
        "set_ticket_property": (_of_tickets,),
        "comment_ticket": (_of_tickets,),
        "link_ticket": (_of_tickets,),
        "show_dashboard": (_of_dashboard,),
        "close_issue": _TALK,
        "close_pull_request": (*_OURS, _own_pull),
        "push_branch": (
            *_WORK,
            _story_branch,
            _nobody_else_pushed,
            _pushes_head,
            _in_scope,
            _limit("file_operations", lambda limits: limits.file_operations + 1),
            _branch_size,
        ),
        "open_pull_request": (
            *_WORK,
            _own_thread,
            _story_branch,
            _into_default,
            _pushed,
            _tests_passed,
            _gates_passed,
            _not_too_many,
        ),
        "edit_pull_request": (*_WORK, _own_pull),
        "merge_pull_request": (
            *_WORK,
            _limit("merge_pull_request", lambda limits: limits.deploy_attempts),
            _own_pull,
            _pull_is_ours,
            _head_is_the_one,
            _mergeable,
            _tests_passed,
            _gates_passed,
            reviews.heard,
            _approved,
        ),
        "delete_branch": (*_WORK, _story_branch),
        "prepare_environment": (*_WORK, _limit("prepare_environment", lambda o: o.environments)),
        "run_gates": (*_WORK, _limit("run_gates", lambda limits: limits.gate_runs)),
        "publish_check": (*_OURS, _of_pushed),
        "run_tests": (*_WORK, _limit("run_tests", lambda limits: limits.test_runs)),
        "run_command": (
            *_WORK,
            _known_program,
            _limit("run_command", lambda limits: limits.commands),
        ),
        "list_server_tools": (*_WORK, _of_servers, _limit(servers.LIST, lambda o: o.server_looks)),
        "call_server_tool": (*_WORK, _of_servers, _limit(servers.CALL, lambda o: o.server_calls)),
        "call_model": (
            *_WORK,
            _limit("call_model", lambda limits: limits.model_calls),
            _budget,
            _nothing_suspicious,
        ),
    }
)
