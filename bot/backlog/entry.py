"""From an entry of a source, as its people wrote it, to a sighting (B4, B5).

Promises: every input has a number and says where it is from; what cannot be used is a fault with
its line, and the entry is kept without it. Text of strangers stays text: it is cut, never run.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bot.backlog import label_words
from bot.backlog.estimates import by_importance, estimated, guessed_family, stronger
from bot.backlog.identity import words_of
from bot.backlog.reading import Fault, Reading
from bot.backlog.words import (
    family_of,
    field_of,
    instant_of,
    is_declined,
    number_of,
    priority_of,
    severity_of,
    state_of,
)
from bot.story.item_events import (
    Authority,
    Family,
    Input,
    Inputs,
    ItemState,
    Provenance,
    Sighting,
)
from bot.story.vocabulary import digest

LONGEST_TITLE = 256
LONGEST_BODY = 20_000
_IMPORTANT = re.compile(
    r"(?:(?P<bare>P[0-4])\s*:|[\[(](?P<worded>P[0-4]|critical|urgent|high|medium|low)[\])])\s+",
    re.IGNORECASE,
)
_INPUTS = ("value", "time", "risk", "size")
# Signs that control, turn the direction of what follows, or are there without being seen; the
# joiners stay, because scripts and emoji are written with them.
_CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff"
    r"\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e007f]"
)
_TICKET = re.compile(r"[A-Z][A-Z0-9]{1,14}-\d{1,7}")
_ADVISORY = re.compile(
    r"\b(?:CVE-\d{4}-\d{4,}|GHSA(?:-[a-z0-9]{4}){3}|PYSEC-\d{4}-\d+|RUSTSEC-\d{4}-\d{4})\b", re.I
)
_ISSUE_URL = re.compile(r"https?://[^/\s]+/([\w.-]+/[\w.-]+)/issues/(\d+)")
_ISSUE_IN_TITLE = re.compile(r"\((?:#|gh-)(\d{1,9})\)\s*$|^#(\d{1,9})[:.)\s-]", re.IGNORECASE)


@dataclass(frozen=True)
class Entry:
    """One entry. `fields`: by the names of `bot.backlog.words`, values as the document has them.

    `key`: stable in its document, where the source knows one; `family`, `severity` and `done` where
    the source itself says so; `identities`: see `Sighting`.
    """

    title: str
    line: int = 0
    body: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)
    key: str = ""
    family: Family | None = None
    severity: str = ""
    done: bool | None = None
    labels: tuple[str, ...] = ()
    identities: tuple[str, ...] = ()
    inputs: Mapping[str, tuple[int, str]] = field(default_factory=dict)  # number, reason


@dataclass
class Sightings:
    """Collects the entries of one place. `repository`: its full name, '' where it has none."""

    source: str
    place: str
    repository: str = ""
    found: list[Sighting] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    _lines: dict[str, tuple[int, str]] = field(default_factory=dict)

    def fault(self, line: int, what: str, *, loses: bool = True) -> None:
        """Something that cannot be used; with `loses`, an entry may be missing because of it."""
        self.faults.append(Fault(line, clean(what, 300), loses))

    def add(self, entry: Entry) -> None:
        """Take an entry, unless it says nothing or says what another one said already."""
        title = clean(entry.title, 10_000).strip()
        if not words_of(title):
            named = bool(entry.key or entry.fields.get("id"))  # it may be one that is known
            self.fault(entry.line, "an entry without a title", loses=named)
            return
        if len(title) > LONGEST_TITLE:
            entry = replace(entry, body=f"{title}\n\n{entry.body}")
            title = title[: LONGEST_TITLE - 1].rstrip() + "…"
        entry = replace(entry, title=title, body=clean(entry.body, LONGEST_BODY, lines=True))
        key = self._key(entry)
        if key is not None:
            self.found.append(self._sighting(entry, key))

    def reading(self, at: str, *, complete: bool = True) -> Reading:
        """What was read; `at`: a digest of the document.

        An entry that could not be read is not gone, so a reading that lost one is not complete.
        """
        whole = complete and not any(fault.loses for fault in self.faults)
        return Reading(
            self.source, self.place, at, tuple(self.found), tuple(self.faults), complete=whole
        )

    def _key(self, entry: Entry) -> str | None:
        own = entry.key or clean(str(entry.fields.get("id") or ""), 100)
        said = digest([words_of(entry.title), entry.body.strip()])[:16]
        key = f"{self.source}:{self.place}#{own or digest(words_of(entry.title))[:16]}"
        before = self._lines.get(key)
        if before is None:
            self._lines[key] = (entry.line, said)
            return key
        if before[1] == said:
            self.fault(entry.line, f"the same entry as in line {before[0]}", loses=False)
            return None
        if own:
            self.fault(entry.line, f"the id “{own}” is also that of line {before[0]}", loses=False)
        key = f"{key}~{said}"
        if key in self._lines:
            return None
        self._lines[key] = (entry.line, said)
        return key

    def _sighting(self, entry: Entry, key: str) -> Sighting:
        labels = _labels(entry)
        said = label_words.said(labels)
        family, origin = self._family(entry, said)
        told = self._told(entry)
        by_source = {n: _input(Authority.PRIORITY, *one) for n, one in entry.inputs.items()}
        by_label = {n: _input(Authority.LABEL, *one) for n, one in said.inputs.items()}
        inputs = stronger(
            Inputs(**by_label),
            told,
            Inputs(**by_source),
            self._importance(entry, said, family),
            estimated(family, entry.body, has_due_date=bool(entry.fields.get("due"))),
        )
        state, reason = self._state(entry)
        one = Sighting(
            source=self.source,
            key=key,
            place=self.place,
            line=entry.line,
            url=_url(entry),
            title=entry.title,
            body=entry.body,
            family=family,
            family_origin=origin,
            inputs=self._placed(inputs, entry.line),
            labels=labels,
            state=state,
            reason=reason,
            created=instant_of(entry.fields.get("created", "")),
            identities=self._identities(entry),
        )
        matters = one.model_dump(mode="json", exclude={"line", "inputs"})
        numbers = [[i.number, i.origin.authority, i.origin.reason] for i in _all(one.inputs)]
        at = f"@{entry.line}" if entry.line else ""
        return one.model_copy(update={"digest": f"{digest([matters, numbers])}{at}"})

    def _placed(self, inputs: Inputs, line: int) -> Inputs:
        at = {"source": self.source, "place": f"{self.place}:{line}" if line else self.place}
        told = {}
        for name in _INPUTS:
            one = getattr(inputs, name)
            told[name] = Input(number=one.number, origin=one.origin.model_copy(update=at))
        return Inputs(**told)

    def _told(self, entry: Entry) -> Inputs:
        told = {}
        for name in _INPUTS:
            raw = entry.fields.get(name)
            if _empty(raw):
                continue
            number = number_of(raw, name)
            if number is None:
                self.fault(entry.line, f"{name}: “{_short(raw)}” is no number for it", loses=False)
            else:
                note = "" if str(raw).strip() == str(number) else f"written as {_short(raw)}"
                told[name] = _input(Authority.DOCUMENT, number, note)
        return Inputs(**told)

    def _importance(self, entry: Entry, said: label_words.Said, family: Family) -> Inputs:
        for name, read in (("priority", priority_of), ("severity", severity_of)):
            raw = entry.fields.get(name)
            if _empty(raw):
                continue
            level = read(raw)
            if level is not None:
                return by_importance(level, family, name)
            number = number_of(raw, "value")
            if number is None:
                self.fault(entry.line, f"{name}: “{_short(raw)}” is not known", loses=False)
        if entry.severity and (level := severity_of(entry.severity)):
            return by_importance(level, family, "severity")
        if found := _IMPORTANT.match(entry.title):
            level = priority_of(found["bare"] or found["worded"]) or "medium"
            return by_importance(level, family, "title:")
        if said.priority is not None:
            return by_importance(said.priority[0], family, f"label {said.priority[1]}:")
        return Inputs()

    def _family(self, entry: Entry, said: label_words.Said) -> tuple[Family, Provenance]:
        raw = entry.fields.get("family")
        named = None if _empty(raw) else family_of(raw)
        if named is not None:
            return named, Provenance(authority=Authority.DOCUMENT, source=self.source)
        if said.family is not None:
            family, label = said.family
            return family, Provenance(authority=Authority.LABEL, source=self.source, reason=label)
        if entry.family is not None:
            return entry.family, Provenance(authority=Authority.PRIORITY, source=self.source)
        family, reason = guessed_family(entry.title)
        told = Provenance(authority=Authority.ESTIMATE, source=self.source, reason=reason)
        return family, told

    def _state(self, entry: Entry) -> tuple[ItemState | None, str]:
        raw = entry.fields.get("state")
        told = entry.fields.get("done")
        if entry.done is True or (not _empty(told) and state_of(told) is ItemState.DONE):
            return ItemState.DONE, f"done in {self.place}"
        if _empty(raw):
            return None, ""
        state = state_of(raw)
        if state is None:
            self.fault(entry.line, f"the status “{_short(raw)}” is not known", loses=False)
        if state is None or state is ItemState.NEW:
            return None, ""
        if entry.fields.get("ours") and state is not ItemState.DONE:
            return None, ""  # our own file may be behind our own journal
        why = clean(str(entry.fields.get("reason") or ""), 300)
        if is_declined(raw):
            why = why or f"{_short(raw)} in {self.place}"
        return state, why or f"{_short(raw)} in {self.place}"

    def _identities(self, entry: Entry) -> tuple[str, ...]:
        names = [*entry.identities]
        fields = entry.fields
        package = clean(str(fields.get("package") or ""), 200).casefold()
        for advisory in _ADVISORY.findall(str(fields.get("advisory") or "")):
            names.append(f"advisory:{advisory.upper()}|{package}")
        own = str(fields.get("id") or "").strip()
        if _TICKET.fullmatch(own):
            names.append(f"ticket:{own}")
        names += [f"issue:{number}" for number in self._issues(entry)]
        ours = str(fields.get("ours") or "")
        names += [f"item:{ours}"] if re.fullmatch(r"\d{1,12}", ours) else []
        if fields.get("rule") and fields.get("file"):
            names.append(f"rule:{_short(fields['file'])}|{_short(fields['rule'])}")
        return tuple(sorted(dict.fromkeys(clean(one, 400) for one in names)))

    def _issues(self, entry: Entry) -> list[str]:
        """The GitHub issues that the entry names as itself (not those it mentions in its text)."""
        found = [n for pair in _ISSUE_IN_TITLE.findall(entry.title) for n in pair if n]
        raw = str(entry.fields.get("issue") or "").strip()
        if re.fullmatch(r"#?\d{1,9}", raw):
            found.append(raw.lstrip("#"))
        for name, number in _ISSUE_URL.findall(f"{raw} {entry.fields.get('url') or ''}"):
            if not self.repository or name.casefold() == self.repository.casefold():
                found.append(number)
        return found


def but_for_its_line(sighting_digest: str) -> str:
    """The digest of what a sighting says, wherever it stands in its document."""
    return sighting_digest.partition("@")[0]


def record(source: Mapping[Any, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Known fields of a mapping by their names here, and the rest. The first of two wins."""
    known: dict[str, Any] = {}
    rest: dict[str, Any] = {}
    for header, raw in source.items():
        name = field_of(str(header))
        if name is None or name in known:
            rest[str(header)] = raw
        else:
            known[name] = _named(raw)
    return known, rest


