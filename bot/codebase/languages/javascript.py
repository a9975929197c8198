"""Facts of TypeScript and JavaScript files, TSX and JSX included (C2).

Promises: definitions are functions, classes, methods, interfaces, types, enums, and names that
hold a function; imports are those of ES modules, `require` and `import()`. Never: resolves them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

import tree_sitter_javascript
import tree_sitter_typescript
from tree_sitter import Node, Query

from bot.codebase.facts import ApiEntry, FileFacts, Import
from bot.codebase.languages.grammar import (
    WORDS,
    Grammar,
    definitions,
    line_of,
    texts,
    top_level_names,
)

_BOTH = """
(function_declaration name: (_) @name body: (_) @body) @function
(generator_function_declaration name: (_) @name body: (_) @body) @function
(class_declaration name: (_) @name body: (_) @body) @class
(method_definition name: (_) @name body: (_) @body) @method
(variable_declarator name: (identifier) @name
  value: [(arrow_function body: (_) @body) (function_expression body: (_) @body)]) @function
(variable_declarator name: (identifier) @name value: (class body: (_) @body)) @class
(assignment_expression left: (member_expression) @name
  right: [(arrow_function body: (_) @body) (function_expression body: (_) @body)]) @function
(pair key: (property_identifier) @name
  value: [(arrow_function body: (_) @body) (function_expression body: (_) @body)]) @function
(import_statement source: (string) @module) @import
(export_statement source: (string) @module) @reexport
(export_statement declaration: (_ name: (_) @exported))
(export_statement declaration: (lexical_declaration
  (variable_declarator name: (identifier) @exported)))
