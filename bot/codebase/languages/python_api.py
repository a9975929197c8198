"""Doors that a Python file opens: routes, commands, GraphQL fields, event handlers (C1).

Read from decorators and calls as Flask, FastAPI, Django, Click, Typer, argparse, Celery, Ariadne,
Graphene and Strawberry write them. Promises: only literal names. Never: evaluates anything.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator, Sequence

from bot.codebase.facts import ApiEntry, ApiKind
from bot.codebase.languages.python_outline import Found, Source

_VERBS = b"get|post|put|patch|delete|head|options|websocket"
_DECORATOR = re.compile(
    rb"\n[ \t]*@([\w.]*?)(?:\.)?(route|api_route|" + _VERBS + rb"|command|group|callback|task"
    rb"|shared_task|receiver|on_event|listener|event|on|subscribe|listens_for|connect|field|mutation"
    rb"|query|subscription)\b[ \t]*(\((?:[^()]|\([^()]*\))*\))?"
)
_URL = re.compile(
    rb"\b(path|re_path|url|add_url_rule|add_api_route|add_route)\(\s*r?[\"']([^\"'\n]*)[\"']\s*,"
    rb"\s*(?:view_func\s*=\s*)?(?:[\"'][\w.]+[\"']\s*,\s*)?([\w.]+)"
)
_SUBCOMMAND = re.compile(rb"\.add_parser\(\s*[\"']([\w.:-]+)[\"']")
_TEXT = re.compile(rb"[rf]?[\"']([^\"'\n]*)[\"']")
_FIRST = re.compile(rb"\(\s*([\w.]+)")
_METHODS = re.compile(rb"methods\s*=\s*[\[({]([^\])}]*)")
_NAME = re.compile(rb"name\s*=\s*[\"']([^\"'\n]*)[\"']")
_VERB_NAMES = frozenset(_VERBS.decode().split("|"))
_HTTP = _VERB_NAMES | {"route", "api_route"}
_COMMANDS = {"command", "group", "callback"}
_EVENTS = {
    "task", "shared_task", "receiver", "on_event", "listener", "event", "on", "subscribe",
    "listens_for", "connect",
}  # fmt: skip
_BARE = {"task", "shared_task", "command", "group"}  # also written without parentheses
_GRAPHQL = {"field", "mutation", "query", "subscription"}
_GRAPHQL_OWNERS = re.compile(rb"strawberry|ariadne|graphene|graphql", re.IGNORECASE)
_RESOLVER = re.compile(r"resolve_(\w+)")


def api(src: Source, found: Sequence[Found], newlines: Sequence[int]) -> Iterator[ApiEntry]:
    """Entries in order of kind and place."""
    code = src.code
    graphql = _GRAPHQL_OWNERS.search(code) is not None
    starts = [one.at for one in found]
    if b"@" in code:
        for match in _DECORATOR.finditer(code):
            index = bisect.bisect_right(starts, match.start())
            if src.string_at(match.start()) is None and index < len(found):
                line = bisect.bisect_right(newlines, match.start())
                yield from _decorated(match, found[index], line, graphql)
    for match in _URL.finditer(code):
        if src.string_at(match.start()) is None:
            line = bisect.bisect_right(newlines, match.start())
            route = f"* {_path(match[2].decode('utf-8', 'replace'))}"
            handler = match[3].decode().removesuffix(".as_view").removesuffix(".asgi")
            if handler != "include":
                yield ApiEntry("route", route, handler, line)
    for match in _SUBCOMMAND.finditer(code):
        if src.string_at(match.start()) is None:
            line = bisect.bisect_right(newlines, match.start())
            yield ApiEntry("command", match[1].decode(), "", line)
    if graphql:
        for one in found:
            if (resolver := _RESOLVER.fullmatch(one.name)) and "." in one.qualname:
                owner = one.qualname.rsplit(".", 2)[-2]
                yield ApiEntry("graphql", f"{owner}.{resolver[1]}", one.qualname, one.start)


def _decorated(match: re.Match[bytes], one: Found, line: int, graphql: bool) -> Iterator[ApiEntry]:
    owner, what = match[1].decode("utf-8", "replace"), match[2].decode()
    arguments = match[3] or b""
    if not match[3] and what not in _BARE and not (graphql and what in _GRAPHQL):
        return
    text = _TEXT.search(arguments)
    said = text[1].decode("utf-8", "replace") if text else ""
    if what in _HTTP:
        if not owner or not text or (said and what in _VERB_NAMES and not said.startswith("/")):
            return  # `@mock.patch("module.name")` is no route
        for method in _methods(what, arguments):
            yield ApiEntry("route", f"{method} {_path(said)}", one.qualname, line)
    elif what in _COMMANDS and what != "callback":
        named = _NAME.search(arguments)
        name = named[1].decode("utf-8", "replace") if named else said
        if not name or " " in name or not arguments[1:].lstrip().startswith((b'"', b"'", b"name")):
            name = one.name.replace("_", "-")
        yield ApiEntry("command", name, one.qualname, line)
    elif what in _EVENTS:
        yield from _event(owner, what, said, arguments, one, line)
    elif graphql and what in _GRAPHQL:
        yield ApiEntry("graphql", f"{owner}.{said or one.name}", one.qualname, line)


def _event(
    owner: str, what: str, said: str, arguments: bytes, one: Found, line: int
) -> Iterator[ApiEntry]:
    first = _FIRST.match(arguments)
    name = said or (first[1].decode() if first else one.name)
    kind: ApiKind = "event"
    if owner or what in ("shared_task", "receiver", "task"):
        yield ApiEntry(kind, name, one.qualname, line)


def _methods(what: str, arguments: bytes) -> list[str]:
    if what not in ("route", "api_route"):
        return [what.upper()]
    listed = _METHODS.search(arguments)
    names = _TEXT.findall(listed[1]) if listed else [b"GET"]
    return sorted(name.decode("utf-8", "replace").upper() for name in names) or ["GET"]


def _path(text: str) -> str:
    return text if text.startswith(("/", "^")) else f"/{text}"
