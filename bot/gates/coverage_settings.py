"""What coverage is told for the one run that the gates read.

Promises: only changed sources are measured; what the project says of how its code runs and of
what need not run is kept, as its base says it, so that a change cannot exclude itself.
"""

from __future__ import annotations

import configparser
import re
import tomllib
from collections.abc import Sequence

from bot.gates.change import Change


def coverage_settings(
    change: Change, wanted: Sequence[str], data_file: str, elsewhere: bool = False
) -> str:
    """A configuration of ours that keeps what the project says about how its code runs.

    Read at the base, so that a change cannot exclude itself. `elsewhere`: measure processes that
    the tests start, too.
    """
    said = _project_settings(change)
    lines = [
        "[run]", "branch = false", "relative_files = true",
        *(("patch = subprocess", "parallel = true") if elsewhere else ()),
        f"data_file = {data_file}", "disable_warnings = no-data-collected,module-not-measured",
    ]  # fmt: skip
    concurrency = [
        one
        for one in said.get("concurrency", [])
        if re.fullmatch(r"thread|greenlet|eventlet|gevent|multiprocessing", one)
    ]
    if concurrency:
        lines.append("concurrency = " + ",".join(concurrency))
    lines += ["include =", *(f"    {path}" for path in wanted), "[report]", "exclude_also ="]
    own = [one for one in said.get("exclude_also", []) + said.get("exclude_lines", []) if one]
    for pattern in dict.fromkeys([*_EXCLUDED, *own]):
        if _compiles(pattern):
            lines.append(f"    {pattern}")
    return "\n".join(lines) + "\n"


_EXCLUDED = (
    r"if (typing\.|t\.)?TYPE_CHECKING:", r"@(typing\.|t\.)?overload", r"raise NotImplementedError",
    r"^\s*\.\.\.$", r"@(abc\.)?abstractmethod", r"if __name__ == .__main__.:",
)  # fmt: skip


def _project_settings(change: Change) -> dict[str, list[str]]:
    text = change.mirror.read_many(
        change.base, [".coveragerc", "setup.cfg", "tox.ini", "pyproject.toml"], limit=500_000
    )
    for name, prefix in ((".coveragerc", ""), ("setup.cfg", "coverage:"), ("tox.ini", "coverage:")):
        if name not in text:
            continue
        parsed = configparser.ConfigParser(interpolation=None, strict=False)
        try:
            parsed.read_string(text[name].decode("utf-8", "replace"))
        except configparser.Error:
            continue
        if found := {
            key: [
                one.strip() for one in re.split(r"[\n,]" if key == "concurrency" else "\n", value)
            ]
            for part in ("run", "report")
            if parsed.has_section(prefix + part)
            for key, value in parsed.items(prefix + part)
        }:
            return found
    try:
        table = tomllib.loads(text.get("pyproject.toml", b"").decode("utf-8", "replace"))
    except tomllib.TOMLDecodeError:
        return {}
    tool = table.get("tool", {}).get("coverage", {})
    parts = [tool.get(part, {}) for part in ("run", "report")] if isinstance(tool, dict) else []
    return {
        key: [str(one) for one in (value if isinstance(value, list) else [value])]
        for part in parts
        if isinstance(part, dict)
        for key, value in part.items()
    }


def _compiles(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except re.error:
        return False
    return "\n" not in pattern and len(pattern) < 500
