"""What of a repository goes into a prompt: files by six signals, in forms that fit (M10, §8).

Promises: the same input gives the same bytes; the budget is kept; target files and what they
import are always shown, or `TooBig` is raised; every file says why it is there and in what form.
Many files are shown a little before few are shown whole, because a change in a file that is not
shown at all cannot be made.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import log1p

from bot.codebase.budget import KEPT, Layer, Part, evict
from bot.codebase.forms import Candidate, Form, Shown, View, heading
from bot.codebase.skeleton import TYPES

BREADTH = 0.4  # of the budget, for showing many files a little
SHARE = 0.4  # of what is left, for the next file in rank: the first gets most
_SHARES = {Layer.TARGET: 0.8, Layer.TYPES: 0.1}
LEADING = 3  # search results whose types are shown too
LIKELY = 5  # search results that may take what is left over; the rest would only cost
SIBLINGS = 2  # files shown as examples for a new one


@dataclass(frozen=True)
class Ranked:
    """A search result. `definitions`: qualified names, the best first."""

    path: str
    score: float = 0.0
    reasons: tuple[str, ...] = ()
    definitions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Context:
    """Files in the order of their worth, and what had to be left out, in the order it went."""

    shown: tuple[Shown, ...]
    left_out: tuple[str, ...]
    tokens: int
    limit: int

    def of(self, *forms: Form) -> dict[str, str]:
        """Path → text of the files shown in one of `forms`."""
        return {one.path: one.text for one in self.shown if one.form in forms}

    def render(self) -> str:
        return "\n\n".join(heading(one.path, one.form) + one.text for one in self.shown) + "\n"


def build(
    view: View,
    ranked: Sequence[Ranked],
    tokens: int,
    *,
    targets: Iterable[str] = (),
    created: Iterable[str] = (),
    changed: Iterable[str] = (),
) -> Context:
    """Choose files and their forms for at most `tokens`.

    `targets`: files that will be changed; `created`: paths that will be new; `changed`: files that
    the story changed before. Raises TooBig when the targets and what they import do not fit.
    """
    ranked = [one for one in ranked if view.text(one.path) is not None]
    candidates = _candidates(view, ranked, tuple(targets), tuple(created), tuple(changed))
    ordered = sorted(
        candidates, key=lambda one: (one.layer is not Layer.TARGET, -one.worth, one.path)
    )
    shown = {one.path: one.form(0) for one in ordered}
    must = sum(one.tokens for one in shown.values() if one.layer in KEPT)
    breadth = max(must, int(must + BREADTH * (tokens - must)))
    parts = [Part(one.path, one.layer, one.tokens, one.worth) for one in shown.values()]
    kept, _ = evict(parts, min(tokens, breadth))
    names = {part.name for part in kept}
    chosen = {one.path: shown[one.path] for one in ordered if one.path in names}
    left = tokens - sum(one.tokens for one in chosen.values())
    for share_of in (_share, _rest):
        for one in ordered:
            now = chosen.get(one.path)
            if now is not None:
                chosen[one.path] = better = one.richest(now.tokens + int(left * share_of(one)))
                left -= better.tokens - now.tokens
    for path, short in shown.items():  # what could not be used for more goes to who was left out
        if path not in chosen and short.tokens <= left:
            chosen[path] = short
            left -= short.tokens
    _, order = evict(parts, must)  # all that may go, in the order in which it goes
    gone = [part.name for part in order if part.name not in chosen]
    return Context(tuple(chosen.values()), tuple(gone), tokens - left, tokens)


def _share(one: Candidate) -> float:
    return _SHARES.get(one.layer, SHARE)


def _rest(one: Candidate) -> float:
    return 1.0 if one.layer is not Layer.SEARCH or one.worth >= 1.0 / LIKELY else 0.0


def _candidates(
    view: View,
    ranked: Sequence[Ranked],
    targets: tuple[str, ...],
    created: tuple[str, ...],
    changed: tuple[str, ...],
) -> list[Candidate]:
    by_path = {one.path: one for one in ranked}
    found: dict[str, Candidate] = {}

    def add(path: str, layer: Layer, worth: float, reason: str, used: frozenset[str]) -> None:
        if path in found or view.text(path) is None:
            return
        hit = by_path.get(path)
        reasons = (reason, *(hit.reasons if hit else ()))
        wanted = hit.definitions if hit else ()
        frequent = 0.02 * log1p(len(view.importers(path)))
        recent = 1.0 if path in changed and layer is Layer.SEARCH else 0.0
        worth = round(worth + frequent + recent, 6)
        found[path] = Candidate(view, path, layer, worth, reasons, wanted, used)

    nothing: frozenset[str] = frozenset()
    for place, path in enumerate(targets):
        add(path, Layer.TARGET, 10.0 - place / 100, "target", nothing)
    for path in targets:
        for other, used in _used(view, path):
            add(other, Layer.DEPENDENCY, 2.0, f"imported by {path}", used)
    for path in created:
        siblings = sorted(view.siblings(path), key=lambda one: (_place(ranked, one), one))
        for other in siblings[:SIBLINGS]:
            add(other, Layer.SIBLING, 1.0, f"an example for {path}", nothing)
    for place, one in enumerate(ranked, 1):
        add(one.path, Layer.SEARCH, 1.0 / place, "found", nothing)
    for path in changed:
        add(path, Layer.SEARCH, 0.0, "changed in this story", nothing)
    for place, one in enumerate(() if targets else ranked[:LEADING], 1):
        for other, used in _used(view, one.path, types=True):
            worth = 1.0 / place - 0.2
            add(other, Layer.TYPES, worth, f"types that {one.path} uses", used)
    return list(found.values())


def _used(view: View, path: str, types: bool = False) -> list[tuple[str, frozenset[str]]]:
    """What `path` imports, with the names defined there that it uses."""
    references = view.facts(path).references
    found = []
    for other in view.imports(path):
        names = {
            one.name
            for one in view.facts(other).definitions
            if one.name in references and (not types or one.kind in TYPES)
        }
        if names or not types:
            found.append((other, frozenset(names or {""})))
    return found


def _place(ranked: Sequence[Ranked], path: str) -> int:
    return next((at for at, one in enumerate(ranked) if one.path == path), len(ranked))
