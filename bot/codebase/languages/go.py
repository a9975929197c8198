"""Facts of Go files (C2).

Promises: methods carry their receiver's type. Never: resolves imports.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

import tree_sitter_go
from tree_sitter import Node

from bot.codebase.facts import ApiEntry, FileFacts, Import
from bot.codebase.languages.grammar import WORDS, Grammar, definitions, line_of, texts

_QUERY = """
(function_declaration name: (_) @name body: (_)? @body) @function
(method_declaration
  receiver: (parameter_list (parameter_declaration type: (_) @owner)) name: (_) @name
  body: (_)? @body) @method
(type_spec name: (_) @name type: (struct_type (_) @body)) @struct
(type_spec name: (_) @name type: (interface_type)) @interface
(type_spec name: (_) @name type: [(type_identifier) (map_type) (slice_type) (function_type)
  (pointer_type) (array_type) (channel_type) (qualified_type) (generic_type)]) @type
(type_alias name: (_) @name) @type
(source_file (const_declaration (const_spec name: (_) @value)))
(source_file (var_declaration (var_spec name: (_) @value)))
(source_file (var_declaration (var_spec_list (var_spec name: (_) @value))))
(import_spec name: (_)? @alias path: (_) @module)
(call_expression function: (selector_expression field: (_) @verb)
  arguments: (argument_list . (interpreted_string_literal) @path . (_)? @handler)) @call
(composite_literal type: (_) @literal (#match? @literal "(^|[.])Command$") body: (literal_value
  (keyed_element . (literal_element (identifier) @field (#eq? @field "Use"))
    (literal_element (interpreted_string_literal) @use)))) @command
"""
_RESERVED = """
break case chan const continue default defer else fallthrough for func go goto if import interface
map package range return select struct switch type var nil true false err string int bool error byte
main init
"""
_ROUTES = re.compile(r"HandleFunc|Handle|GET|POST|PUT|PATCH|DELETE|Get|Post|Put|Patch|Delete")


def words(blob: bytes, language: str) -> Iterator[re.Match[bytes]]:
    """Matches whose group 1 is an identifier in code."""
    return WORDS["go"].finditer(blob)


@cache
def _grammar() -> Grammar:
    return Grammar.of(tree_sitter_go.language(), _QUERY, "go", _RESERVED)


def _name(match: dict[str, list[Node]]) -> str:
    """The name of a route's handler, where it is one."""
    for node in match.get("handler", ()):
        if node.type in ("identifier", "selector_expression"):
            return (node.text or b"").decode("utf-8", "replace")
    return ""


def facts(blob: bytes, language: str = "go") -> FileFacts:
    """The facts of one file."""
    grammar = _grammar()
    matches = grammar.matches(blob)
    found = definitions(blob, matches)
    names = {one.name for one in found} | {v for m in matches for v in texts(m, "value")}
    api = []
    for match in matches:
        if "verb" in match:
            (verb,), (path,) = texts(match, "verb"), texts(match, "path")
            if _ROUTES.fullmatch(verb) and path.split(" ")[-1].startswith("/"):
                method = "*" if verb.startswith("Handle") else verb.upper()
                said = path if " " in path else f"{method} {path}"
                api.append(ApiEntry("route", said, _name(match), line_of(match, "call")))
        elif "use" in match and (words := texts(match, "use")[0].split()):
            api.append(ApiEntry("command", words[0], "", line_of(match, "command")))
    return FileFacts(
        definitions=found,
        imports=tuple(
            Import(texts(m, "module")[0], (), 0, line_of(m, "module"))
            for m in matches
            if "module" in m
        ),
        references=grammar.references(blob),
        exports=tuple(sorted(name for name in names if name[:1].isupper())),
        api=tuple(api),
    )
