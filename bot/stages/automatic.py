"""The configuration's own yes, where it gives one (P2, S4).

Promises: noted with its rule, limits and what was measured, bound to exactly this commit; the
policy that allows the merge asks the same again. Never: opens a gate where a person is demanded.
"""

from __future__ import annotations

from bot.stages.workroom import Workroom
from bot.story.desk import Desk
from bot.story.events import AutoApproved
from bot.story.involved import approval_rule, asks_of
from bot.story.machine import Story
from bot.story.measured import auto_facts, auto_limits
from bot.story.vocabulary import AutoApproval, Gate, Verdict
from policies.approvals import Bound, auto_stands
from policies.auto_approval import AutoFacts, decide
from policies.scope import Scope


def automatic(story: Story, desk: Desk, room: Workroom, gate: Gate) -> Verdict:
    """Whether the change is approved by itself; noted where it is."""
    config = room.configuration(story.repository)
    limits = auto_limits(config)
    if limits is None:
        return decide(AutoFacts(gate=gate), None)
    rule = approval_rule(room.github, story, True, asks_of(config, gate))
    scope = Scope(restricted=config.paths.patterns_restricted)
    facts = auto_facts(room.github, story, gate, rule, scope)
    verdict = decide(facts, limits)
    now = Bound(story.head_sha, story.plan_digest, story.base_sha)
    if verdict.allowed and not auto_stands(story.auto_approved, gate, now):
        desk.note(
            AutoApproved(
                approval=AutoApproval(
                    gate=gate,
                    head_sha=story.head_sha,
                    base_sha=story.base_sha,
                    plan_digest=story.plan_digest,
                    config_digest=config.digest,
                    rule=verdict.rule,
                    limits=limits.said,
                    facts=facts.told,
                    at=desk.clock(),
                )
            )
        )
    return verdict
