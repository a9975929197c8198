"""Facts of C and C++ files (C2). Promises: includes keep their path, `"x.h"` with level 1 and
`<x.h>` with level 0. Never: runs the preprocessor.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

import tree_sitter_c
import tree_sitter_cpp

from bot.codebase.facts import FileFacts, Import
from bot.codebase.languages.grammar import WORDS, Grammar, definitions, line_of, texts

_BOTH = """
(function_definition declarator: (function_declarator declarator: (identifier) @name)
  body: (_) @body) @function
(function_definition declarator: (pointer_declarator declarator: (function_declarator
  declarator: (identifier) @name)) body: (_) @body) @function
(struct_specifier name: (_) @name body: (_) @body) @struct
(union_specifier name: (_) @name body: (_) @body) @struct
(enum_specifier name: (_) @name body: (_) @body) @enum
(type_definition declarator: (type_identifier) @name) @type
(preproc_function_def name: (_) @name) @macro
(preproc_include path: (_) @module)
"""
_CPP_ONLY = """
(class_specifier name: (_) @name body: (_) @body) @class
(namespace_definition name: (_) @name body: (_) @body) @namespace
(function_definition declarator: (function_declarator declarator: (field_identifier) @name)
  body: (_) @body) @method
(function_definition declarator: (function_declarator declarator: (qualified_identifier
  scope: (_) @owner name: (_) @name)) body: (_) @body) @method
(function_definition declarator: (reference_declarator (function_declarator
  declarator: (qualified_identifier scope: (_) @owner name: (_) @name))) body: (_) @body) @method
(function_definition declarator: (pointer_declarator declarator: (function_declarator
  declarator: (qualified_identifier scope: (_) @owner name: (_) @name))) body: (_) @body) @method
(alias_declaration name: (_) @name) @type
"""
_RESERVED = """
alignas alignof auto bool break case catch char class const constexpr continue default define delete
do double else enum explicit extern false final float for friend goto if ifdef ifndef include inline
int long mutable namespace new noexcept nullptr operator override private protected public register
return short signed sizeof static struct switch template this throw true try typedef typename union
unsigned using virtual void volatile while endif undef pragma elif
"""


def words(blob: bytes, language: str) -> Iterator[re.Match[bytes]]:
    """Matches whose group 1 is an identifier in code."""
    return WORDS["c"].finditer(blob)


@cache
def _grammar(language: str) -> Grammar:
    if language == "c":
        return Grammar.of(tree_sitter_c.language(), _BOTH, "c", _RESERVED)
    return Grammar.of(tree_sitter_cpp.language(), _BOTH + _CPP_ONLY, "c", _RESERVED)


def facts(blob: bytes, language: str) -> FileFacts:
    """The facts of one file; `language`: c or cpp. Everything not `static` is exported."""
    grammar = _grammar(language)
    matches = grammar.matches(blob)
    found = definitions(blob, matches)
    imports = []
    for match in matches:
        if "module" in match:
            quoted = (match["module"][0].text or b"").startswith(b'"')
            line = line_of(match, "module")
            imports.append(Import(texts(match, "module")[0], (), int(quoted), line))
    exported = {one.name for one in found if not one.signature.startswith("static ")}
    return FileFacts(found, tuple(imports), grammar.references(blob), tuple(sorted(exported)))
