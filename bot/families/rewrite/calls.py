"""The calls that a rule finds, each as it should be.

Promises: a call of more than one meaning stays as it is; what a rule finds and cannot mend is in
`left`. Values that were there stay, and so do comments and layout.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable

import libcst as cst
from libcst.codemod import CodemodContext
from libcst.codemod.visitors import AddImportsVisitor, RemoveImportsVisitor
from libcst.metadata import PositionProvider, QualifiedNameProvider, QualifiedNameSource

from .bound import Bound
from .temporary import opened_name
from .words import is_checksum, is_secret, words_of_command

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
_RUN = {f"subprocess.{one}" for one in ("run", "call", "check_call", "check_output", "Popen")}
_RANDOM = {
    f"random.{one}"
    for one in ("random", "randrange", "randint", "choice", "choices", "uniform", "triangular",
                "randbytes", "getrandbits", "sample", "shuffle")
}  # fmt: skip
_XML = {
    **{f"xml.etree.{tree}.{one}": f"defusedxml.ElementTree.{one}"
       for tree in ("ElementTree", "cElementTree") for one in ("parse", "iterparse", "fromstring")},
    **{f"xml.dom.minidom.{one}": f"defusedxml.minidom.{one}" for one in ("parse", "parseString")},
    **{f"xml.sax.{one}": f"defusedxml.sax.{one}" for one in ("parse", "parseString")},
}  # fmt: skip
_XML_RULES = {"xml.etree": {"S313", "S314"}, "xml.dom": {"S318"}, "xml.sax": {"S317"}}
_TAR = {"tarfile.open", "tarfile.TarFile", "tarfile.TarFile.open"}
_SECONDS = "60"  # without a byte, not altogether


class Calls(cst.CSTTransformer):
    """Mends the calls of a file, rule by rule. `left`: (line, why) of what stays."""

    METADATA_DEPENDENCIES = (QualifiedNameProvider, PositionProvider)

    def __init__(self, rules: frozenset[str], context: CodemodContext, bound: Bound) -> None:
        super().__init__()
        self._rules, self._context, self._bound = rules, context, bound
        self._around: list[tuple[str, ...]] = []  # names of functions and targets
        self._functions: list[cst.FunctionDef] = []
        self.changed = 0
        self.left: list[tuple[int, str]] = []

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:
        self._around.append((node.name.value,))
        self._functions.append(node)

    def leave_FunctionDef(
        self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef
    ) -> cst.FunctionDef:
        self._around.pop()
        self._functions.pop()
        return updated_node

    def visit_Assign(self, node: cst.Assign) -> None:
        names = [t.target for t in node.targets]
        told = [n.value if isinstance(n, cst.Name) else n.attr.value
                for n in names if isinstance(n, (cst.Name, cst.Attribute))]  # fmt: skip
        self._around.append(tuple(told))

    def leave_Assign(self, original_node: cst.Assign, updated_node: cst.Assign) -> cst.Assign:
        self._around.pop()
        return updated_node

    def leave_SimpleStatementLine(
        self, original_node: cst.SimpleStatementLine, updated_node: cst.SimpleStatementLine
    ) -> cst.SimpleStatementLine | cst.FlattenSentinel[cst.SimpleStatementLine]:
        """`name = tempfile.mktemp()` becomes two statements."""
        if "S306" not in self._rules or len(original_node.body) != 1 or not self._functions:
            return updated_node
        one, new = original_node.body[0], updated_node.body[0]
        if not isinstance(one, cst.Assign) or not isinstance(one.value, cst.Call):
            return updated_node
        name = opened_name(one, self._functions[-1])
        if (
            not name
            or self._name(one.value)[0] != "tempfile.mktemp"
            or not isinstance(new, cst.Assign)
        ):
            return updated_node
        self.left = [at for at in self.left if at[0] != self._line(one.value)]
        self.changed += 1
        for module in ("os", "tempfile"):
            AddImportsVisitor.add_needed_import(self._context, module)
        made = cst.parse_expression("tempfile.mkstemp")
        if isinstance(one.value.func, cst.Name):
            RemoveImportsVisitor.remove_unused_import(self._context, "tempfile", "mktemp")
        targets = cst.parse_statement(f"{name}_descriptor, {name} = 0")
        assert isinstance(targets, cst.SimpleStatementLine)
        both = targets.body[0]
        assert isinstance(both, cst.Assign)
        assert isinstance(new.value, cst.Call)
        opened = updated_node.with_changes(
            body=[both.with_changes(value=new.value.with_changes(func=made))]
        )
        closed = cst.parse_statement(f"os.close({name}_descriptor)")
        assert isinstance(closed, cst.SimpleStatementLine)
        return cst.FlattenSentinel([opened, closed])

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.BaseExpression:
        name, source = self._name(original_node)
        new = self._mended(name, source, original_node, updated_node)
        self.changed += new is not updated_node
        return new

    def _name(self, node: cst.Call) -> tuple[str, QualifiedNameSource | None]:
        """What is called; "" where it may be two things: not ours to decide."""
        names = {n.name: n.source for n in self.get_metadata(QualifiedNameProvider, node)}
        return next(iter(names.items())) if len(names) == 1 else ("", None)

    def _mended(
        self, name: str, source: QualifiedNameSource | None, old: cst.Call, new: cst.Call
    ) -> cst.BaseExpression:
        if source is QualifiedNameSource.IMPORT:
            return self._of_import(name, old, new)
        if "S307" in self._rules and name == "builtins.eval" and len(new.args) == 1:
            AddImportsVisitor.add_needed_import(self._context, "ast")
            return new.with_changes(func=cst.parse_expression("ast.literal_eval"))
        return self._of_object(old, new)

    def _of_import(self, name: str, old: cst.Call, new: cst.Call) -> cst.BaseExpression:
        rules = self._rules
        if "S506" in rules and name in _YAML:
            return self._safe_load(name, old, new)
        if "S501" in rules and name in _VERIFIED:
            return _without(new, "verify", "False")
        if "S324" in rules and name in _WEAK:
            return _with_keyword(new, "usedforsecurity", "False")
        if "S324-CHECKSUM" in rules and name in _WEAK:
            return self._checksum(old, new)
        if "S113" in rules and name.startswith("requests.") and name in _VERIFIED:
            return self._timeout(name, old, new)
        if "S602" in rules and name in _RUN and _says(old, "shell", "True"):
            return self._no_shell(old, new)
        if "S311" in rules and name in _RANDOM:
            return self._secret(name, old, new)
        if "S306" in rules and name == "tempfile.mktemp":
            self._leave(old, "its name may be used for more than a file that is opened")
        if "S323" in rules and name == "ssl._create_unverified_context":
            return self._called(old, new, "ssl.create_default_context")
        if name.startswith("xml."):
            return self._defused(name, old, new)
        return new

    def _of_object(self, old: cst.Call, new: cst.Call) -> cst.BaseExpression:
        """A method of something that the file itself made."""
        func = old.func
        if not isinstance(func, cst.Attribute):
            return new
        made = func.value.value if isinstance(func.value, cst.Name) else ""
        if "S201" in self._rules and func.attr.value == "run" and _says(old, "debug", "True"):
            if self._bound.only(made, {"flask.Flask"}):
                return _with_value(new, "debug", "False")
            self._leave(old, "it is not known to be a Flask application")
        if "S202" in self._rules and func.attr.value == "extractall":
            if _has(old, "filter"):
                return new
            plain = len(old.args) <= 1 and not any(arg.star for arg in old.args)
            if self._bound.only(made, _TAR) and plain and not _has(old, "members"):
                return _with_keyword(new, "filter", '"data"')
            self._leave(old, "it is not known to be a tar archive that is taken out as a whole")
        return new

    def _line(self, node: cst.CSTNode) -> int:
        return int(self.get_metadata(PositionProvider, node).start.line)

    def _leave(self, node: cst.Call, why: str) -> None:
        self.left.append((self._line(node), why))

    def _names(self, node: cst.Call) -> tuple[str, ...]:
        """The names around a call: those of functions, targets, and what it is given."""
        return tuple(name for names in self._around for name in names)

    def _checksum(self, old: cst.Call, new: cst.Call) -> cst.Call:
        if _has(old, "usedforsecurity"):
            return new
        given = [one.value for one in _all_names(old)]
        if is_checksum((*self._names(old), *given)):
            return _with_keyword(new, "usedforsecurity", "False")
        self._leave(old, "whether the hash is used for security is for a person to say")
        return new

    def _timeout(self, name: str, old: cst.Call, new: cst.Call) -> cst.Call:
        if name == "requests.Session" or _has(old, "timeout"):
            return new
        if _has(old, "stream") or any(arg.star for arg in old.args):
            self._leave(old, "how long it may take is for a person to say")
            return new
        return _with_keyword(new, "timeout", _SECONDS)

    def _no_shell(self, old: cst.Call, new: cst.Call) -> cst.Call:
        place = next((n for n, arg in enumerate(new.args) if _is_command(n, arg)), None)
        if place is None or _has(old, "executable") or any(arg.star for arg in old.args):
            self._leave(old, "its command is not there to be read")
            return new
        command = new.args[place].value
        if isinstance(command, (cst.List, cst.Tuple)):
            if command.elements and isinstance(command.elements[0].value, cst.SimpleString):
                return _without(new, "shell", "True")
        elif isinstance(command, cst.SimpleString) and command.prefix in ("", "r"):
            words = words_of_command(str(ast.literal_eval(command.value)))
            if words is not None:
                quoted = ", ".join(_quoted(word, command.quote[0]) for word in words)
                listed = new.args[place].with_changes(value=cst.parse_expression(f"[{quoted}]"))
                args = [listed if n == place else arg for n, arg in enumerate(new.args)]
                return _without(new.with_changes(args=args), "shell", "True")
            self._leave(old, "the command needs what a shell does")
            return new
        self._leave(old, "the command is put together while it runs")
        return new

    def _secret(self, name: str, old: cst.Call, new: cst.Call) -> cst.BaseExpression:
        method = name.rpartition(".")[2]
        if not is_secret(self._names(old)):
            self._leave(old, "whether anybody may guess it is for a person to say")
        elif self._bound.seeded or "secrets" in self._bound.names:
            self._leave(old, "the file seeds its random numbers, or calls something secrets")
        elif method in ("choice", "randbytes"):
            said = {"choice": "choice", "randbytes": "token_bytes"}.get(method, method)
            return self._called(old, new, f"secrets.{said}")
        else:
            return self._called(old, new, f"secrets.SystemRandom().{method}")
        return new

    def _defused(self, name: str, old: cst.Call, new: cst.Call) -> cst.BaseExpression:
        wanted = next((r for part, r in _XML_RULES.items() if name.startswith(part)), set())
        if not wanted & self._rules:
            return new
        if name in _XML:
            return self._called(old, new, _XML[name])
        if name.rpartition(".")[2] in ("XMLParser", "make_parser"):
            self._leave(old, "what its parser is set to do is not known")
        return new

    def _called(self, old: cst.Call, new: cst.Call, name: str) -> cst.Call:
        """The call as one of `name`, with the imports that follow from it."""
        module = name.rpartition(".")[0].removesuffix(".SystemRandom()")
        AddImportsVisitor.add_needed_import(self._context, module)
        RemoveImportsVisitor.remove_unused_import_by_node(self._context, old.func)
        return new.with_changes(func=cst.parse_expression(name))

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


def _has(call: cst.Call, keyword: str) -> bool:
    return any(arg.keyword and arg.keyword.value == keyword for arg in call.args)


def _says(call: cst.Call, keyword: str, value: str) -> bool:
    """Whether the call has `keyword=value`, `value` being a plain name."""
    return any(
        arg.keyword and arg.keyword.value == keyword and isinstance(arg.value, cst.Name)
        and arg.value.value == value
        for arg in call.args
    )  # fmt: skip


def _with_value(call: cst.Call, keyword: str, value: str) -> cst.Call:
    args = [
        arg.with_changes(value=cst.Name(value))
        if arg.keyword and arg.keyword.value == keyword
        else arg
        for arg in call.args
    ]
    return call.with_changes(args=args)


def _is_command(number: int, arg: cst.Arg) -> bool:
    return arg.keyword.value == "args" if arg.keyword else number == 0 and not arg.star


def _quoted(word: str, quote: str) -> str:
    """A word as a literal, in the quotes that the command had."""
    return f"{quote}{word}{quote}" if quote not in word else repr(word)


def _all_names(node: cst.CSTNode) -> Iterable[cst.Name]:
    if isinstance(node, cst.Name):
        yield node
    for child in node.children:
        yield from _all_names(child)


def _with_keyword(call: cst.Call, keyword: str, value: str) -> cst.Call:
    if any(arg.keyword and arg.keyword.value == keyword for arg in call.args):
        return call
    new = cst.Arg(
        keyword=cst.Name(keyword),
        value=cst.parse_expression(value),
        equal=cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace("")),
    )
    return call.with_changes(args=[*call.args, new])
