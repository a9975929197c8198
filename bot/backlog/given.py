"""What people said by `/wsjf` on an issue, taken over to its item (B1, B2).

Promises: each saying counts once, in the order in which it was said, whenever the item came to be,
and not against what a person said elsewhere after it; the journal of the issue's stream is the
authority, not the comment as it is now.
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
        (one.seq, one.at, one.event)
        for one in journal.load(stream)
        if isinstance(one.event, WsjfGiven)
    ]
    if not said:
        return 0
    item = backlog.item(str(repository), number)
    given = [
        (record.at, name, one)
        for record in journal.load(item.stream)
        if isinstance(record.event, InputsGiven)
        for name in INPUTS
        if (one := getattr(record.event.inputs, name)) is not None
    ]
    known = {one.origin.place for _, _, one in given}
    later = {name: at for at, name, one in given if one.origin.source != SOURCE}
    heard = 0
    for seq, at, event in said:
        login, place = event.person.login, f"{stream}#{seq}"
        origin = Provenance(authority=Authority.COMMAND, source=SOURCE, place=place, by=login)
        told = {
            name: Input(number=on_scale(event.inputs[name]), origin=origin)
            for name in INPUTS
            if name in event.inputs and not (name in later and later[name] > at)
        }
        if told and place not in known:
            backlog.give(str(repository), number, Inputs(**told), login)
            heard += 1
    return heard
