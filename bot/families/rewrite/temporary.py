"""Whether a temporary name is used for nothing but a file that is opened (S306).

Promises: pure; a use that may need the name to be free, as a folder or a pipe does, is a doubt.
"""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

_GIVEN = frozenset({"open", "io.open", "os.remove", "os.unlink", "os.replace", "os.rename"})


def opened_name(assigned: cst.Assign, function: cst.FunctionDef) -> str:
    """The name that `name = mktemp()` gives; '' where it is used for more than opening."""
    target = assigned.targets[0].target
    if len(assigned.targets) != 1 or not isinstance(target, cst.Name):
        return ""
    name, used = target.value, list(_named(function.body))
    fine = {id(target)}
    for call in _calls(function.body):
        if call.args and _dotted(call.func) in _GIVEN and not _exclusive(call):
            fine.add(id(call.args[0].value))
    if any(one.value == f"{name}_descriptor" for one in used):
        return ""
    doubts = [one for one in used if one.value == name and id(one) not in fine]
    return "" if doubts else name


def _exclusive(call: cst.Call) -> bool:
    """Whether a mode may say that the file must not be there yet."""
    modes = [arg.value for n, arg in enumerate(call.args)
             if n == 1 or (arg.keyword and arg.keyword.value == "mode")]  # fmt: skip
    named = _dotted(call.func) in ("open", "io.open")
    return named and any(not isinstance(m, cst.SimpleString) or "x" in m.value for m in modes)


def _dotted(node: cst.BaseExpression) -> str:
    if isinstance(node, cst.Attribute):
        return f"{_dotted(node.value)}.{node.attr.value}"
    return node.value if isinstance(node, cst.Name) else ""


def _calls(node: cst.CSTNode) -> Iterator[cst.Call]:
    if isinstance(node, cst.Call):
        yield node
    for child in node.children:
        yield from _calls(child)


def _named(node: cst.CSTNode) -> Iterator[cst.Name]:
    if isinstance(node, cst.Name):
        yield node
    for child in node.children:
        yield from _named(child)