def _named(raw: Any) -> Any:
    """`{"name": "High"}`, as trackers write a choice, is its name."""
    if isinstance(raw, Mapping) and isinstance(raw.get("name") or raw.get("value"), str):
        return raw.get("name") or raw.get("value")
    return raw


def entry_of(source: Mapping[Any, Any], line: int, key: str = "") -> Entry:
    """The entry that a record of a structured document is; the rest of its fields as text."""
    fields, rest = record(source)
    title = fields.pop("title", "")
    body = fields.pop("body", "")
    if _empty(title) and not _empty(body):  # some have a description only
        title, _, body = str(body).strip().partition("\n")
    parts = [text_of(body), _criteria(fields.pop("criteria", ""))]
    told = [f"{clean(str(k), 60)}: {text_of(v)}" for k, v in rest.items() if not _empty(v)]
    parts.append("\n".join(told))
    text = "\n\n".join(part for part in parts if part.strip())
    return Entry(text_of(title), line, text, fields, key=key)


def _criteria(raw: Any) -> str:
    if isinstance(raw, (list, tuple)):
        return "\n".join(f"- {text_of(one)}" for one in raw)
    return text_of(raw)


def text_of(raw: Any) -> str:
    """A value as text; what is nested as JSON."""
    if raw is None:
        return ""
    if isinstance(raw, (dict, list, tuple)):
        return json.dumps(raw, ensure_ascii=False, default=str)[:LONGEST_BODY]
    return str(raw)