(export_specifier name: (_) @exported)
(call_expression function: (identifier) @require (#eq? @require "require")
  arguments: (arguments . (string) @module))
(call_expression function: (import) @require arguments: (arguments . (string) @module))
(call_expression
  function: (member_expression object: (_) @object property: (property_identifier) @verb)
  arguments: (arguments . [(string) (template_string)] @path)) @call
"""
_JS_ONLY = """
(field_definition property: (_) @name value: (arrow_function body: (_) @body)) @method
"""
_TS_ONLY = """
(abstract_class_declaration name: (_) @name body: (_) @body) @class
(interface_declaration name: (_) @name body: (_) @body) @interface
(type_alias_declaration name: (_) @name) @type
(enum_declaration name: (_) @name body: (_) @body) @enum
(internal_module name: (_) @name body: (_) @body) @namespace
(function_signature name: (_) @name) @function
(abstract_method_signature name: (_) @name) @method
(public_field_definition name: (_) @name value: (arrow_function body: (_) @body)) @method
(decorator (call_expression function: (identifier) @decorator
  arguments: (arguments) @arguments)) @decorated
"""
_RESERVED = """
abstract any as async await boolean break case catch class const constructor continue debugger
declare default delete do else enum export extends false finally for from function get if implements
import in infer instanceof interface is keyof let module namespace never new null number object of
package private protected public readonly require return set static string super switch symbol this
throw true try type typeof undefined unknown var void while with yield
"""
_NAMED = re.compile(
    r"\bimport\s+(?:type\s+)?([^;'\"]*?)\s*from\b|\bexport\s+(?:type\s+)?(.*?)\s*from\b", re.S
)
_ROUTERS = re.compile(r"(?:^|\.)(?:app|router|server|api|fastify|routes?|\w*[rR]outer|\w*App)$")
_VERBS = {"get", "post", "put", "patch", "delete", "head", "options", "all", "use", "route"}
_LISTENERS = {"on", "once", "addEventListener", "subscribe", "addListener"}
_ROUTE_DECORATORS = {"Get", "Post", "Put", "Patch", "Delete", "Head", "Options", "All"}
_GRAPHQL_DECORATORS = {"Query", "Mutation", "Subscription", "ResolveField", "FieldResolver"}
_EVENT_DECORATORS = {"OnEvent", "EventPattern", "MessagePattern", "SubscribeMessage", "Cron"}

# What looks like code and is none, for who reads without a grammar; and code inside of it.
_TEXT = "(template_string) @text (template_substitution) @code (regex) @text"
_LARGE = 64_000  # bytes of a file that is not parsed only to find lines in it
_SPACES = bytes(10 if byte == 10 else 32 for byte in range(256))  # lines stay lines


@cache
def _grammar(language: str) -> Grammar:
    if language == "javascript":
        pointer, query = tree_sitter_javascript.language(), _BOTH + _JS_ONLY
    elif language == "tsx":
        pointer, query = tree_sitter_typescript.language_tsx(), _BOTH + _TS_ONLY
    else:
        pointer, query = tree_sitter_typescript.language_typescript(), _BOTH + _TS_ONLY
    return Grammar.of(pointer, query + _text_of(language), "javascript", _RESERVED)


@cache
def _texts(language: str) -> Query:
    return Query(_grammar(language).language, _text_of(language))


def _text_of(language: str) -> str:
    return _TEXT if language == "typescript" else f"{_TEXT} (jsx_text) @text"


def facts(blob: bytes, language: str) -> FileFacts:
    """The facts of one file; `language`: javascript, typescript or tsx."""
    grammar = _grammar(language)
    matches = grammar.matches(blob)
    found = definitions(blob, [_short_name(match) for match in matches])
    exported = {name for match in matches for name in texts(match, "exported")}
    if any("export default" in one.signature for one in found) or b"export default" in blob:
        exported.add("default")
    if b"module.exports" in blob or b"exports." in blob:
        exported |= {n for n in top_level_names(found) if not n.startswith("_")}
    return FileFacts(
        definitions=found,
        imports=tuple(_imports(matches)),
        references=grammar.references(_code(blob, matches)),
        exports=tuple(sorted(exported)),
        api=tuple(_api(matches)),
    )


def words(blob: bytes, language: str) -> Iterator[re.Match[bytes]]:
    """Matches whose group 1 is an identifier in code; a template's text is none."""
    if len(blob) <= _LARGE and (b"`" in blob or language != "typescript"):
        found = _grammar(language).found(blob, _texts(language))
        blob = _code(blob, [match for _, match in found])
    return WORDS["javascript"].finditer(blob)


def _code(blob: bytes, matches: list[dict[str, list[Node]]]) -> bytes:
    """The bytes with spaces for the text of templates, regular expressions and elements."""
    edges: list[tuple[int, bool, bool]] = []  # (offset, whether it begins, whether it is code)
    for match in matches:
        for kind in ("text", "code"):
            for node in match.get(kind, ()):
                if node.start_byte == node.end_byte:
                    continue  # the parser's guess at something missing
                edges.append((node.start_byte, True, kind == "code"))
                edges.append((node.end_byte, False, kind == "code"))
    pieces, inside, at = [], [True], 0
    for offset, begins, is_code in sorted(edges):
        piece = blob[at:offset]
        pieces.append(piece if inside[-1] else piece.translate(_SPACES))
        at = offset
        if begins:
            inside.append(is_code)
        elif len(inside) > 1:
            inside.pop()
    pieces.append(blob[at:])
    return b"".join(pieces)


def _short_name(match: dict[str, list[Node]]) -> dict[str, list[Node]]:
    """`exports.run = function` defines `run`."""
    name = match["name"][0] if "name" in match else None
    if name is not None and name.type == "member_expression":
        last = name.child_by_field_name("property")
        return match | {"name": [last]} if last is not None else match
    return match


def _imports(matches: list[dict[str, list[Node]]]) -> Iterator[Import]:
    for match in matches:
        if "module" not in match:
            continue
        (module,) = texts(match, "module")
        line = line_of(match, "module")
        statement = match.get("import") or match.get("reexport")
        names: tuple[str, ...] = ()
        if statement:
            text = " ".join((statement[0].text or b"").decode("utf-8", "replace").split())
            line = statement[0].start_point.row + 1
            clause = _NAMED.search(text)
            names = _names((clause[1] or clause[2] or "") if clause else "")
        if module:
            yield Import(module, names, 0, line)


def _names(clause: str) -> tuple[str, ...]:
    """`D, {a as b, type C}` → (default, a, C); `* as ns` → (*)."""
    inside = re.search(r"\{(.*)\}", clause, re.S)
    names = []
    outside = re.sub(r"\{.*\}", "", clause, flags=re.S)
    for part in outside.split(","):
        if part.strip():
            names.append("*" if "*" in part else "default")
    for part in inside[1].split(",") if inside else ():
        word = part.strip().removeprefix("type ").split(" as ")[0].strip()
        if word.isidentifier():
            names.append(word)
    return tuple(names)


def _api(matches: list[dict[str, list[Node]]]) -> Iterator[ApiEntry]:
    """Express-like routes, listeners, and the decorators of Nest and TypeGraphQL."""
    for match in matches:
        if "verb" in match:
            (owner,), (verb,), (path,) = (texts(match, c) for c in ("object", "verb", "path"))
            line = line_of(match, "call")
            if verb in _VERBS and path.startswith("/") and _ROUTERS.search(owner):
                method = {"all": "*", "use": "*", "route": "*"}.get(verb, verb.upper())
                yield ApiEntry("route", f"{method} {path}", _handler(match), line)
            elif verb in _LISTENERS and path:
                yield ApiEntry("event", path, _handler(match), line)
            elif verb == "command" and path and "\n" not in path:
                yield ApiEntry("command", path, "", line)
        elif "decorator" in match:
            (name,), (arguments,) = texts(match, "decorator"), texts(match, "arguments")
            said = arguments.strip("()'\"` ")
            line, handler = line_of(match, "decorated"), _decorated(match["decorated"][0])
            if name in _ROUTE_DECORATORS and "," not in said:
                yield ApiEntry("route", f"{name.upper()} /{said.lstrip('/')}", handler, line)
            elif name in _GRAPHQL_DECORATORS:
                yield ApiEntry("graphql", f"{name}.{handler}", handler, line)
            elif name in _EVENT_DECORATORS:
                yield ApiEntry("event", said or handler, handler, line)


def _handler(match: dict[str, list[Node]]) -> str:
    """The name of the last argument, when it is one."""
    arguments = match["call"][0].child_by_field_name("arguments")
    last = arguments.named_children[-1] if arguments and arguments.named_children else None
    if last is not None and last.type in ("identifier", "member_expression"):
        return (last.text or b"").decode("utf-8", "replace")
    return ""


def _decorated(decorator: Node) -> str:
    following = decorator.next_named_sibling
    while following is not None and following.type == "decorator":
        following = following.next_named_sibling
    name = following.child_by_field_name("name") if following is not None else None
    return (name.text or b"").decode("utf-8", "replace") if name is not None else ""
