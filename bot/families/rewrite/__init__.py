"""Small exact rewrites for findings of SAST tools that no linter fixes.

Promises: only the call that is meant changes, names are resolved through the file's imports,
comments and layout stay, a second run changes nothing; what a rule finds and cannot mend is told
with its line and the reason. Never runs the code it reads; it is started as a process of its own
(`python -m bot.families.rewrite --rules S506 PATH…`) because a parser may die of a hostile file.

S506  yaml.load, load_all, full_load, unsafe_load → yaml.safe_load, safe_load_all
S501  requests/httpx: `verify=False` is taken out, so that certificates are checked
S113  requests without a time limit → timeout=60
S201  Flask's `run(debug=True)` → debug=False
S202  extractall of a tar archive → filter="data"
S306  name = tempfile.mktemp() that is only opened → mkstemp
S311  random of what is called a token, password … → secrets
S314, S317, S318  xml of the standard library → defusedxml (the project has to declare it)
S323  ssl._create_unverified_context → ssl.create_default_context
S324  hashlib.md5, sha1 → with usedforsecurity=False: where a person said so, and as
      S324-CHECKSUM where the code itself calls it a checksum, an ETag or a key of a cache
S602  subprocess with shell=True and words that are all there → a list without a shell
S307  eval → ast.literal_eval (only where a person said so)
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass

import libcst as cst
from libcst.codemod import CodemodContext
from libcst.codemod.visitors import AddImportsVisitor, RemoveImportsVisitor
from libcst.metadata import MetadataWrapper

from .bound import bound_to
from .calls import Calls

UNREADABLE = (cst.ParserSyntaxError, SyntaxError, ValueError, RecursionError, MemoryError)
CHECKSUM = "S324-CHECKSUM"


@dataclass(frozen=True)
class Looked:
    """`changed`: calls; `left`: (line, why) of those that a rule finds and cannot mend."""

    source: bytes
    changed: int
    left: tuple[tuple[int, str], ...] = ()


def look(source: str | bytes, rules: Iterable[str]) -> Looked:
    """The source as the rules would have it; raises one of `UNREADABLE`."""
    ast.parse(source)  # its limits on nesting are checked, those of the other parser are not
    module = cst.parse_module(source)
    wrapped = MetadataWrapper(module)
    context = CodemodContext(wrapper=wrapped)
    calls = Calls(frozenset(rules), context, bound_to(wrapped))
    tree = wrapped.visit(calls)
    left = tuple(sorted(calls.left))
    if not calls.changed:
        return Looked(module.bytes, 0, left)
    for visitor in (AddImportsVisitor, RemoveImportsVisitor):
        tree = visitor(context).transform_module(tree)
    return Looked(tree.bytes, calls.changed, left)


def rewrite(source: str | bytes, rules: Iterable[str]) -> tuple[bytes, int]:
    """(new source, number of calls that changed); raises one of `UNREADABLE`."""
    looked = look(source, rules)
    return looked.source, looked.changed
