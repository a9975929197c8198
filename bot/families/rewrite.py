"""Small exact rewrites for findings of SAST tools that no linter fixes.

Promises: only the call that is meant changes, names are resolved through the file's imports,
comments and layout stay, and a second run changes nothing. Never runs the code it reads; it is
started as a process of its own (`python -m bot.families.rewrite --rules S506 PATH…`) because a
parser may die of a hostile file.

S506  yaml.load, load_all, full_load, unsafe_load → yaml.safe_load, safe_load_all
S501  requests/httpx: `verify=False` is taken out, so that certificates are checked
S324  hashlib.md5, sha1 → with usedforsecurity=False (only where a person said so)
S307  eval → ast.literal_eval (only where a person said so)
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import libcst as cst
from libcst.codemod import CodemodContext
from libcst.codemod.visitors import AddImportsVisitor, RemoveImportsVisitor
from libcst.metadata import MetadataWrapper, QualifiedNameProvider, QualifiedNameSource

_YAML = {
    "yaml.load": "safe_load",
    "yaml.load_all": "safe_load_all",
    "yaml.full_load": "safe_load",
    "yaml.full_load_all": "safe_load_all",
    "yaml.unsafe_load": "safe_load",
    "yaml.unsafe_load_all": "safe_load_all",
}
_SAFE_LOADERS = {
    f"yaml.{prefix}{name}"
    for prefix in ("", "loader.", "cyaml.")
    for name in ("SafeLoader", "CSafeLoader")
}
_METHODS = ("get", "post", "put", "patch", "delete", "head", "options", "request")
_VERIFIED = {f"{lib}.{method}" for lib in ("requests", "httpx") for method in _METHODS} | {
    "httpx.stream",
    "httpx.Client",
    "httpx.AsyncClient",
    "requests.Session",
}
_WEAK = {"hashlib.md5", "hashlib.sha1"}
MAX_FILE = 2_000_000  # bytes
UNREADABLE = (cst.ParserSyntaxError, SyntaxError, ValueError, RecursionError, MemoryError)


class _Calls(cst.CSTTransformer):
    METADATA_DEPENDENCIES = (QualifiedNameProvider,)

    def __init__(self, rules: frozenset[str], context: CodemodContext) -> None:
        super().__init__()
        self._rules = rules
        self._context = context
        self.changed = 0

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.BaseExpression:
        names = {n.name: n.source for n in self.get_metadata(QualifiedNameProvider, original_node)}
        if len(names) != 1:
            return updated_node  # two meanings: not ours to decide
        name, source = next(iter(names.items()))
        new: cst.BaseExpression = updated_node
        if source is QualifiedNameSource.IMPORT:
            if "S506" in self._rules and name in _YAML:
                new = self._safe_load(name, original_node, updated_node)
            elif "S501" in self._rules and name in _VERIFIED:
                new = _without(updated_node, "verify", "False")
            elif "S324" in self._rules and name in _WEAK:
                new = _with_keyword(updated_node, "usedforsecurity", "False")
        elif "S307" in self._rules and name == "builtins.eval" and len(updated_node.args) == 1:
            AddImportsVisitor.add_needed_import(self._context, "ast")
            new = updated_node.with_changes(func=cst.parse_expression("ast.literal_eval"))
        self.changed += new is not updated_node
        return new

    def _safe_load(self, name: str, original: cst.Call, call: cst.Call) -> cst.BaseExpression:
        loader = [
            n
            for n, arg in enumerate(original.args)
            if (arg.keyword and arg.keyword.value == "Loader")
            or (n == 1 and arg.keyword is None and not arg.star)
        ]
        if any(arg.star for arg in original.args):
            return call
        if loader:
            meant = {
                q.name
                for q in self.get_metadata(QualifiedNameProvider, original.args[loader[0]].value)
            }
            if meant and meant <= _SAFE_LOADERS:
                return call
            self._forget(original.args[loader[0]].value, meant)
        arguments = [arg for n, arg in enumerate(call.args) if n not in loader]
        if arguments and len(arguments) < len(call.args):
            arguments[-1] = arguments[-1].with_changes(comma=call.args[-1].comma)
        new = _YAML[name]
        if isinstance(call.func, cst.Attribute):
            return call.with_changes(
                func=call.func.with_changes(attr=cst.Name(new)), args=arguments
            )
        # `from yaml import load`: import the safe one instead
        AddImportsVisitor.add_needed_import(self._context, "yaml", new)
        self._forget(original.func, {name})
        return call.with_changes(func=cst.Name(new), args=arguments)

    def _forget(self, node: cst.BaseExpression, meant: set[str]) -> None:
        """Takes out the `from yaml import …` of a name that nothing uses any more."""
        if isinstance(node, cst.Name) and len(meant) == 1:
            name = next(iter(meant)).removeprefix("yaml.")
            alias = node.value if node.value != name else None
            RemoveImportsVisitor.remove_unused_import(self._context, "yaml", name, alias)


def _without(call: cst.Call, keyword: str, value: str) -> cst.Call:
    """The call without `keyword=value`; unchanged if it is not there."""
    kept = [
        arg
        for arg in call.args
        if not (
            arg.keyword
            and arg.keyword.value == keyword
            and isinstance(arg.value, cst.Name)
            and arg.value.value == value
        )
    ]
    if len(kept) == len(call.args):
        return call
    if kept and call.args[-1] not in kept:
        kept[-1] = kept[-1].with_changes(comma=_uncommented(call.args[-1].comma))
    return call.with_changes(args=kept)


def _uncommented(comma: cst.Comma | cst.MaybeSentinel) -> cst.Comma | cst.MaybeSentinel:
    """A comma without the comment after it: that one spoke of the argument that is gone."""
    if not isinstance(comma, cst.Comma):
        return comma
    space = comma.whitespace_after
    if not isinstance(space, cst.ParenthesizedWhitespace):
        return comma
    line = space.first_line.with_changes(comment=None, whitespace=cst.SimpleWhitespace(""))
    return comma.with_changes(whitespace_after=space.with_changes(first_line=line))


def _with_keyword(call: cst.Call, keyword: str, value: str) -> cst.Call:
    if any(arg.keyword and arg.keyword.value == keyword for arg in call.args):
        return call
    new = cst.Arg(
        keyword=cst.Name(keyword),
        value=cst.Name(value),
        equal=cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace("")),
    )
    return call.with_changes(args=[*call.args, new])


def rewrite(source: str | bytes, rules: Iterable[str]) -> tuple[bytes, int]:
    """(new source, number of calls that changed); raises one of `UNREADABLE`."""
    ast.parse(source)  # its limits on nesting are checked, those of the other parser are not
    module = cst.parse_module(source)
    context = CodemodContext()
    calls = _Calls(frozenset(rules), context)
    tree = MetadataWrapper(module).visit(calls)
    if not calls.changed:
        return module.bytes, 0
    for visitor in (AddImportsVisitor, RemoveImportsVisitor):
        tree = visitor(context).transform_module(tree)
    return tree.bytes, calls.changed


def _files(root: Path, paths: list[str]) -> Iterator[Path]:
    """The Python files below the paths; symbolic links are not followed."""
    for name in paths:
        top = (root / name).absolute()
        if root not in (top, *top.parents) or ".." in Path(name).parts:
            raise SystemExit(f"{name} is outside")
        if top.is_file() and not top.is_symlink():
            yield top
        for folder, folders, files in os.walk(top, followlinks=False):
            folders[:] = sorted(f for f in folders if not f.startswith(".") and f not in _SKIPPED)
            yield from (
                path
                for file in sorted(files)
                if file.endswith(".py") and not (path := Path(folder, file)).is_symlink()
            )


_SKIPPED = {"node_modules", "venv", "site-packages", "__pycache__", "build", "dist", "_vendor"}


def main(argv: list[str] | None = None) -> int:
    """Rewrites files in place below the working directory; prints `{changed, unreadable}`."""
    parser = argparse.ArgumentParser(prog="rewrite")
    parser.add_argument("--rules", required=True, help="codes, separated by commas")
    parser.add_argument("paths", nargs="+")
    given = parser.parse_args(argv)
    changed: dict[str, int] = {}
    unreadable: list[str] = []
    root = Path.cwd()
    for path in _files(root, given.paths):
        name = path.relative_to(root).as_posix()
        if path.stat().st_size > MAX_FILE:
            unreadable.append(name)
            continue
        source = path.read_bytes()
        try:
            new, count = rewrite(source, given.rules.split(","))
        except UNREADABLE:
            unreadable.append(name)
            continue
        if count and new != source:
            path.write_bytes(new)
            changed[name] = count
    print(json.dumps({"changed": changed, "unreadable": unreadable}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
