"""What strangers write goes into a script through its environment, not into its text (B11, B12).

Promises: the script gets the same value; where it stands, in bash, in PowerShell or in a string of
`actions/github-script`, is certain, or a person is told the line. Never: quotes what it cannot see.
"""

from __future__ import annotations

import re

from bot.families.workflow_tree import (
    Edit,
    Fixed,
    Node,
    Step,
    Tree,
    before,
    child,
    is_block,
    pair,
    scalar,
)
from bot.families.workflow_tree import line as line_of

_EXPRESSION = re.compile(r"\$\{\{\s*(?P<what>.{1,300}?)\s*\}\}")
_PLAIN = re.compile(r"[A-Za-z_][\w-]*(?:\.(?:[A-Za-z_][\w-]*|\*)|\[(?:'[\w-]+'|\d+)\])*")
_TEXT = re.compile(r"github\.(?:event\.(?!inputs\.)|head_ref\b|ref_name\b)")
_GIVEN = re.compile(r"(?:inputs|github\.event\.inputs|(?:steps|needs)\.[\w-]+\.outputs)\b")
_JS_STRING = re.compile(r"(?P<q>['\"`])\$\{\{\s*(?P<what>[^{}]{1,300}?)\s*\}\}(?P=q)")
_UNNEEDED = {"github", "event", "inputs", "steps", "needs", "outputs"}


def mended(tree: Tree) -> Fixed:
    """The workflow with the expressions of its scripts moved."""
    edits: list[Edit] = []
    left: list[tuple[int, str]] = []
    changed = 0
    for step in tree.steps():
        for node, shell in _scripts(tree, step):
            try:
                moved = _moved(tree, step, node, shell)
            except _Doubt as doubt:
                left.append((line_of(node), str(doubt)))
                continue
            changed += len(moved) > 0
            edits += moved
            if not moved and _EXPRESSION.search(tree.raw(node)):
                left.append((line_of(node), "what its expressions hold is not known to be foreign"))
    if not changed and not left:
        left = [
            (line_of(given), "an action is given what may be foreign")
            for step in tree.steps()
            if (given := child(step.node, "with")) is not None
            and any(_is_foreign(one["what"]) for one in _EXPRESSION.finditer(tree.raw(given)))
        ]
    if changed:  # an expression that holds nothing foreign may stay
        left = [one for one in left if "not known to be foreign" not in one[1]]
    text = tree.edited(edits)
    return Fixed(text, changed if text != tree.text else 0, tuple(left))


class _Doubt(Exception):
    """Why it is not certain what a script should say."""


def _scripts(tree: Tree, step: Step) -> list[tuple[Node, str]]:
    """The scripts of a step, each with its language."""
    found: list[tuple[Node, str]] = []
    if run := child(step.node, "run"):
        found.append((run, _shell(tree, step)))
    script = child(child(step.node, "with"), "script")
    if step.uses == "actions/github-script" and script is not None:
        found.append((script, "js"))
    return found


def _shell(tree: Tree, step: Step) -> str:
    said = [scalar(step.node, "shell")]
    said += [scalar(child(child(one, "defaults"), "run"), "shell") for one in (step.job, tree.root)]
    for one in filter(None, said):
        return one.split()[0]
    machine = child(step.job, "runs-on")
    told = tree.raw(machine) if machine is not None else ""
    if "${{" in told:
        return "?" if "windows" in tree.text.lower() else "bash"
    return "pwsh" if "windows" in told.lower() else "bash"


def _moved(tree: Tree, step: Step, node: Node, shell: str) -> list[Edit]:
    raw = tree.raw(node)
    foreign = [one for one in _EXPRESSION.finditer(raw) if _is_foreign(one["what"])]
    if not foreign:
        return []
    if getattr(node, "style", None) in ("'", '"'):
        raise _Doubt("the script is one quoted string; it has to be written as a block first")
    edits, variables = [], dict[str, str]()
    for one in foreign:
        what = one["what"]
        if not _PLAIN.fullmatch(what):
            raise _Doubt(f"{what[:60]!r} is more than one value")
        name = variables.setdefault(what, _variable(what, tree.text, set(variables.values())))
        start = node.start_mark.index
        if shell == "js":
            edits.append(_in_javascript(raw, one, name, start))
        else:
            new = _in_shell(raw, one, name, shell)
            edits.append(Edit(start + one.start(), start + one.end(), new))
    return [*edits, _environment(step, variables)]


def _is_foreign(what: str) -> bool:
    return bool(_TEXT.search(what) or _GIVEN.search(what))


def _variable(what: str, text: str, taken: set[str]) -> str:
    parts = [part for part in re.split(r"[^\w]+", what) if part and part not in _UNNEEDED]
    name = re.sub(r"\W", "_", "_".join(parts)).upper() or "VALUE"
    while name in taken or re.search(rf"\b{name}\b", text):
        name = f"GIVEN_{name}"
    return name


def _in_shell(raw: str, one: re.Match[str], name: str, shell: str) -> str:
    if shell in ("pwsh", "powershell"):
        state = _quote_at(raw[: one.start()])
        if state == "'":
            raise _Doubt("it stands in single quotes, where no variable is read")
        return f"$($env:{name})" if state else f"$env:{name}"
    if shell not in ("bash", "sh"):
        raise _Doubt("the language of the script is not known")
    if "<<" in raw[: one.start()]:
        raise _Doubt("it may stand in a here-document")
    state = _quote_at(raw[: one.start()])
    if state == "'":
        raise _Doubt("it stands in single quotes, where no variable is read")
    if state == "?":
        raise _Doubt("it stands in a command inside a string")
    return f"${{{name}}}" if state or _GIVEN.match(one["what"]) else f'"${{{name}}}"'


def _quote_at(script: str) -> str:
    """The quotes that are open at the end of a piece of shell; `?`: a command inside of them."""
    state, opened, n = "", 0, 0
    while n < len(script):
        sign = script[n]
        if sign == "\\" and state != "'":
            n += 2
            continue
        if sign == "#" and not state and script[n - 1 : n] in ("", " ", "\n", "\t"):
            n = script.find("\n", n)
            if n < 0:
                return ""
        elif sign in "'\"" and state in ("", sign):
            state, opened = ("" if state else sign), n
        n += 1
    inside = script[opened:]
    return "?" if state == '"' and ("$(" in inside or "`" in inside) else state


def _in_javascript(raw: str, one: re.Match[str], name: str, start: int) -> Edit:
    whole = next((m for m in _JS_STRING.finditer(raw) if m.start() + 1 == one.start()), None)
    if whole is None:
        raise _Doubt("it is not a whole string of the script")
    return Edit(start + whole.start(), start + whole.end(), f"process.env.{name}")


def _environment(step: Step, variables: dict[str, str]) -> Edit:
    lines = [f"{name}: ${{{{ {what} }}}}" for what, name in variables.items()]
    key, own = pair(step.node, "env")
    if own is not None:
        if not is_block(own):
            raise _Doubt("its environment is written on one line")
        return before(own.value[0][0], lines)
    if step.node.flow_style:
        raise _Doubt("the step is written on one line")
    key, _ = pair(step.node, "run" if child(step.node, "run") is not None else "with")
    assert key is not None
    return before(key, ["env:", *(f"  {one}" for one in lines)])
