"""The marks of a repository through its history: which of today's is which of yesterday's (B3).

Promises: pure. A mark keeps its number through moves, renames, new indentation and edits of its
words; the same words twice are two marks. Gone is what two looks at different commits did not find;
what comes back is the same again.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from typing import Any, Literal

from bot.backlog.todo.found import Todo
from bot.story.events import EffectFailed, EffectPerformed, EffectProposed
from bot.story.todo_events import MarkPlace, TodosScanned

LIST = 0  # the number under which the one list of all others has its issue
SIMILAR, SIMILAR_ELSEWHERE = 0.6, 0.8  # how much of the words must be the same after an edit
_COMPARED = 200  # marks of a side that edits are looked for among
_WORDS = re.compile(r"\w+")

Status = Literal["present", "missing", "gone"]


def stream_of(repository_id: int) -> str:
    """The journal's stream of a repository's marks."""
    return f"todo/{repository_id}"


@dataclass(frozen=True, slots=True)
class Tracked:
    """A mark that was seen once. `issue`: 0 where it has none."""

    place: MarkPlace
    status: Status = "present"
    wanted: bool = False
    issue: int = 0
    shown: tuple[str, str] = ("", "")  # what its issue was given last: state, digest of its words
    changes: int = 0  # how often its issue was changed
    refused: str = ""  # the commit at which that was not allowed, or refused for good


@dataclass(frozen=True)
class Ledger:
    """All marks of a repository by number, as of `commit`; "" before the first look."""

    commit: str = ""
    attributes: Mapping[str, bytes] = field(default_factory=dict)
    ignore: tuple[str, ...] = ()
    marks: Mapping[int, Tracked] = field(default_factory=dict)
    version: int = 0

    @property
    def present(self) -> list[Tracked]:
        """By path and line."""
        found = [one for one in self.marks.values() if one.status == "present" and one.place.number]
        return sorted(found, key=lambda one: (one.place.path, one.place.line, one.place.number))


@dataclass(frozen=True, slots=True)
class Followed:
    """What a look found; see TodosScanned."""

    found: tuple[MarkPlace, ...]
    seen: tuple[MarkPlace, ...]
    missed: tuple[int, ...]
    gone: tuple[int, ...]


def fold(recorded: Iterable[Any]) -> Ledger:
    """The ledger that things with .seq and .event tell of."""
    ledger = Ledger()
    for record in recorded:
        if isinstance(record.event, TodosScanned):
            ledger = _scanned(ledger, record.event)
        elif getattr(record.event, "effect", "") in _EFFECTS:
            ledger = _told(ledger, record.event)
        ledger = replace(ledger, version=record.seq)
    return ledger


def _scanned(ledger: Ledger, event: TodosScanned) -> Ledger:
    marks = dict(ledger.marks)
    for place in event.found:
        marks[place.number] = Tracked(place)
    for place in event.seen:
        marks[place.number] = replace(marks[place.number], place=place, status="present")
    for number in event.missed:
        marks[number] = replace(marks[number], status="missing")
    for number in event.gone:
        marks[number] = replace(marks[number], status="gone")
    for number in event.wanted:
        marks[number] = replace(marks[number], wanted=True)
    told = {path: text.encode("utf-8", "replace") for path, text in event.attributes}
    return replace(ledger, commit=event.commit, attributes=told, ignore=event.ignore, marks=marks)


_NO_PLACE = MarkPlace(
    number=LIST, path="", line=0, end_line=0, kind="", text="", title="", symbol="", digest=""
)


_EFFECTS = ("open_todo_issue", "change_todo_issue")


def _told(ledger: Ledger, event: EffectPerformed | EffectProposed | EffectFailed) -> Ledger:
    if isinstance(event, EffectPerformed):
        return _shown(ledger, event)
    over = event.final if isinstance(event, EffectFailed) else not event.verdict.allowed
    if not over:
        return ledger
    number = int(event.key.split("/")[3])
    known = ledger.marks.get(number, Tracked(_NO_PLACE))
    return replace(ledger, marks={**ledger.marks, number: replace(known, refused=ledger.commit)})


def _shown(ledger: Ledger, event: EffectPerformed) -> Ledger:
    number = int(event.result["mark"])
    known = ledger.marks.get(number, Tracked(_NO_PLACE))
    shown = (str(event.result["state"]), str(event.result["digest"]))
    one = replace(known, issue=int(event.result["number"]), shown=shown, changes=known.changes + 1)
    return replace(ledger, marks={**ledger.marks, number: one})


def follow(ledger: Ledger, changed: Mapping[str, Sequence[Todo]]) -> Followed:
    """What became of the marks, by all marks of the files that changed (all files at first)."""
    old = [
        one
        for one in ledger.marks.values()
        if one.place.number and (one.status != "present" or one.place.path in changed)
    ]
    old.sort(key=lambda one: (_ORDER[one.status], one.place.path, one.place.line))
    new = [todo for path in sorted(changed) for todo in changed[path]]
    pairs = _paired(old, new)
    taken = {id(todo) for todo in pairs.values()}
    known = {one.place.number: one for one in old}
    seen = [
        place
        for number, todo in sorted(pairs.items())
        if (place := _place(number, todo)) != known[number].place
        or known[number].status != "present"
    ]
    first = max(ledger.marks, default=0) + 1
    fresh = [todo for todo in new if id(todo) not in taken]
    left = [one for one in old if one.place.number not in pairs]
    return Followed(
        found=tuple(_place(number, todo) for number, todo in enumerate(fresh, first)),
        seen=tuple(seen),
        missed=tuple(sorted(one.place.number for one in left if one.status == "present")),
        gone=tuple(sorted(one.place.number for one in left if one.status == "missing")),
    )


_ORDER: Mapping[str, int] = {"present": 0, "missing": 1, "gone": 2}


def _place(number: int, todo: Todo) -> MarkPlace:
    return MarkPlace(
        number=number,
        path=todo.path,
        line=todo.line,
        end_line=todo.end_line,
        kind=todo.kind,
        text=todo.text,
        title=todo.title,
        symbol=todo.symbol,
        digest=todo.digest,
    )


Key = Callable[[Any], Hashable]
# From the surest sign to the weakest; among equal ones the order of place decides.
_SIGNS: tuple[Key, ...] = (
    lambda one: (one.path, one.digest, one.symbol),
    lambda one: (one.path, one.digest),
    lambda one: (one.digest, one.symbol, one.path.rpartition("/")[2]),
    lambda one: (one.digest, one.symbol),
    lambda one: one.digest,
)


def _paired(old: list[Tracked], new: list[Todo]) -> dict[int, Todo]:
    """The number of an old mark → the new one that it is."""
    pairs: dict[int, Todo] = {}
    for sign in _SIGNS:
        waiting: dict[Hashable, list[Todo]] = defaultdict(list)
        for todo in new:
            waiting[sign(todo)].append(todo)
        left = []
        for one in old:
            alike = waiting.get(sign(one.place))
            if alike and _may_be(one, alike[0]):
                pairs[one.place.number] = alike.pop(0)
            else:
                left.append(one)
        taken = {id(todo) for todo in pairs.values()}
        old, new = left, [todo for todo in new if id(todo) not in taken]
    _edits(old, new, pairs)
    return pairs


def _may_be(one: Tracked, todo: Todo) -> bool:
    """What is long gone is not back because somebody wrote two common words elsewhere."""
    return one.status != "gone" or one.place.path == todo.path or len(_words(todo.text)) >= 4


def _edits(old: list[Tracked], new: list[Todo], pairs: dict[int, Todo]) -> None:
    """Pair what was edited: in its file, or in a move with most of its words kept."""
    fits = []
    for one in [each for each in old if each.status != "gone"][:_COMPARED]:
        for todo in new[:_COMPARED]:
            alike = _alike(one.place, todo)
            same = one.place.path == todo.path
            if alike >= (SIMILAR if same else SIMILAR_ELSEWHERE):
                near = -abs(one.place.line - todo.line)
                fits.append((same, alike, near, -one.place.number, one, todo))
    taken: set[int] = set()
    for *_, one, todo in sorted(fits, key=lambda fit: fit[:4], reverse=True):
        if one.place.number not in pairs and id(todo) not in taken:
            pairs[one.place.number] = todo
            taken.add(id(todo))


def _alike(place: MarkPlace, todo: Todo) -> float:
    ours, theirs = _words(place.text), _words(todo.text)
    if min(len(ours), len(theirs)) < 2:
        return 0.0
    matcher = SequenceMatcher(None, ours, theirs, autojunk=False)
    return matcher.ratio() if matcher.quick_ratio() >= SIMILAR else 0.0


def _words(text: str) -> list[str]:
    """Without the mark itself, which any two share."""
    return _WORDS.findall(text.casefold())[1:]
