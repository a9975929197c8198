"""The quality gates of a story: looked at before anybody is asked to read the change (§17, W11).

Promises: noted once for each commit and each request to look again; a gate that could not look
stops the story without making the code anew; checks are shown on commits that GitHub has.
"""

from __future__ import annotations

from bot.stages.workroom import Workroom, attempt_failed, hand_over
from bot.story.desk import Desk
from bot.story.effects import PublishCheck, RunGates
from bot.story.events import Gated
from bot.story.machine import Story
from bot.story.next_move import Move
from bot.story.vocabulary import QualityGate, State, Tier
from bot.texts import checks, reasons


def gated(story: Story, desk: Desk, room: Workroom) -> Gated | None:
    """What the gates say of the head; None where the operator switched them off."""
    if not room.settings.quality_gates:
        return None
    asked, known = len(story.checks_asked), story.gated
    same = known is not None and (known.sha, known.base_sha) == (story.head_sha, story.base_sha)
    if known is not None and same and known.asked == asked:
        return known
    spec = story.spec
    again = [one for one in story.checks_asked[known.asked :]] if known and same else []
    only = _wanted(again)
    result = desk.do(
        RunGates(
            key=desk.key("run_gates", story.base_sha, story.head_sha, asked),
            repository=story.repository,
            sha=story.head_sha,
            base=story.base_sha,
            story=f"{story.title}\n{story.body}"[:20_000],
            criteria=_criteria(story) if spec and spec.tier is Tier.MODEL else (),
            only=only,
            again=bool(again),
            blocking=room.configuration(story.repository).quality.said,
        )
    )
    found = tuple(QualityGate.model_validate(one) for one in result["gates"])
    score, coverage = result.get("score"), (result.get("dimensions") or {}).get("coverage")
    if only and known is not None:  # the others said what they said
        new = {one.name: one for one in found}
        found = tuple(new.get(one.name, one) for one in known.gates)
        score, coverage = known.score, known.coverage
    event = Gated(
        sha=story.head_sha,
        base_sha=story.base_sha,
        gates=found,
        score=score,
        asked=asked,
        coverage=coverage,
    )
    desk.note(event)
    return event


def _wanted(again: list) -> tuple[str, ...]:
    """The gates that were asked for; () where one request was for all."""
    if not again or any(not one.names for one in again):
        return ()
    return tuple(sorted({name for one in again for name in one.names}))


def _criteria(story: Story) -> tuple[tuple[str, str], ...]:
    return tuple((one.id, one.text) for one in story.spec.criteria) if story.spec else ()


def stopped(story: Story, desk: Desk, room: Workroom, seen: Gated | None) -> Move | None:
    """Where a blocked story goes; None where nothing blocks."""
    blocking = seen.blocking if seen else ()
    if not blocking:
        return None
    show(desk, seen)
    failing = [one for one in blocking if one.status == "fail"]
    if not failing:
        raise hand_over(checks.cannot_look(blocking))
    if story.foreign_head:
        raise hand_over(reasons.foreign_commit_fails(checks.failure(failing)))
    if story.spec.tier is not Tier.MODEL:
        raise hand_over(reasons.family_failed(checks.failure(failing)))
    return attempt_failed(desk, room, State.TESTING, "gates", checks.failure(failing))


def show(desk: Desk, seen: Gated | None) -> None:
    """One check run for each gate, once for each look."""
    story = desk.story
    if seen is None or story.pushed_sha != seen.sha:
        return
    for gate in seen.gates:
        desk.do(
            PublishCheck(
                key=f"{story.stream}/publish_check/{seen.sha}/{seen.asked}/{gate.name}",
                repository=story.repository,
                sha=seen.sha,
                check=f"towpath / {gate.name}",
                conclusion=checks.conclusion(gate),
                title=checks.check_title(gate),
                summary=checks.check_summary(gate),
                annotations=tuple(one for one in gate.findings if one.file and one.line),
            )
        )
