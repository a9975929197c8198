"""Gate: new code is formatted as the project formats (Q3).

The project's formatter decides. Where it names none, the file itself does: one that ruff's
formatter would have left alone stays so, and one without trailing blanks or tabs gets none.
Never: formats anything.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.gates.change import Change
from bot.gates.gate import CannotLook, GateFinding, Seen, counted, skipped
from bot.gates.problems import inside
from bot.gates.project_tools import project_tools
from bot.gates.workbench import Workbench
from bot.workspace.sandbox import Run

_HUNK = re.compile(r"^@@ -(\d+)(?:,(\d+))? \+\d+(?:,\d+)? @@")
# What ruff and black say at their end: without it, silence would look like approval.
_ENDED = re.compile(
    r"\d+ files? (would be|would be left|already|left) (re)?(formatted|unchanged|reformatted)"
    r"|[Nn]o (Python )?files? (found|are present)|would be left unchanged|would be reformatted"
)
_WEB = (".js", ".jsx", ".ts", ".tsx", ".mjs", ".cjs", ".css", ".scss", ".vue")


class Format:
    """New lines of changed files."""

    name = "format"
    scope = "new lines"

    def run(self, change: Change, bench: Workbench) -> Seen:
        python = [one.path for one in change.of(".py", ".pyi")]
        web = [one.path for one in change.of(*_WEB)]
        if not python and not web:
            return skipped("no file that a formatter reads was changed")
        tools = bench.once("project tools", lambda: project_tools(change))
        findings: list[GateFinding] = []
        used = []
        if python and (tools.ruff_format or tools.black):
            name = "ruff" if tools.ruff_format else "black"
            used.append(f"{name} ({tools.ruff_format or tools.black})")
            findings += self._touched(change, python, _diff(bench, name, "head", python), name)
        elif python:
            used.append("each file's own habits")
            findings += self._as_before(change, bench, python)
        if web and tools.prettier:
            findings += self._prettier(change, bench, web)
            used.append(f"prettier ({tools.prettier})")
        elif web:
            findings += _blanks(change, web)
        summary = counted(findings, "formatted", "place")
        words = summary if summary == "formatted" else f"{summary} not formatted"
        return Seen(f"{words}; {', '.join(used) or 'blanks'}", tuple(findings), "", {"tools": used})

    def _touched(
        self, change: Change, paths: Sequence[str], run: Run, name: str
    ) -> list[GateFinding]:
        """Hunks that the formatter would change and that hold a new line."""
        found = []
        for path, first, last in _hunks(run.text):
            one = change.files.get(path)
            new = one.new_lines & set(range(first, last + 1)) if one and path in paths else set()
            if new:
                message = f"{name} would write this otherwise"
                found.append(GateFinding(path, min(new), f"format/{name}", message, "error", last))
        return found

    def _as_before(
        self, change: Change, bench: Workbench, paths: Sequence[str]
    ) -> list[GateFinding]:
        found = list(_blanks(change, paths))
        were = {was: path for path in paths if (was := change.files[path].was)}
        if not were:
            return found
        try:
            now = _diff(bench, "ruff", "head", sorted(were.values()))
            unformatted = {path for path, _, _ in _hunks(now.text)}
            if not unformatted:
                return found
            asked = [was for was, path in were.items() if path in unformatted]
            before = {path for path, _, _ in _hunks(_diff(bench, "ruff", "base", asked).text)}
        except CannotLook:
            return found  # a file that the formatter cannot read is the linter's to say
        kept = [path for was, path in were.items() if was not in before]
        return found + self._touched(change, kept, now, "ruff")

    def _prettier(
        self, change: Change, bench: Workbench, paths: Sequence[str]
    ) -> list[GateFinding]:
        environment = bench.environment()
        if environment is None or not (environment.folder / "node_modules/.bin/prettier").exists():
            return _blanks(change, paths)

        def unformatted(commit: str, names: Sequence[str]) -> set[str]:
            if not names:
                return set()
            argv = [
                "node_modules/.bin/prettier",
                "--list-different",
                "--ignore-unknown",
                "--",
                *names,
            ]
            run = bench.run_on_copy(commit, argv, environment)
            if run.exit_code not in (0, 1):
                raise CannotLook("prettier", run.last(300))
            return {inside(line.strip()) for line in run.text.splitlines() if line.strip()}

        now = unformatted(change.head, paths)
        were = {was: path for path in now if path in change.files
                and (was := change.files[path].was)}  # fmt: skip
        before = {were[was] for was in unformatted(change.base, sorted(were))}
        return [
            GateFinding(path, None, "format/prettier", "prettier would write this file otherwise")
            for path in sorted((now & set(paths)) - before)
        ]


def _diff(bench: Workbench, name: str, at: str, paths: Sequence[str]) -> Run:
    """What the formatter would change; CannotLook where it could not read a file."""
    tree = bench.head_tree() if at == "head" else bench.base_tree()
    arguments = (
        ["format", "--diff", "--no-cache", "--force-exclude", "--", *paths]
        if name == "ruff"
        else ["--diff", "--workers=1", "--", *paths]
    )
    own = bench.own_program(name)
    if own:
        run = bench.run([own[0], *arguments], tree=tree, environment=own[1])
    else:
        program = bench.toolbox.program(name)
        run = bench.run([program.path, *arguments], tree=tree, readonly=program.readonly)
    if run.exit_code not in (0, 1) or run.output_truncated or not _ENDED.search(run.text):
        raise CannotLook(name, f"status {run.exit_code}: {run.last(300)}")
    return run


def _hunks(diff: str) -> list[tuple[str, int, int]]:
    """(file, first line, last line) of the lines that a diff replaces, without their context."""
    found: list[tuple[str, int, int]] = []
    path, line = "", 0
    for text in diff.splitlines():
        if text.startswith("--- "):
            path = inside(text[4:].split("\t")[0].strip().removeprefix("a/"))
        elif hunk := _HUNK.match(text):
            line = int(hunk[1])
        elif text.startswith("-"):
            found.append((path, line, line))
            line += 1
        elif text.startswith("+") and not text.startswith("+++ "):
            found.append((path, max(1, line - 1), line))  # something is missing between these
        elif text.startswith(" "):
            line += 1
    return _joined(found)


def _joined(spans: list[tuple[str, int, int]]) -> list[tuple[str, int, int]]:
    found: list[tuple[str, int, int]] = []
    for path, first, last in spans:
        if found and found[-1][0] == path and first <= found[-1][2] + 1:
            found[-1] = (path, found[-1][1], max(found[-1][2], last))
        else:
            found.append((path, first, last))
    return found


def _blanks(change: Change, paths: Sequence[str]) -> list[GateFinding]:
    """Trailing blanks and tabs on new lines of files that had none."""
    found = []
    for path in paths:
        text, before = change.head_text(path), change.base_text(path)
        if text is None:
            continue
        lines = text.split("\n")
        habits = before if before is not None else ""
        for rule, pattern, words in (
            ("format/trailing-blanks", r"[ \t]+\r?$", "blanks at the end of the line"),
            ("format/tabs", r"^ *\t", "a tab, where the file has none"),
        ):
            if rule == "format/tabs" and (before is None or not path.endswith((".py", ".pyi"))):
                continue
            if re.search(pattern, habits, re.M):
                continue
            found += [
                GateFinding(path, number, rule, words)
                for number in sorted(change.files[path].new_lines)
                if number <= len(lines) and re.search(pattern, lines[number - 1])
            ]
        if before is not None and before.endswith("\n") and text and not text.endswith("\n"):
            last = "the last line does not end"
            found.append(GateFinding(path, len(lines), "format/last-line", last))
    return found
