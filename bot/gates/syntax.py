"""Files that no parser reads any more: JSON, TOML, YAML, JavaScript and TypeScript.

Python is left to the linter, which knows the version that the project is written for.
Promises: a file that the base's parser did not read either is not held against the change.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable

import tree_sitter
import tree_sitter_javascript
import tree_sitter_typescript
import yaml

from bot.gates.change import Change
from bot.gates.problems import Problem

LANGUAGES: dict[str, Callable[[], object]] = {
    ".js": tree_sitter_javascript.language,
    ".mjs": tree_sitter_javascript.language,
    ".cjs": tree_sitter_javascript.language,
    ".jsx": tree_sitter_javascript.language,
    ".ts": tree_sitter_typescript.language_typescript,
    ".mts": tree_sitter_typescript.language_typescript,
    ".tsx": tree_sitter_typescript.language_tsx,
}
_COMMENTED = ("tsconfig", "jsconfig", ".eslintrc", "devcontainer", "settings", "launch")


def broken_files(change: Change) -> list[Problem]:
    """One problem for each file that became unreadable."""
    found = []
    for path in change.kept:
        suffix = path[path.rfind(".") :] if "." in path else ""
        text = change.head_text(path)
        if text is None or not (why := _broken(path, suffix, text)):
            continue
        before = change.base_text(path)
        if before is None or not _broken(path, suffix, before):
            found.append(Problem(path, why[0], "syntax", why[1]))
    return found


def _broken(path: str, suffix: str, text: str) -> tuple[int | None, str] | None:
    """(line, why), or None for what can be read or is of no kind that we know."""
    try:
        if suffix == ".json" and not path.rpartition("/")[2].startswith(_COMMENTED):
            json.loads(text)
        elif suffix == ".toml":
            tomllib.loads(text)
        elif suffix in (".yml", ".yaml") and len(text) < 200_000 and "{{" not in text:
            for _ in yaml.parse(text, Loader=yaml.SafeLoader):
                pass
        elif suffix in LANGUAGES and len(text) < 1_000_000:
            return _unparsed(suffix, text)
    except json.JSONDecodeError as problem:
        return problem.lineno, f"no JSON: {problem.msg}"
    except tomllib.TOMLDecodeError as problem:
        return None, f"no TOML: {problem}"
    except yaml.YAMLError as problem:
        mark = getattr(problem, "problem_mark", None)
        return (mark.line + 1 if mark else None), f"no YAML: {getattr(problem, 'problem', '')}"
    except RecursionError:
        return None, "nested too deeply to be read"
    return None


def _unparsed(suffix: str, text: str) -> tuple[int | None, str] | None:
    parser = tree_sitter.Parser(tree_sitter.Language(LANGUAGES[suffix]()))
    root = parser.parse(text.encode()).root_node
    if not root.has_error:
        return None
    nodes = [root]
    while nodes:
        node = nodes.pop()
        if node.is_error or node.is_missing:
            return node.start_point[0] + 1, "cannot be parsed"
        nodes += [child for child in reversed(node.children) if child.has_error or child.is_missing]
    return None, "cannot be parsed"
