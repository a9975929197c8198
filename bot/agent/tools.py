"""The tools that look at and edit the files of a task: on an overlay, in memory (T2, S13).

Promises: the same calls in the same order give the same answers, so a conversation that was
interrupted is replayed and not paid again; every answer is bounded; what cannot be done is an
answer that says what can. Never: runs anything of the project, or writes to disk (but for git
objects that a search needs).
"""

from __future__ import annotations

from collections import Counter

from bot.agent import tool_arguments as a
from bot.agent.edits import EditError
from bot.agent.overlay import Overlay
from bot.workspace.git import GitFailed, run

SHOWN = 16_000  # characters of an answer
LINES = 500  # of a file at once
WIDTH = 600  # characters of a line
HITS = 80
ENTRIES = 200
_SEARCH_S = 20.0


class ToolError(Exception):
    """A tool could not do what was asked; the message is for the model."""


class FileTools:
    """`use(arguments)`: the answer to one call of a tool in this file; ToolError."""

    def __init__(self, overlay: Overlay) -> None:
        self.overlay = overlay

    def use(self, asked: a.Arguments) -> str:
        try:
            match asked:
                case a.View():
                    return self._view(asked)
                case a.Search():
                    return self._search(asked)
                case a.List():
                    return self._list(asked.path)
                case a.Create():
                    made = self.overlay.create(asked.path, asked.content, asked.overwrite)
                    return f"Wrote {made}, {_count(asked.content)} lines."
                case a.StrReplace():
                    made = self.overlay.str_replace(asked.path, asked.old, asked.new)
                    return self._around(made, asked.new)
                case a.Insert():
                    made = self.overlay.insert(asked.path, asked.line, asked.text)
                    return self._lines(made, asked.line - 1, asked.line + 2 + _count(asked.text))
                case a.Delete():
                    return f"Deleted {self.overlay.delete(asked.path)}."
        except EditError as error:
            raise ToolError(str(error)) from error
        raise TypeError(f"not a tool for files: {type(asked).__name__}")

    def _view(self, asked: a.View) -> str:
        path = asked.path.removeprefix("./").rstrip("/")
        text = self.overlay.text(path)
        if text is None:
            if self.overlay.has(path):
                raise ToolError(f"{path} is binary or larger than can be shown")
            if any(p.startswith(f"{path}/") for p in self.overlay.paths):
                return self._list(path)
            raise ToolError(f"{path[:200]}: {self.overlay.nearest(path) or 'no such file'}")
        if not text:
            return f"{path} is empty."
        total = _count(text)
        if asked.start > total:
            raise ToolError(f"{path} has {total} lines")
        return self._lines(path, asked.start, asked.end or total)

    def _around(self, path: str, new: str) -> str:
        """The lines where `new` stands now, with a few around."""
        text = self.overlay.text(path) or ""
        found = text.find(new.replace("\n", "\r\n") if "\r\n" in text else new) if new else -1
        if found < 0 or not new:
            return f"Changed {path}."
        first = text.count("\n", 0, found) + 1
        return f"Changed {path}:\n" + self._lines(path, first - 3, first + _count(new) + 2)

    def _lines(self, path: str, first: int, last: int) -> str:
        lines = (self.overlay.text(path) or "").splitlines()
        first, last = max(1, first), min(last, len(lines))
        shown, size = [], 0
        for number, line in enumerate(lines[first - 1 : last], first):
            cut = line if len(line) <= WIDTH else f"{line[:WIDTH]} [... {len(line)} characters]"
            size += len(cut) + 8
            if shown and (size > SHOWN or len(shown) == LINES):
                shown.append(f"[... lines {number} to {last} of {len(lines)} are not shown]")
                break
            shown.append(f"{number:>5}\t{cut}")
        return "\n".join(shown)

    def _search(self, asked: a.Search) -> str:
        """By git: its expressions take linear time, and it passes over what is binary."""
        overlay = self.overlay
        mirror, sha = overlay.files.mirror, overlay.files.sha
        tree = mirror.tree_with(sha, overlay.changes) if overlay.changes else mirror.tree_of(sha)
        path = asked.path.removeprefix("./").strip("/")
        if path and not (overlay.has(path) or any(p.startswith(f"{path}/") for p in overlay.paths)):
            raise ToolError(f"there is no file or folder {path[:200]}")
        how = ["-E" if asked.regex else "-F", "-e", asked.text.replace("\0", "")]
        try:
            _, out = run(
                mirror.path, "grep", "-n", "-I", "--full-name", "--no-color", "--threads=1",
                "-m", str(HITS), *how, tree, *(["--", path] if path else []),
                timeout=_SEARCH_S, ok=(0, 1),
            )  # fmt: skip
        except GitFailed as error:
            raise ToolError("not a regular expression that can be searched for") from error
        told = out.decode("utf-8", "replace").split("\n")
        lines = [line.split(":", 1)[1][: WIDTH // 2] for line in told if ":" in line]
        if not lines:
            wanted = "matching" if asked.regex else "that contains this text"
            return f"No line {wanted}" + (f" below {path}." if path else ".")
        shown = "\n".join(lines[:HITS])[:SHOWN]
        return shown + (f"\n[... {len(lines) - HITS} more]" if len(lines) > HITS else "")

    def _list(self, path: str) -> str:
        path = path.removeprefix("./").strip("/")
        path = "" if path == "." else path
        below = f"{path}/" if path else ""
        inside = [p for p in self.overlay.paths if p.startswith(below)]
        if not inside:
            raise ToolError(f"there is no folder {path[:200]}")
        if len(inside) <= ENTRIES:
            return "\n".join(inside)
        folders: Counter[str] = Counter()
        for one in inside:
            name, slash, _ = one.removeprefix(below).partition("/")
            folders[f"{below}{name}{slash}"] += 1
        shown = [f"{p} ({n} files)" if p.endswith("/") else p for p, n in sorted(folders.items())]
        return "\n".join(shown[:ENTRIES])[:SHOWN] + (
            f"\n[... {len(shown) - ENTRIES} more]" if len(shown) > ENTRIES else ""
        )


def _count(text: str) -> int:
    return len(text.splitlines())
