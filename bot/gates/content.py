"""Gate: dangerous calls on new lines (Q4): eval, exec, os.system, pickle and their kin.

Python by its syntax, so that strings and comments do not count; JavaScript by its words. A call of
a constant is a call of nobody else's text, and passes.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from bot.gates.change import Change, FileChange
from bot.gates.gate import GateFinding, Seen, Severity, counted, in_order, skipped
from bot.gates.workbench import Workbench

_SCRIPTS = (".js", ".jsx", ".ts", ".tsx", ".mjs", ".cjs", ".mts", ".cts", ".vue")
_CALLS = {
    "eval": "runs text as code",
    "exec": "runs text as code",
    "os.system": "hands text to a shell; use subprocess with a list",
    "os.popen": "hands text to a shell; use subprocess with a list",
    "commands.getoutput": "hands text to a shell",
    "subprocess.getoutput": "hands text to a shell; use subprocess with a list",
    "subprocess.getstatusoutput": "hands text to a shell; use subprocess with a list",
    "pickle.load": "runs what the data says; use JSON",
    "pickle.loads": "runs what the data says; use JSON",
    "pickle.Unpickler": "runs what the data says; use JSON",
    "cPickle.loads": "runs what the data says; use JSON",
    "dill.load": "runs what the data says; use JSON",
    "dill.loads": "runs what the data says; use JSON",
    "cloudpickle.load": "runs what the data says; use JSON",
    "cloudpickle.loads": "runs what the data says; use JSON",
    "joblib.load": "runs what the data says",
    "marshal.load": "runs what the data says; use JSON",
    "marshal.loads": "runs what the data says; use JSON",
    "shelve.open": "runs what the data says",
    "jsonpickle.decode": "runs what the data says",
    "yaml.unsafe_load": "makes any object that the data names; use safe_load",
    "yaml.full_load": "makes objects that the data names; use safe_load",
    "tempfile.mktemp": "gives a name that somebody else may take first; use mkstemp",
    "os.tempnam": "gives a name that somebody else may take first; use mkstemp",
    "ssl._create_unverified_context": "trusts every server",
    "breakpoint": "stops the program for a debugger",
    "pdb.set_trace": "stops the program for a debugger",
    "ipdb.set_trace": "stops the program for a debugger",
    "pudb.set_trace": "stops the program for a debugger",
}
_ALWAYS = {"breakpoint", "pdb.set_trace", "ipdb.set_trace", "pudb.set_trace", "tempfile.mktemp",
           "os.tempnam", "ssl._create_unverified_context"}  # fmt: skip
_SAFE_LOADERS = {"SafeLoader", "CSafeLoader", "BaseLoader", "CBaseLoader"}
_WORDS: tuple[tuple[str, re.Pattern[str], str], ...] = tuple(
    (rule, re.compile(pattern), words)
    for rule, pattern, words in (
        ("eval", r"(?<![\w.$])eval\s*\(\s*(?!['\"`][^'\"`$]*['\"`]\s*\))", "runs text as code"),
        ("new-function", r"\bnew\s+Function\s*\(", "runs text as code"),
        ("timer-text", r"\bset(Timeout|Interval)\s*\(\s*['\"`]", "runs text as code"),
        ("inner-html", r"\.(innerHTML|outerHTML)\s*\+?=(?!=)\s*(?!['\"`][^$'\"`]*['\"`]\s*;?\s*$)",
         "puts text into the page as HTML"),
        ("document-write", r"\bdocument\.write(ln)?\s*\(", "puts text into the page as HTML"),
        ("dangerous-html", r"\bdangerouslySetInnerHTML\b", "puts text into the page as HTML"),
        ("no-tls-check", r"\brejectUnauthorized\s*:\s*false|NODE_TLS_REJECT_UNAUTHORIZED\W+0",
         "trusts every server"),
        ("shell", r"(?:\bchild_process\.|\bcp\.|(?<![\w.$]))exec(?:Sync)?\s*\(\s*"
         r"(`[^`]*\$\{|['\"][^'\"]*['\"]\s*\+|\w+\s*[,)])",
         "hands text to a shell; use execFile with a list"),
        ("debugger", r"^\s*debugger\s*;?\s*$", "stops the program for a debugger"),
        ("vm", r"\bvm\.run(InContext|InNewContext|InThisContext)\s*\(", "runs text as code"),
    )
)  # fmt: skip


class Content:
    """New lines; in tests and examples only what stops a program counts."""

    name = "content"
    scope = "new lines"

    def run(self, change: Change, bench: Workbench) -> Seen:
        python, scripts = change.of(".py", ".pyi"), change.of(*_SCRIPTS)
        if not python and not scripts:
            return skipped("no code was changed")
        findings = []
        for one in python:
            findings += [_weighed(one, f) for f in _python(one, change.head_text(one.path) or "")]
        for one in scripts:
            findings += [_weighed(one, f) for f in _script(one, change.head_text(one.path) or "")]
        found = in_order(findings)
        return Seen(counted(found, "nothing dangerous", "dangerous call"), found)


def _weighed(one: FileChange, finding: GateFinding) -> GateFinding:
    if one.role == "source" or finding.rule in ("content/breakpoint", "content/pdb.set_trace",
                                                "content/debugger"):  # fmt: skip
        return finding
    severity: Severity = "warning"
    return GateFinding(finding.file, finding.line, finding.rule, finding.message, severity)


def _python(one: FileChange, text: str) -> Iterator[GateFinding]:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return
    names = _imported(tree)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        lines = range(node.lineno, (node.end_lineno or node.lineno) + 1)
        line = next((number for number in lines if number in one.new_lines), None)
        if line is None:
            continue
        called = _called(node.func, names)
        if called in _CALLS and (called in _ALWAYS or not _constant(node)):
            yield GateFinding(one.path, line, f"content/{called}", f"{called} {_CALLS[called]}")
        elif called == "yaml.load" and not _safe_loader(node):
            words = "makes any object that the data names; use safe_load"
            yield GateFinding(one.path, line, "content/yaml.load", f"yaml.load {words}")
        for word in node.keywords:
            value = word.value.value if isinstance(word.value, ast.Constant) else None
            if word.arg == "shell" and value is True and not _constant(node):
                words = "hands text to a shell; pass a list instead"
                yield GateFinding(one.path, line, "content/shell", f"shell=True {words}")
            if word.arg == "verify" and value is False and called != "jwt.decode":
                words = "trusts every server"
                yield GateFinding(one.path, line, "content/no-tls-check", f"verify=False {words}")


def _imported(tree: ast.AST) -> dict[str, str]:
    """What a name in the file stands for: `dumps` → `pickle.dumps`, `sp` → `subprocess`."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for one in node.names:
                names[one.asname or one.name] = one.name
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for one in node.names:
                names[one.asname or one.name] = f"{node.module}.{one.name}"
    return names


