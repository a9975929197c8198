"""What projects in Go, Rust, Java and Ruby write down that they depend on.

Promises: as `bot.families.manifests`: each requirement is shown once and every other byte stays. A
version that is no plain number (a branch, a pseudo-version, a range) is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import PurePosixPath

from packaging.utils import canonicalize_name

# line, name, constraint -> the new constraint, or None to leave it
Show = Callable[[int, str, str], str | None]

NAMES = {"go.mod", "Cargo.toml", "pom.xml", "Gemfile", "build.gradle", "build.gradle.kts"}
_NUMBER = r"\d+(?:\.\d+){0,3}"
_GO = re.compile(
    rf"^(?P<head>\s*(?:require\s+)?)(?P<name>[\w.-]+\.[\w.-]+/[\w./~-]+)\s+v(?P<v>{_NUMBER})"
    r"(?=\s*(?://.*)?$)"
)
_CARGO_SECTION = re.compile(r"^\s*\[(?P<name>[^\]]+)\]\s*(?:#.*)?$")
_CARGO_LINE = re.compile(
    rf"^\s*(?P<name>[\w-]+)\s*=\s*(?:\"|\{{[^\"}}]*?\bversion\s*=\s*\")(?P<v>[\^~=]?\s*{_NUMBER})\""
)
_CARGO_VERSION = re.compile(rf"^\s*version\s*=\s*\"(?P<v>[\^~=]?\s*{_NUMBER})\"")
_GEM = re.compile(
    rf"^\s*gem\s*\(?\s*(?P<q>['\"])(?P<name>[\w-]+)(?P=q)\s*,\s*(?P<p>['\"])"
    rf"(?P<v>(?:~>|>=|=)?\s*{_NUMBER})(?P=p)"
)
_GRADLE = re.compile(
    rf"^\s*(?!//)\w+\s*\(?\s*(?P<q>['\"])(?P<name>[\w.-]+:[\w.-]+):(?P<v>{_NUMBER})(?P=q)"
)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_MAVEN = re.compile(r"<dependency>(?P<inside>.*?)</dependency>", re.DOTALL)
_TAG = r"<{0}>\s*(?P<v>[^<\s]+)\s*</{0}>"


def is_one(path: str) -> bool:
    return PurePosixPath(path).name in NAMES


def walk(path: str, content: str, show: Show) -> str:
    """The text after each requirement was shown."""
    name = PurePosixPath(path).name
    if name == "pom.xml":
        return _maven(content, show)
    if name == "Cargo.toml":
        return _cargo(content, show)
    pattern = _GO if name == "go.mod" else _GEM if name == "Gemfile" else _GRADLE
    return _lines(content, show, pattern, ruby=name == "Gemfile")


def _lines(content: str, show: Show, pattern: re.Pattern[str], ruby: bool) -> str:
    out = []
    for number, line in enumerate(content.splitlines(keepends=True), 1):
        found = pattern.match(line)
        if found:
            told = found["v"].replace("~>", "~=") if ruby else found["v"]
            told = re.sub(r"^=\s*", "==", told) if ruby else told
            new = show(number, _name(found["name"]), told)
            line = _with(line, found, _ruby(found["v"], new) if ruby else new)
        out.append(line)
    return "".join(out)


def _ruby(old: str, new: str | None) -> str | None:
    if new is None:
        return None
    said = re.sub(r"^={2}", "= " if old.startswith("=") else "", new.replace("~=", "~>"))
    return re.sub(r"^= +", "= ", said)


def _cargo(content: str, show: Show) -> str:
    out, section = [], ""
    for number, line in enumerate(content.splitlines(keepends=True), 1):
        if header := _CARGO_SECTION.match(line):
            section = header["name"].strip()
        table, _, own = section.rpartition(".")
        found: re.Match[str] | None = None
        name = ""
        if re.search(r"(^|[.-])dependencies$", section):
            found = _CARGO_LINE.match(line)
            name = found["name"] if found else ""
        elif re.search(r"(^|[.-])dependencies$", table):
            found, name = _CARGO_VERSION.match(line), own
        if found:
            line = _with(line, found, show(number, _name(name), found["v"]))
        out.append(line)
    return "".join(out)


def _maven(content: str, show: Show) -> str:
    hidden = [found.span() for found in _COMMENT.finditer(content)]
    edits: dict[tuple[int, int], str] = {}
    for block in _MAVEN.finditer(content):
        if any(start <= block.start() < end for start, end in hidden):
            continue
        group, artifact, version = (
            re.search(_TAG.format(one), block["inside"])
            for one in ("groupId", "artifactId", "version")
        )
        if not (group and artifact and version):
            continue
        base = block.start("inside")
        at, told = (base + version.start("v"), base + version.end("v")), version["v"]
        if named := re.fullmatch(r"\$\{([\w.-]+)\}", told):
            found = [*re.finditer(_TAG.format(re.escape(named[1])), content)]
            if len(found) != 1:
                continue
            at, told = found[0].span("v"), found[0]["v"]
        if not re.fullmatch(_NUMBER, told):
            continue
        line = content.count("\n", 0, at[0]) + 1
        new = show(line, _name(f"{group['v']}:{artifact['v']}"), told)
        if new and new != told:
            edits[at] = new
    for (start, end), new in sorted(edits.items(), reverse=True):
        content = content[:start] + new + content[end:]
    return content


def _with(line: str, found: re.Match[str], new: str | None) -> str:
    return line if new is None else line[: found.start("v")] + new + line[found.end("v") :]


def _name(name: str) -> str:
    return str(canonicalize_name(name))
