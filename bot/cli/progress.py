"""What the terminal shows of a story's events."""

from __future__ import annotations

from rich.console import Console

from bot.story import events as e
from bot.story.journal import Recorded
from bot.texts import cli as texts


def say_event(console: Console, record: Recorded) -> None:
    """One line for what a person wants to follow; nothing for the rest."""
    event = record.event
    line = ""
    if isinstance(event, e.Transitioned):
        gate = event.waiting.gate.value if event.waiting else ""
        line = texts.moved(event.target.value, gate or event.reason)
    elif isinstance(event, e.Tested):
        line = texts.tested(event.subject, event.summary)
    elif isinstance(event, e.Committed):
        line = texts.committed(event.sha, event.message.splitlines()[0])
    elif isinstance(event, e.AttemptFailed):
        line = texts.attempt_failed(event.iteration, event.error_class)
    elif isinstance(event, e.Approved):
        line = texts.approved(event.approval.person.login, event.approval.head_sha)
    elif isinstance(event, e.StageFaulted):
        line = texts.faulted(event.stage.value, event.error, event.error_id)
    elif isinstance(event, e.EffectFailed):
        line = texts.faulted(event.effect, event.error, event.error_id)
    if line:
        console.print(f"  {record.at:%H:%M:%S}  {line}", markup=False, highlight=False)
