"""What the names and functions of one file hold, as far as the file itself says.

Promises: a name that is bound in any way that is not a call is bound to "?" as well, so that one
meaning is only believed where there is no other. Reads nothing but the tree.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import libcst as cst
from libcst.metadata import MetadataWrapper, QualifiedNameProvider

UNKNOWN = "?"


@dataclass
class Bound:
    """`names`: what each is bound to, as the qualified names of calls; `seeded`: random.seed."""

    names: dict[str, set[str]] = field(default_factory=dict)
    seeded: bool = False

    def only(self, name: str, meant: set[str]) -> bool:
        """Whether a name holds what these calls give and nothing else."""
        return bool(self.names.get(name)) and self.names[name] <= meant


def bound_to(module: MetadataWrapper) -> Bound:
    """What the names of a file are bound to, in all its scopes together."""
    seen = _Bindings()
    module.visit(seen)
    return seen.bound


class _Bindings(cst.CSTVisitor):
    METADATA_DEPENDENCIES = (QualifiedNameProvider,)

    def __init__(self) -> None:
        super().__init__()
        self.bound = Bound()

    def visit_Assign(self, node: cst.Assign) -> None:
        for target in node.targets:
            self._bind(target.target, node.value)

    def visit_AnnAssign(self, node: cst.AnnAssign) -> None:
        self._bind(node.target, node.value)

    def visit_NamedExpr(self, node: cst.NamedExpr) -> None:
        self._bind(node.target, node.value)

    def visit_WithItem(self, node: cst.WithItem) -> None:
        if node.asname:
            self._bind(node.asname.name, node.item)

    def visit_For(self, node: cst.For) -> None:
        self._bind(node.target, None)

    def visit_Param(self, node: cst.Param) -> None:
        self._bind(node.name, None)

    def visit_AugAssign(self, node: cst.AugAssign) -> None:
        self._bind(node.target, None)

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:
        self._bind(node.name, None)

    def visit_ClassDef(self, node: cst.ClassDef) -> None:
        self._bind(node.name, None)

    def visit_Call(self, node: cst.Call) -> None:
        if self._called(node) == "random.seed":
            self.bound.seeded = True

    def _bind(self, target: cst.BaseExpression, value: cst.BaseExpression | None) -> None:
        if isinstance(target, (cst.Tuple, cst.List)):
            for element in target.elements:
                self._bind(element.value, None)
        if not isinstance(target, cst.Name):
            return
        told = self._called(value) if isinstance(value, cst.Call) else ""
        self.bound.names.setdefault(target.value, set()).add(told or UNKNOWN)

    def _called(self, call: cst.Call) -> str:
        names = {one.name for one in self.get_metadata(QualifiedNameProvider, call.func)}
        return next(iter(names)) if len(names) == 1 else ""
