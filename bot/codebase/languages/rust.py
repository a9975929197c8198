"""Facts of Rust files (C2). Promises: what stands in `impl Type` belongs to Type. Never: expands
macros, or resolves paths.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

import tree_sitter_rust

from bot.codebase.facts import ApiEntry, FileFacts, Import
from bot.codebase.languages.grammar import WORDS, Grammar, definitions, line_of, texts

_QUERY = """
(function_item name: (_) @name body: (_) @body) @function
(function_signature_item name: (_) @name) @function
(struct_item name: (_) @name) @struct
(union_item name: (_) @name) @struct
(enum_item name: (_) @name body: (_) @body) @enum
(trait_item name: (_) @name body: (_) @body) @trait
(type_item name: (_) @name) @type
(mod_item name: (_) @name body: (_) @body) @namespace
(macro_definition name: (_) @name) @macro
(impl_item type: (_) @name) @scope
(mod_item name: (_) @module !body) @declared
(use_declaration argument: (_) @used)
(_ (visibility_modifier) name: (_) @exported)
(attribute_item (attribute (identifier) @attribute arguments: (_) @arguments)) @marked
"""
_RESERVED = """
as async await break const continue crate dyn else enum extern false fn for if impl in let
loop match mod move mut pub ref return self Self static struct super trait true type unsafe use
where while
"""
_VERBS = {"get", "post", "put", "patch", "delete", "head", "options"}


def words(blob: bytes, language: str) -> Iterator[re.Match[bytes]]:
    """Matches whose group 1 is an identifier in code."""
    return WORDS["rust"].finditer(blob)


@cache
def _grammar() -> Grammar:
    return Grammar.of(tree_sitter_rust.language(), _QUERY, "rust", _RESERVED)


def facts(blob: bytes, language: str = "rust") -> FileFacts:
    """The facts of one file. `mod x;` is an Import of `self::x`."""
    grammar = _grammar()
    matches = grammar.matches(blob)
    imports: list[Import] = []
    api = []
    for match in matches:
        if "declared" in match:
            line = line_of(match, "declared")
            imports.append(Import(f"self::{texts(match, 'module')[0]}", (), 0, line))
        elif "used" in match:
            line = line_of(match, "used")
            (tree,) = texts(match, "used")
            for module, names in _used(re.sub(r"\s+", " ", tree)):
                imports.append(Import(module, names, 0, line))
        elif "attribute" in match and texts(match, "attribute")[0] in _VERBS:
            path = re.search(r'"(/[^"]*)"', texts(match, "arguments")[0])
            after = match["marked"][0].next_named_sibling
            name = after.child_by_field_name("name") if after is not None else None
            if path:
                handler = (name.text or b"").decode() if name is not None else ""
                said = f"{texts(match, 'attribute')[0].upper()} {path[1]}"
                api.append(ApiEntry("route", said, handler, line_of(match, "marked")))
    return FileFacts(
        definitions=definitions(blob, _unqualified(matches)),
        imports=tuple(imports),
        references=grammar.references(blob),
        exports=tuple(sorted({n for m in matches for n in texts(m, "exported")})),
        api=tuple(api),
    )


def _unqualified(matches: list[dict]) -> Iterator[dict]:
    """`impl<T> Wrapper<T>` is a scope called Wrapper."""
    for match in matches:
        if "scope" in match:
            kind = match["name"][0].child_by_field_name("type")
            yield match | {"name": [kind]} if kind is not None else match
        else:
            yield match


def _used(tree: str, before: str = "") -> Iterator[tuple[str, tuple[str, ...]]]:
    """`a::{b, c::d}` → (a, [b]) and (a::c, [d])."""
    tree = tree.strip()
    head, brace, rest = tree.partition("{")
    if brace:
        prefix = before + head
        for part in _split(rest.rsplit("}", 1)[0]):
            yield from _used(part, prefix)
        return
    path = (before + tree.split(" as ")[0]).strip()
    module, _, name = path.rpartition("::")
    if name == "self":
        module, _, name = module.rpartition("::")
    if name:
        yield (module, (name,)) if module else (name, ())


def _split(text: str) -> Iterator[str]:
    depth, part = 0, ""
    for char in text:
        depth += (char == "{") - (char == "}")
        if char == "," and depth == 0:
            yield part
            part = ""
        else:
            part += char
    if part.strip():
        yield part
