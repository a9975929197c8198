"""What was measured of a change, for the configuration's automatic yes (P2).

Promises: facts for `policies.auto_approval`; what was not measured is None. Never: decides.
"""

from __future__ import annotations

from bot.configuration.schema import RepositoryConfig
from bot.story.involved import GitHub, touched_paths
from bot.story.story import Story
from bot.story.vocabulary import Gate
from policies import ranking
from policies.approvals import ApprovalRule
from policies.auto_approval import AutoFacts, AutoLimits
from policies.scope import Scope

_INPUTS = ("value", "time", "risk", "size")


def auto_limits(config: RepositoryConfig) -> AutoLimits | None:
    """`auto_approve` of the configuration in force; None where it says nothing."""
    told = config.auto_approve
    if told is None:
        return None
    return AutoLimits(
        max_wsjf=told.max_wsjf,
        max_files=told.max_files,
        min_coverage=told.min_coverage,
        families=told.families,
        paths=told.paths_allowed,
    )


def auto_facts(
    github: GitHub, story: Story, gate: Gate, rule: ApprovalRule, scope: Scope
) -> AutoFacts:
    """The change of the story's pull request as GitHub has it now, and what we know of it."""
    gated, spec = story.gated, story.spec
    known = gated is not None and gated.sha == story.head_sha and gated.coverage is not None
    return AutoFacts(
        gate=gate,
        wsjf=score(story),
        files=touched_paths(github, story),
        coverage=round(100 * gated.coverage, 2) if known and gated else None,
        families=(str(spec.tier), spec.story_type) if spec else (),
        foreign=story.foreign_head,
        rule=rule,
        paths=scope,
    )


def score(story: Story) -> float | None:
    """The WSJF score by the inputs that people gave, without its age; None where one is missing."""
    if not all(story.wsjf.get(name, 0) > 0 for name in _INPUTS):
        return None
    inputs = [ranking.on_scale(story.wsjf[name]) for name in _INPUTS]
    return ranking.base(*inputs) / ranking.UNIT
