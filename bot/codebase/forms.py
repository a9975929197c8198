"""The forms in which a file can be shown, from its most telling names to its whole text (§8.3).

Promises: forms are made when they are asked for, and only as long as they can fit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Literal, Protocol

from bot.codebase import skeleton
from bot.codebase.budget import Layer, count_tokens, cut
from bot.codebase.facts import FileFacts

Form = Literal["names", "types", "outline", "excerpt", "whole"]
SHORT = 110  # tokens of a file's first, shortest form
BODIES = (1, 2, 3, 5, 8, 13)  # how many bodies an excerpt may have
NAMED = 8  # definitions beside those whose signature an excerpt keeps
LONG = 250  # lines of a definition that an excerpt has after shorter ones
PROSE = 16_000  # characters of a text without definitions that is shown whole
WIDTH = 400  # characters of its lines
BEGINNING = 60  # lines of a longer one
LEAST_CHARACTERS = 5  # of a token, on average: a file with more is too big without counting


class View(Protocol):
    """What the builder needs to know of one commit."""

    def text(self, path: str) -> str | None: ...

    def facts(self, path: str) -> FileFacts:
        """Nothing for what is not there or no source."""
        ...

    def language(self, path: str) -> str: ...
    def imports(self, path: str) -> tuple[str, ...]: ...
    def importers(self, path: str) -> tuple[str, ...]: ...
    def siblings(self, path: str) -> tuple[str, ...]: ...


@dataclass(frozen=True)
class Shown:
    """One file as the prompt has it. `tokens` counts its heading too."""

    path: str
    form: Form
    layer: Layer
    text: str
    tokens: int
    worth: float = 0.0
    reasons: tuple[str, ...] = ()


def heading(path: str, form: str) -> str:
    """The line above a file."""
    return f"== {path} ({form})\n"


def long_last(wanted: tuple[str, ...], facts: FileFacts) -> tuple[str, ...]:
    """Qualified names in their order, but long ones of the first of them after the others.

    A class of many lines would not fit, and end the choice of all bodies that follow.
    """
    long = {one.qualname for one in facts.definitions if one.end - one.start > LONG}
    first = wanted[:NAMED]
    return (*sorted(first, key=long.__contains__), *wanted[NAMED:])


@dataclass
class Candidate:
    """A candidate with its forms, made when they are asked for, the cheapest first."""

    view: View
    path: str
    layer: Layer
    worth: float
    reasons: tuple[str, ...] = ()
    wanted: tuple[str, ...] = ()
    used: frozenset[str] = frozenset()
    made: dict[int, Shown] = field(default_factory=dict)

    @cached_property
    def text(self) -> str:
        return self.view.text(self.path) or ""

    @cached_property
    def _steps(self) -> list[tuple[Form, Callable[[], str]]]:
        facts, language = self.view.facts(self.path), self.view.language(self.path)
        text = self.text
        steps: list[tuple[Form, Callable[[], str]]] = [
            ("names", lambda: self._names(facts, language))
        ]
        if self.layer is Layer.TARGET:
            steps = []
        if self.used and not self.wanted:
            return [
                ("names", lambda: cut(skeleton.summary(facts), SHORT)),
                ("types", lambda: skeleton.types_only(text, facts, language, self.used)),
            ]
        if self.wanted:
            order = long_last(self.wanted, facts)
            bodies = [order[:count] for count in BODIES if count <= len(order)]
            named = self.wanted[:NAMED]
            for some in bodies:
                steps.append(("excerpt", partial(self._excerpt, some, named)))
            steps.append(("excerpt", partial(self._excerpt, bodies[-1], None)))
        elif facts.definitions:
            steps.append(("outline", lambda: skeleton.outline(text, facts, language)))
        if not facts.definitions and len(text) > PROSE:
            steps.append(("excerpt", lambda: _beginning(text)))
        else:
            steps.append(("whole", lambda: text))
        return steps

    def _names(self, facts: FileFacts, language: str) -> str:
        names = self.wanted or tuple(one.qualname for one in facts.definitions)
        best = skeleton.best(self.text, facts, language, names, SHORT)
        return best or cut(skeleton.summary(facts), SHORT) or cut(self.text, SHORT)

    def _excerpt(self, shown: tuple[str, ...], named: tuple[str, ...] | None) -> str:
        facts, language = self.view.facts(self.path), self.view.language(self.path)
        return skeleton.excerpt(self.text, facts, language, shown, named)

    def form(self, step: int) -> Shown:
        if step not in self.made:
            name, make = self._steps[step]
            text = make()
            form: Form = "whole" if text == self.text else name
            tokens = count_tokens(heading(self.path, form) + text + "\n\n")
            self.made[step] = Shown(
                self.path, form, self.layer, text, tokens, self.worth, self.reasons
            )
        return self.made[step]

    def richest(self, tokens: int) -> Shown:
        """The most that fits into `tokens`; the shortest form when nothing does.

        Forms grow, so the first that does not fit ends the search.
        """
        choice = self.form(0)
        for step in range(1, len(self._steps)):
            if self._too_long(step, tokens) or self.form(step).tokens > tokens:
                break
            choice = self.form(step)
        return choice

    def _too_long(self, step: int, tokens: int) -> bool:
        whole = self._steps[step][0] == "whole"
        return whole and len(self.text) > tokens * LEAST_CHARACTERS


def _beginning(text: str) -> str:
    """Of a change log, a table or a page: what a new entry is modelled on."""
    lines = text.splitlines()
    shown = cut("\n".join(line[:WIDTH] for line in lines[:BEGINNING]), BEGINNING * 20)
    return f"{shown}\n... ({len(lines)} lines)"
