"""The six tools (W14, B13): list, show, add, prioritise, start, status.

Promises: each is a read, or what a command of the same person would do; nothing begins but through
`bot.backlog.start`, whose policies judge it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from bot.backlog import added
from bot.backlog.lanes.waits import last_waits
from bot.backlog.start import PERSON, start
from bot.backlog.store import Backlog
from bot.mcp import shapes, words
from bot.mcp.places import Place, Places, Refusal
from bot.story.item_events import ItemState
from bot.story.journal import Journal
from bot.story.machine import Story, fold
from bot.story.office import Office, stream_of
from bot.story.services import degraded
from bot.story.vocabulary import TERMINAL, State
from bot.texts import mcp as texts
from policies.who_commands import START

SOURCE = "mcp"
_MANY = 100_000


@dataclass(frozen=True)
class Tool:
    """One tool: what it takes, what it gives, whether it changes anything."""

    name: str
    takes: type[shapes.Asked]
    gives: type[BaseModel]
    writes: bool
    run: Callable[[Any], BaseModel]


class Tools:
    """The tools on one journal. `office` None: no GitHub is configured."""

    def __init__(
        self,
        journal: Journal,
        backlog: Backlog,
        places: Places,
        office: Callable[[], Office] | None,
    ) -> None:
        self._journal, self._backlog = journal, backlog
        self._places, self._office = places, office
        every = (
            Tool("list", shapes.ListAsked, shapes.ItemsShown, False, self.list_items),
            Tool("show", shapes.ShowAsked, shapes.ItemShown, False, self.show),
            Tool("add", shapes.AddAsked, shapes.AddedShown, True, self.add),
            Tool("prioritise", shapes.PrioritiseAsked, shapes.ItemShown, True, self.prioritise),
            Tool("start", shapes.StartAsked, shapes.StartShown, True, self.start),
            Tool("status", shapes.StatusAsked, shapes.StatusShown, False, self.status),
        )
        self.by_name = {tool.name: tool for tool in every}

    # -- the backlog --------------------------------------------------------------------------

    def list_items(self, asked: shapes.ListAsked) -> shapes.ItemsShown:
        place = self._places.readable(asked.repository)
        states = [ItemState(one) for one in dict.fromkeys(asked.states)]
        families = set(asked.families) or None
        found = self._backlog.next(place.key, asked.limit + 1, states, families)
        shown = [
            words.item(self._backlog, self._backlog.item(place.key, one.number), whole=False)
            for one in found[: asked.limit]
        ]
        return shapes.ItemsShown(
            repository=place.name,
            counts=self._backlog.counts(place.key),
            items=shown,
            more=len(found) > asked.limit,
        )

    def show(self, asked: shapes.ShowAsked) -> shapes.ItemShown:
        return self._shown(self._places.readable(asked.repository), asked.number)

    def add(self, asked: shapes.AddAsked) -> shapes.AddedShown:
        place = self._places.writable(asked.repository, START)
        try:
            number, known = added.add(
                self._backlog,
                place.key,
                asked.title,
                body=asked.body,
                family=asked.family or "",
                labels=asked.labels,
                inputs=asked.inputs,
                by=place.login,
                source=SOURCE,
            )
        except added.Unusable as no:
            raise Refusal(texts.unusable(no.faults)) from no
        return shapes.AddedShown(
            repository=place.name, known=known, item=self._shown(place, number)
        )

    def prioritise(self, asked: shapes.PrioritiseAsked) -> shapes.ItemShown:
        place = self._places.writable(asked.repository, "wsjf")
        if not asked.inputs:
            raise Refusal(texts.NO_INPUT)
        one = self._backlog.item(place.key, asked.number)
        if one.merged_into is not None:
            raise Refusal(texts.merged(asked.number, one.merged_into))
        added.give(self._backlog, place.key, asked.number, asked.inputs, place.login, SOURCE)
        return self._shown(place, asked.number)

    def _shown(self, place: Place, number: int) -> shapes.ItemShown:
        return words.item(self._backlog, self._backlog.item(place.key, number), whole=True)

    # -- the work -----------------------------------------------------------------------------

    def start(self, asked: shapes.StartAsked) -> shapes.StartShown:
        place = self._places.writable(asked.repository, START)
        if place.repository is None or place.person is None or self._office is None:
            raise Refusal(texts.NOT_LOCAL)
        came = start(
            self._office(), self._backlog, place.repository, asked.number, place.person, PERSON
        )
        return shapes.StartShown(
            repository=place.name,
            number=asked.number,
            begun=came.begun,
            issue=came.issue or None,
            rule=came.rule,
            until=came.until,
            untrusted=shapes.Reason(reason=words.line(came.reason)),
        )

    def status(self, asked: shapes.StatusAsked) -> shapes.StatusShown:
        place = self._places.readable(asked.repository)
        if asked.issue and asked.number:
            raise Refusal(texts.ONE_OF_BOTH)
        issue = asked.issue
        if asked.number:
            issue = self._backlog.item(place.key, asked.number).issue
            if not issue:
                raise Refusal(texts.not_begun(asked.number))
        if place.repository is None or self._office is None:
            if issue:
                raise Refusal(texts.AWAY_LOCAL)
            return self._status(place, "", [], more=False)
        office = self._office()
        stopped = office.stopped(place.repository)
        if issue:
            told = office.load(stream_of(place.repository.id, issue))
            if told is None:
                raise Refusal(texts.no_story(issue))
            lacks = words.sentences(office.missing(told)) if not told.terminal else []
            return self._status(place, stopped, [words.story(told, lacks)], more=False)
        stories: list[shapes.StoryShown] = []
        for told in self._living(place.repository.id):
            if len(stories) == asked.limit:
                return self._status(place, stopped, stories, more=True)
            stories.append(words.story(told))
        return self._status(place, stopped, stories, more=False)

    def _status(
        self, place: Place, stopped: str, stories: list[shapes.StoryShown], *, more: bool
    ) -> shapes.StatusShown:
        return shapes.StatusShown(
            repository=place.name,
            stopped=stopped,
            degraded=words.degraded(degraded(self._journal)),
            waits=words.waits(last_waits(self._journal, place.repository.id))
            if place.repository
            else [],
            counts=self._backlog.counts(place.key),
            stories=stories,
            more=more,
        )

    def _living(self, repository: int) -> Iterator[Story]:
        states = [state for state in State if state not in TERMINAL]
        prefix = stream_of(repository, 0).removesuffix("0")
        for row in self._journal.streams(states=states, kind="story", limit=_MANY):
            if row.stream.startswith(prefix):
                story = fold(row.stream, self._journal.load(row.stream))
                if story.repository is not None:
                    yield story