def _called(node: ast.expr, names: dict[str, str]) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    first = names.get(node.id, node.id)
    return ".".join([first, *reversed(parts)]).removeprefix("builtins.")


def _constant(node: ast.Call) -> bool:
    """Is the first argument written out, so that nobody else decides what it is?"""
    if not node.args:
        return False
    first = node.args[0]
    if isinstance(first, (ast.List, ast.Tuple)):
        return all(isinstance(one, ast.Constant) for one in first.elts)
    return isinstance(first, ast.Constant)


def _safe_loader(node: ast.Call) -> bool:
    given = [word.value for word in node.keywords if word.arg == "Loader"] + node.args[1:2]
    return any(
        (isinstance(one, ast.Attribute) and one.attr in _SAFE_LOADERS)
        or (isinstance(one, ast.Name) and one.id in _SAFE_LOADERS)
        for one in given
    )


def _script(one: FileChange, text: str) -> Iterator[GateFinding]:
    lines = text.split("\n")
    for number in sorted(one.new_lines):
        line = lines[number - 1] if number <= len(lines) else ""
        if len(line) > 2000 or re.match(r"\s*(//|\*|/\*)", line):
            continue
        for rule, pattern, words in _WORDS:
            if pattern.search(line):
                yield GateFinding(one.path, number, f"content/{rule}", f"this {words}")
