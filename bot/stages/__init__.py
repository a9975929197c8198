"""One file for each working state; each is a function from a story to its next move.

Promises: a stage reads, thinks and hands effects to its desk; run again after a crash it does the
same and gets the recorded results.
"""

from __future__ import annotations

from bot.stages.analyze import analyze, claim
from bot.stages.code import code
from bot.stages.deploy import deploy
from bot.stages.plan import plan
from bot.stages.review import review
from bot.stages.test import test
from bot.stages.verify import verify
from bot.stages.workroom import StageSettings, Workroom
from bot.story.vocabulary import State

STAGES = {
    State.RECEIVED: claim,
    State.ANALYZING: analyze,
    State.PLANNING: plan,
    State.CODING: code,
    State.REVIEWING: review,
    State.TESTING: test,
    State.DEPLOYING: deploy,
    State.VERIFYING: verify,
}

__all__ = ["STAGES", "StageSettings", "Workroom"]
