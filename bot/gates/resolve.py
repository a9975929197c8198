"""Which version of a package one would get today, for requirements that name none.

Promises: asked of the package installer itself, in the sandbox, with a network and no secret; what
cannot be told is said to be unknown. Never: installs anything.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence

from packaging.utils import canonicalize_name

from bot.gates.added_packages import Package
from bot.gates.workbench import Workbench
from bot.workspace.environment import find_tool
from bot.workspace.package_index import PackageIndex
from bot.workspace.sandbox import Limits

_UV = "/tools/uv"
_LIMITS = Limits(cpu_s=120, wall_s=120, processes=256, files=4096)


def resolve(bench: Workbench, loose: Sequence[Package]) -> tuple[list[Package], list[str]]:
    """(what one would get, transitive packages included; why the others are unknown)."""
    if bench.choices.offline:
        return [], [f"{one.asked}: offline" for one in loose]
    found: list[Package] = []
    unknown: list[str] = []
    python = [one for one in loose if one.ecosystem == "PyPI"]
    if python:
        got, why = _python(bench, python)
        found += got
        unknown += [why] if why else []
    for one in loose:
        if one.ecosystem == "npm":
            version = _npm(bench, one)
            if version:
                found.append(Package("npm", one.name, version, one.asked, one.file, one.line))
            else:
                unknown.append(f"{one.asked}: npm gave no version")
        elif one.ecosystem != "PyPI":
            unknown.append(f"{one.asked}: no exact version")
    return found, unknown


def _python(bench: Workbench, loose: Sequence[Package]) -> tuple[list[Package], str]:
    folder, cache = bench.folder(), bench.folder()
    (folder / "asked.txt").write_text("\n".join(one.asked for one in loose) + "\n")
    program = bench.toolbox.program("python")
    index = PackageIndex.of(os.environ)
    with bench.way_out() as way:
        run = way.run(
            [_UV, "pip", "compile", "--quiet", "--no-header", "--no-annotate", "--system-certs",
             "--python", program.path, "/asked/asked.txt"],
            readonly={**{str(place): place for place in index.folders}, **program.readonly,
                      _UV: find_tool("uv"), "/asked": folder},
            writable={"/cache": cache},
            env={**index.env, "UV_CACHE_DIR": "/cache", "UV_PYTHON_DOWNLOADS": "never",
                 "NO_COLOR": "1"},
            limits=_LIMITS,
        )  # fmt: skip
    if not run.ok:
        return [], "cannot be resolved: " + " ".join(run.last(600).split())[-300:]
    by_name = {canonicalize_name(one.name): one for one in loose}
    found = []
    for name, version in re.findall(r"^([\w.-]+)(?:\[[\w,-]+\])?==([\w.+!-]+)", run.text, re.M):
        asked = by_name.get(canonicalize_name(name), loose[0])
        found.append(
            Package("PyPI", canonicalize_name(name), version, asked.asked, asked.file, asked.line)
        )
    return found, ""


def _npm(bench: Workbench, one: Package) -> str:
    if not re.fullmatch(r"(@[\w.-]+/)?[\w.-]+", one.name):
        return ""
    with bench.way_out() as way:
        run = way.run(
            ["npm", "view", "--json", "--", one.asked, "version"],
            env={**PackageIndex.of(os.environ).env, "npm_config_cache": "/tmp/npm",  # noqa: S108
                 "NO_COLOR": "1"},
            limits=_LIMITS,
        )  # fmt: skip
    try:
        told = json.loads(run.text) if run.ok else ""
    except ValueError:
        return ""
    last = told[-1] if isinstance(told, list) and told else told
    return last if isinstance(last, str) else ""