def clean(text: str, longest: int, *, lines: bool = False) -> str:
    """Text without control characters and of bounded length; on one line unless `lines`."""
    text = text[: 4 * longest].encode("utf-8", "replace").decode()
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not lines:
        text = " ".join(text.split())
    return _CONTROL.sub("", text)[:longest]


def _labels(entry: Entry) -> tuple[str, ...]:
    raw = entry.fields.get("labels")
    told: Sequence[Any] = ()
    if isinstance(raw, str):
        told = re.split(r"[,;|]", raw)
    elif isinstance(raw, (list, tuple)):
        told = [one.get("name", "") if isinstance(one, dict) else one for one in raw]
    names = {clean(str(one), 100).strip(" `") for one in (*told, *entry.labels)}
    return tuple(sorted(names - {""})[:50])


def _url(entry: Entry) -> str:
    url = clean(str(entry.fields.get("url") or ""), 500)
    return url if re.match(r"https?://", url) else ""


def _empty(raw: Any) -> bool:
    return raw is None or raw in ([], {}) or (isinstance(raw, str) and raw.strip() in _NOTHING)


_NOTHING = ("", "-", "–", "—", "n/a", "N/A", "?", "tbd", "TBD", "null", "none", "None")


def _short(raw: Any) -> str:
    return clean(str(raw), 60)


def _input(authority: Authority, number: int, reason: str) -> Input:
    return Input(number=number, origin=Provenance(authority=authority, reason=reason))


def _all(inputs: Inputs) -> list[Input]:
    return [one for name in _INPUTS if (one := getattr(inputs, name)) is not None]
