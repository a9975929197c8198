"""What scanners find in a Dockerfile and can be written in one other way (B11).

Promises: the image stays what it was; what would make another image (a version, a user, packages)
is told with its line and left to people. Never: builds anything or asks a registry.

add         ADD of files of the project → COPY (DL3020, DS005, CKV_DOCKER_4)
maintainer  MAINTAINER → LABEL maintainer (DL4000, DS022)
shell_form  CMD or ENTRYPOINT of plain words → a list (DL3025)
apt_yes     apt-get install without -y → with it (DL3014, DS021)
pip_cache   pip install → with --no-cache-dir (DL3042)
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

from bot.families.rewrite.words import words_of_command
from bot.families.workflow_tree import Fixed

_INSTRUCTION = re.compile(
    r"^[ \t]*(?P<word>[A-Za-z]+)(?P<gap>[ \t]+)(?P<rest>[^\n]*)", re.MULTILINE
)
_ARCHIVE = re.compile(r"\.(?:tar|tgz|tbz2?|txz|tar\.\w+|gz|bz2|xz|zst)$", re.IGNORECASE)
_FAR = re.compile(r"^[a-z][a-z0-9+.-]*://|^git@|\$|[*?\[]|<<", re.IGNORECASE)
_APT = re.compile(
    r"\bapt(?:-get)?\s+(?:-\S+\s+)*install\b(?!\s+[^\n&|;]*-(?:y|-yes|-assume-yes)\b)"
)
_SURE = re.compile(r"\bapt(?:-get)?\s+-(?:y|q*y|-yes|-assume-yes)\b")
_PIP = re.compile(r"\b(?:pip3?|python3? -m pip)\s+install\b")
_USER = "which user it may run as, and which files it writes, is for a person to say"
_VERSION = "which version it is built from is for a person to say"


def add(text: str) -> Fixed:
    """ADD that takes no archive and nothing from afar is COPY."""
    return _each(text, "ADD", _copied)


def _copied(rest: str) -> str:
    if rest.endswith("\\"):
        raise ValueError("the instruction goes on in the next line")
    given = json.loads(rest) if rest.startswith("[") else rest.split()
    paths = [one for one in given if not one.startswith("--chown=")]
    if any(one.startswith("--") for one in paths) or len(paths) < 2:
        raise ValueError("what its options do is not known")
    if any(_FAR.search(one) or _ARCHIVE.search(one) for one in paths[:-1]):
        raise ValueError("it may fetch or unpack something, which COPY does not")
    return f"COPY {rest}"


def maintainer(text: str) -> Fixed:
    """MAINTAINER as the label that took its place."""
    return _each(text, "MAINTAINER", lambda rest: f"LABEL maintainer={json.dumps(_bare(rest))}")


def _bare(rest: str) -> str:
    if "$" in rest or "\\" in rest:
        raise ValueError("it is put together while it is built")
    return rest.strip().strip('"')


def shell_form(text: str) -> Fixed:
    """CMD and ENTRYPOINT without a shell around them."""
    one = _each(text, "CMD", lambda rest: _listed("CMD", rest))
    two = _each(one.text, "ENTRYPOINT", lambda rest: _listed("ENTRYPOINT", rest))
    return Fixed(two.text, one.changed + two.changed, (*one.left, *two.left))


def _listed(word: str, rest: str) -> str:
    if rest.startswith("["):
        return f"{word} {rest}"
    words = words_of_command(rest)
    if words is None:
        raise ValueError("the command needs what a shell does")
    return f"{word} {json.dumps(words)}"


def apt_yes(text: str) -> Fixed:
    """Installs that do not ask."""

    def yes(found: re.Match[str]) -> str:
        return found[0] if _SURE.match(found[0]) else f"{found[0]} -y"

    return _told(text, _APT, yes)


def pip_cache(text: str) -> Fixed:
    """Installs that leave no cache in the image."""

    def bare(found: re.Match[str]) -> str:
        end = text.find("\n", found.end())
        rest = text[found.end() : end if end >= 0 else None]
        return found[0] if "--no-cache-dir" in rest else f"{found[0]} --no-cache-dir"

    return Fixed(text) if "PIP_NO_CACHE_DIR" in text else _told(text, _PIP, bare)


def user(text: str) -> Fixed:
    """Nothing: a user has to own what the program writes."""
    named: list[re.Match[str]] = []
    for one in _INSTRUCTION.finditer(text):
        word = one["word"].upper()
        named = [] if word == "FROM" else [*named, one] if word == "USER" else named
    if named and named[-1]["rest"].strip() not in ("root", "0", "0:0", "root:root"):
        return Fixed(text)
    return Fixed(text, left=((_line(text, named[-1].start()) if named else 1, _USER),))


def version(text: str) -> Fixed:
    """Nothing: which version is meant is not in the file."""
    stages = {m[1].lower() for m in re.finditer(r"(?im)^\s*FROM\s.*\sAS\s+(\S+)", text)}
    left = []
    for found in _INSTRUCTION.finditer(text):
        if found["word"].upper() != "FROM":
            continue
        words = [one for one in found["rest"].split() if not one.startswith("--")]
        image = words[0] if words else ""
        tag = image.rpartition("/")[2].partition(":")[2]
        if image.lower() in {*stages, "scratch", ""} or "@" in image or "$" in image:
            continue
        if tag in ("", "latest"):
            left.append((_line(text, found.start()), f"{image}: {_VERSION}"))
    return Fixed(text, left=tuple(left))


def _each(text: str, word: str, change: Callable[[str], str]) -> Fixed:
    """Each instruction of one kind as `change` has it; ValueError says why it stays."""
    out, at, count, left = [], 0, 0, []
    for found in _instructions(text, word):
        try:
            new = change(found["rest"].rstrip())
        except ValueError as error:
            why = "it cannot be read" if isinstance(error, json.JSONDecodeError) else str(error)
            left.append((_line(text, found.start()), why))
            continue
        start, end = found.start("word"), found.start("rest") + len(found["rest"].rstrip())
        count += text[start:end] != new
        if text[start:end].upper() != new.upper():
            out += [text[at:start], new]
            at = end
    return Fixed("".join([*out, text[at:]]), count, tuple(left))


def _instructions(text: str, word: str) -> Iterator[re.Match[str]]:
    """Those of one kind that begin a line which no other goes on into."""
    for found in _INSTRUCTION.finditer(text):
        ahead = text[: found.start()].rstrip("\n")
        if found["word"].upper() == word and not ahead.endswith(("\\", "`")):
            yield found


def _told(text: str, pattern: re.Pattern[str], change: Callable[[re.Match[str]], str]) -> Fixed:
    count = 0

    def one(found: re.Match[str]) -> str:
        nonlocal count
        before = text[text.rfind("\n", 0, found.start()) + 1 : found.start()]
        new = found[0] if before.lstrip().startswith("#") else change(found)
        count += new != found[0]
        return new

    return Fixed(pattern.sub(one, text), count)


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1
