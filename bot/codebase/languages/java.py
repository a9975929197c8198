"""Facts of Java files (C2). Promises: imports keep the full name of their class. Never: resolves
them; the package is the Import of level 0 with the name `package`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

import tree_sitter_java

from bot.codebase.facts import ApiEntry, FileFacts, Import
from bot.codebase.languages.grammar import WORDS, Grammar, definitions, line_of, texts

_QUERY = """
(class_declaration name: (_) @name body: (_) @body) @class
(record_declaration name: (_) @name body: (_) @body) @class
(interface_declaration name: (_) @name body: (_) @body) @interface
(annotation_type_declaration name: (_) @name body: (_) @body) @interface
(enum_declaration name: (_) @name body: (_) @body) @enum
(method_declaration name: (_) @name body: (_)? @body) @method
(constructor_declaration name: (_) @name body: (_) @body) @method
(package_declaration (_) @package)
(import_declaration [(scoped_identifier) (identifier)] @module (asterisk)? @all) @import
(annotation name: (_) @annotation arguments: (_) @arguments) @marked
"""
_RESERVED = """
abstract assert boolean break byte case catch char class const continue default do double else enum
extends final finally float for goto if implements import instanceof int interface long native new
null package private protected public record return short static strictfp String super switch
synchronized this throw throws transient true false try var void volatile while
"""
_ROUTE = re.compile(r"(Get|Post|Put|Patch|Delete|Request)Mapping|Path")
_PATH = re.compile(r'"(/?[^"]*)"')
_EVENTS = {"KafkaListener", "RabbitListener", "JmsListener", "EventListener", "Scheduled"}


def words(blob: bytes, language: str) -> Iterator[re.Match[bytes]]:
    """Matches whose group 1 is an identifier in code."""
    return WORDS["c"].finditer(blob)


@cache
def _grammar() -> Grammar:
    return Grammar.of(tree_sitter_java.language(), _QUERY, "c", _RESERVED)


def facts(blob: bytes, language: str = "java") -> FileFacts:
    """The facts of one file; what is public is exported."""
    grammar = _grammar()
    matches = grammar.matches(blob)
    found = definitions(blob, matches)
    imports, api = [], []
    for match in matches:
        if "package" in match:
            line = line_of(match, "package")
            imports.append(Import(texts(match, "package")[0], ("package",), 0, line))
        elif "import" in match:
            names = ("*",) if "all" in match else ()
            line = line_of(match, "import")
            imports.append(Import(texts(match, "module")[0], names, 0, line))
        elif "annotation" in match:
            name, line = texts(match, "annotation")[0], line_of(match, "marked")
            said = _PATH.search(texts(match, "arguments")[0])
            handler = next((one.qualname for one in found if one.start >= line), "")
            if (route := _ROUTE.fullmatch(name)) and said:
                verb = (route[1] or "*").upper().replace("REQUEST", "*")
                path = f"/{said[1].lstrip('/')}"
                api.append(ApiEntry("route", f"{verb} {path}", handler, line))
            elif name in _EVENTS:
                what = said[1] if said else name
                api.append(ApiEntry("event", what, handler, line))
    public = {one.name for one in found if re.search(r"\bpublic\b", one.signature)}
    return FileFacts(
        found, tuple(imports), grammar.references(blob), tuple(sorted(public)), tuple(api)
    )
