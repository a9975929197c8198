"""What counts for a repository and its stories now: its own word, the operator's, the app's access.

Promises: pure views of the journal's facts. Never: asks GitHub, or decides.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import lru_cache

from bot.story.involved import asks_of
from bot.story.judge import gates_of
from bot.story.next_move import Gates
from bot.story.repositories import Held, Repositories
from bot.story.story import Story
from bot.story.unmet_facts import InForce
from bot.story.vocabulary import Repository, State
from policies.approvals import APPROVABLE
from policies.budget import Caps
from policies.standing import GRANTED

UNANSWERED = {"hand_over": State.FAILED, "cancel": State.CANCELLED}


def gates_for(story: Story, repositories: Repositories, caps: Caps) -> Gates:
    """What opening a gate of a story depends on, and what holds it."""
    if story.repository is None:
        return Gates(caps=caps)
    return _gates(repositories.held(story.repository), caps)


@lru_cache(maxsize=256)
def _gates(held: Held, caps: Caps) -> Gates:
    """Asked for many times a story, and as long the same as the facts are."""
    stands, config = held.standing, held.config
    usd = min(config.limits.story_budget_usd, caps.story_usd)
    return Gates(
        asked={gate: asks_of(config, gate).demands for gate in APPROVABLE},
        review_rounds=config.review.rounds,
        wait=timedelta(days=config.limits.wait_days),
        unanswered=UNANSWERED[config.unanswered],
        caps=replace(caps, story_usd=usd),
        stopped=stands.stopped,
        holds=stands.holds,
    )


def in_force_for(repository: Repository, repositories: Repositories, caps: Caps) -> InForce:
    """What counts for a repository now."""
    held = repositories.held(repository)
    stands, config = held.standing, held.config
    usd = min(config.limits.story_budget_usd, caps.story_usd)
    return InForce(
        gates=gates_of(config),
        asks={gate: asks_of(config, gate) for gate in APPROVABLE},
        caps=replace(caps, story_usd=usd),
        mode=config.mode,
        broken=held.facts.trouble,
        suspended=stands.since if stands.access != GRANTED else None,
        lacks=stands.lacks,
    )
