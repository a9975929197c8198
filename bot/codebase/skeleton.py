"""Shorter forms of a file that still say what it offers (§8.3).

Promises: text and definitions alone decide; shown bodies are the file's own lines, to the letter,
so that an edit can quote them; what is left out is marked by `...`, as in a stub. Never: an answer
that is longer than the file.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

from bot.codebase import top_names
from bot.codebase.budget import count_tokens
from bot.codebase.facts import Definition, FileFacts

HOLDERS = frozenset({"class", "interface", "struct", "enum", "trait", "module"})
TYPES = HOLDERS | {"type"}
SMALL_TYPE = 25  # lines of a type that are shown as they are
BEST = 8  # names that are tried for the shortest form
MAX_HEAD = 40  # import lines kept above bodies


def outline(text: str, facts: FileFacts, language: str) -> str:
    """Signatures in source order with the first line of their documentation; no bodies."""
    return _shorter(_rendered(text, facts, language, frozenset(), facts.definitions), text)


def excerpt(
    text: str,
    facts: FileFacts,
    language: str,
    shown: Collection[str],
    named: Collection[str] | None = None,
) -> str:
    """The bodies of the definitions `shown` (qualified names), below the imports of the file and
    the names outside its definitions that they use.

    Of the others those in `named` keep their signature; None: all of them.
    """
    others = facts.definitions if named is None else _with_holders(facts, {*shown, *named})
    body = _rendered(text, facts, language, frozenset(shown), others)
    lines = text.splitlines()
    numbers = sorted({one.line for one in facts.imports if 0 < one.line <= len(lines)})
    head = dict.fromkeys(_statement(lines, number) for number in numbers[:MAX_HEAD])
    names = top_names.used(lines, facts, body)
    return _shorter("\n".join([*head, *([""] if names else []), *names, "", body]), text)


def _statement(lines: Sequence[str], number: int) -> str:
    """An import from its first line to where its brackets close, on one line."""
    said = ""
    for line in lines[number - 1 : number - 1 + MAX_HEAD]:
        said += (" " if said else "") + line.strip()
        if all(said.count(a) <= said.count(b) for a, b in ("()", "{}")):
            break
    return said


def best(text: str, facts: FileFacts, language: str, names: Sequence[str], tokens: int) -> str:
    """Signatures of the definitions `names` (the best first) as far as `tokens` go, in order."""
    chosen: set[str] = set()
    rendered = ""
    for name in names[:BEST]:
        more = _rendered(text, facts, language, frozenset(), _with_holders(facts, chosen | {name}))
        if count_tokens(more) <= tokens:
            chosen.add(name)
            rendered = more
    return rendered


def types_only(text: str, facts: FileFacts, language: str, used: Collection[str]) -> str:
    """What a user of the names `used` has to know: small types whole, the rest as signatures."""
    tops = [one for one in facts.definitions if "." not in one.qualname and one.name in used]
    whole = {one.qualname for one in tops if one.kind in TYPES and one.end - one.start < SMALL_TYPE}
    names = {one.qualname for one in tops}
    within = [one for one in facts.definitions if one.qualname.split(".")[0] in names]
    public = [one for one in within if one.qualname in names or not one.name.startswith("_")]
    return _shorter(_rendered(text, facts, language, whole, public), text)


def summary(facts: FileFacts) -> str:
    """The names that a file offers, in one line; '' when it offers none."""
    kinds: dict[str, list[str]] = {}
    for one in facts.definitions:
        if "." not in one.qualname and not one.name.startswith("_"):
            kinds.setdefault(one.kind, []).append(one.name)
    named = (f"{kind} {', '.join(dict.fromkeys(names))}" for kind, names in kinds.items())
    api = (f"{entry.kind} {entry.name}" for entry in facts.api)
    return "; ".join([*named, *dict.fromkeys(api)])


def touched(facts: FileFacts, lines: Iterable[int]) -> tuple[str, ...]:
    """Qualified names of the innermost definitions that hold `lines`, in source order."""
    found: dict[str, int] = {}
    for line in lines:
        holding = [one for one in facts.definitions if one.start <= line <= one.end]
        if holding:
            inner = max(holding, key=lambda one: (one.start, -one.end))
            found[inner.qualname] = inner.start
    return tuple(sorted(found, key=lambda name: (found[name], name)))


_FILE = re.compile(r"^diff --git a/.* b/(.*)$", re.MULTILINE)
_HUNK = re.compile(r"^@@ -\d+(?:,\d+)? \+(\d+)(?:,(\d+))? @@", re.MULTILINE)


def changed_lines(diff: str) -> dict[str, tuple[int, ...]]:
    """Path → lines of the new version that the hunks of a unified diff add or border on."""
    found: dict[str, tuple[int, ...]] = {}
    heads = list(_FILE.finditer(diff))
    for head, after in zip(heads, [*heads[1:], None], strict=True):
        part = diff[head.end() : after.start() if after else len(diff)]
        found[head[1]] = tuple(_added(part))
    return found


def _added(part: str) -> Iterable[int]:
    line, left = 0, 0
    for row in part.splitlines():
        hunk = _HUNK.match(row)
        if hunk:
            line, left = int(hunk[1]), int(hunk[2] or 1)
        elif row.startswith("+") and left > 0:
            yield line
            line, left = line + 1, left - 1
        elif row.startswith("-") and not row.startswith("---"):
            yield max(line, 1)
        elif row.startswith(" "):
            line, left = line + 1, left - 1


def diff_only(diff: str, tokens: int) -> str:
    """A diff for a retry: whole files of it as long as they fit, the others by name (§8.3)."""
    heads = list(_FILE.finditer(diff))
    kept, named = [], []
    left = tokens
    for head, after in zip(heads, [*heads[1:], None], strict=True):
        part = diff[head.start() : after.start() if after else len(diff)].rstrip("\n")
        cost = count_tokens(part)
        if cost <= left:
            kept.append(part)
            left -= cost
        else:
            named.append(f"[not shown: the change of {head[1]}]")
    return "\n".join([*kept, *named])


def _with_holders(facts: FileFacts, names: Collection[str]) -> list[Definition]:
    wanted = set(names)
    for name in names:
        parts = name.split(".")
        wanted |= {".".join(parts[:at]) for at in range(1, len(parts))}
    return [one for one in facts.definitions if one.qualname in wanted]


def _rendered(
    text: str,
    facts: FileFacts,
    language: str,
    whole: Collection[str],
    definitions: Sequence[Definition],
) -> str:
    lines = text.splitlines()
    members = {one.qualname.rpartition(".")[0] for one in definitions}
    rows: list[str] = []
    done = 0  # the last line that was shown as it is
    for one in sorted(definitions, key=lambda one: (one.start, -one.end, one.qualname)):
        if one.end <= done or one.start > len(lines):
            continue
        if one.qualname in whole:
            first = _with_decorators(lines, one.start, done)
            rows += ["", *lines[first - 1 : one.end], ""]  # a blank line sets bodies apart
            done = one.end
        else:
            rows.append(_signature(lines[one.start - 1], one, language, members))
    return "\n".join(rows).strip("\n")


def _signature(line: str, one: Definition, language: str, members: Collection[str]) -> str:
    indent = line[: len(line) - len(line.lstrip())]
    header = (one.signature or line.strip()).rstrip(" :{")
    python = language == "python"
    if one.qualname in members and one.kind in HOLDERS:
        end = ":" if python else " {"
    else:
        end = ": ..." if python else " { ... }"
    note = f"  {'#' if python else '//'} {one.doc.strip()[:100]}" if one.doc.strip() else ""
    return f"{indent}{header}{end}{note}"


def _with_decorators(lines: Sequence[str], start: int, done: int) -> int:
    """The first line of what belongs to a definition above its keyword: decorators, comments."""
    first = start
    while first - 1 > done and re.match(r"\s*(@|#\[|//|/\*|\*|#(?!!))", lines[first - 2]):
        first -= 1
    return first


def _shorter(form: str, text: str) -> str:
    return form if len(form) < len(text) else text
