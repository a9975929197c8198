"""What people said by `/wsjf` on an issue, taken over to its item (B1, B2).

Promises: each saying counts once, in the order in which it was said, whenever the item came to be;
the journal of the issue's stream is the authority, not the comment as it is now.
"""

from __future__ import annotations

from bot.backlog.item import INPUTS
from bot.backlog.store import Backlog
from bot.story.events import WsjfGiven
from bot.story.item_events import Authority, Input, Inputs, InputsGiven, Provenance
from bot.story.journal import Journal
from bot.story.office import stream_of
from policies.ranking import on_scale

SOURCE = "wsjf command"


def hear(backlog: Backlog, journal: Journal, repository: int, issue: int, number: int) -> int:
    """Give item `number` what was said on `issue` and not given yet; how many sayings that were."""
    stream = stream_of(repository, issue)
    said = [
        (one.seq, one.event) for one in journal.load(stream) if isinstance(one.event, WsjfGiven)
    ]
    if not said:
        return 0
    item = backlog.item(str(repository), number)
    given = [
        record.event
        for record in journal.load(item.stream)
        if isinstance(record.event, InputsGiven)
    ]
    known = {place for event in given for place in _places(event)}
    fresh = [(seq, event) for seq, event in said if f"{stream}#{seq}" not in known]
    for seq, event in fresh:
        login = event.person.login
        place = f"{stream}#{seq}"
        origin = Provenance(authority=Authority.COMMAND, source=SOURCE, place=place, by=login)
        told = {
            name: Input(number=on_scale(event.inputs[name]), origin=origin)
            for name in INPUTS
            if name in event.inputs
        }
        backlog.give(str(repository), number, Inputs(**told), login)
    return len(fresh)


def _places(event: InputsGiven) -> set[str]:
    every = (getattr(event.inputs, name) for name in INPUTS)
    return {one.origin.place for one in every if one is not None}
