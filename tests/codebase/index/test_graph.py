"""Imports resolved to files, in each language."""

from __future__ import annotations

import time

import pytest

from bot.codebase.api_surface import api_surface
from bot.codebase.graph import Graph
from bot.codebase.impact import NoSuchPlace, covering, impact
from bot.codebase.impact import tests_for as worth_running
from bot.codebase.snapshot import Snapshot
from bot.codebase.store import Store
from bot.codebase.symbols import Symbols
from tests.codebase.index.conftest import Repository

PYTHON = {
    "src/pkg/__init__.py": "from .core import Engine\nfrom ._impl import *\n",
    "src/pkg/core.py": "from . import names\nfrom .deep.low import low\nclass Engine:\n"
    "    def run(self):\n        return low(names.LIMIT)\n",
    "src/pkg/names.py": "LIMIT = 3\n",
    "src/pkg/_impl.py": "def hidden_away(): pass\n",
    "src/pkg/deep/__init__.py": "",
    "src/pkg/deep/low.py": "from ... import nothing\nfrom ..core import Engine\n"
    "def low(x): return x\n",
    "src/pkg/logging.py": "import logging\n",
    "tests/test_core.py": "from pkg import Engine, hidden_away\n"
    "import pkg.names as n\nfrom helper import h\ndef test_run():\n    Engine().run()\n",
    "tests/helper.py": "def h(): pass\n",
    "tests/other/test_plain.py": "import pkg\ndef test_low():\n    pkg.deep.low.low(1)\n",
}


@pytest.fixture
def graph(repository: Repository, store: Store) -> Graph:
    repository.commit(PYTHON)
    return Graph.of(Snapshot.at(repository.git_dir, "HEAD", store))


def test_python_imports_lead_to_files(graph: Graph) -> None:
    p = "src/pkg"
    assert graph.imports(f"{p}/__init__.py") == (f"{p}/_impl.py", f"{p}/core.py")
    assert graph.imports(f"{p}/core.py") == (f"{p}/deep/low.py", f"{p}/names.py")
    assert graph.imports(f"{p}/deep/low.py") == (f"{p}/core.py",)
    assert graph.imports(f"{p}/logging.py") == ()
    assert graph.outside(f"{p}/logging.py") == ("logging",)


def test_a_name_that_a_package_passes_on_leads_to_where_it_is_defined(graph: Graph) -> None:
    assert graph.imports("tests/test_core.py") == (
        "src/pkg/__init__.py", "src/pkg/_impl.py", "src/pkg/core.py", "src/pkg/names.py",
        "tests/helper.py",
    )  # fmt: skip
    assert "tests/test_core.py" in graph.importers("src/pkg/core.py")


def test_cycles_and_distances(graph: Graph) -> None:
    assert graph.cycles() == [("src/pkg/core.py", "src/pkg/deep/low.py")]
    assert graph.dependents(["src/pkg/names.py"]) == {
        "src/pkg/core.py": 1,
        "tests/test_core.py": 1,
        "src/pkg/__init__.py": 2,
        "src/pkg/deep/low.py": 2,
        "tests/other/test_plain.py": 3,
    }


def test_what_a_change_touches(graph: Graph) -> None:
    snapshot, symbols = graph.snapshot, Symbols.of(graph.snapshot)
    found = impact(snapshot, graph, symbols, "src/pkg/core.py", "Engine.run")
    assert [(c.path, c.line, c.inside) for c in found.callers] == [
        ("tests/test_core.py", 5, "test_run")
    ]
    assert found.files() == ("src/pkg/core.py", "tests/test_core.py")
    whole = impact(snapshot, graph, symbols, "src/pkg/deep/low.py")
    assert {(c.path, c.line) for c in whole.callers} == {
        ("src/pkg/core.py", 2), ("src/pkg/core.py", 5), ("tests/other/test_plain.py", 3)
    }  # fmt: skip
    tests = covering(snapshot, graph, symbols, "src/pkg/core.py")
    assert [(t.path, t.reason) for t in tests] == [
        ("tests/test_core.py", "uses"), ("tests/other/test_plain.py", "through")
    ]  # fmt: skip
    with pytest.raises(NoSuchPlace):
        impact(snapshot, graph, symbols, "src/pkg/core.py", "Engine.walk")
    with pytest.raises(NoSuchPlace):
        covering(snapshot, graph, symbols, "nowhere.py")


OTHERS = {
    # TypeScript
    "tsconfig.json": '{ // the usual\n "compilerOptions": {"paths": {"@/*": ["./web/*"],}},}',
    "web/index.ts": "export * from './lib/thing';\n",
    "web/lib/thing.ts": "export class Thing {}\n",
    "web/app.tsx": "import { Thing } from '.';\nimport x from './lib/thing.js';\n"
    "import '@/lib/more';\n",
    "web/lib/more/index.js": "module.exports = {}\n",
    "packages/kit/package.json": '{"name": "@me/kit"}',
    "packages/kit/src/index.ts": "export const kit = () => 1\n",
    "web/uses.ts": "import { kit } from '@me/kit';\nimport React from 'react';\n",
    # Go
    "go.mod": "module example.org/m\n",
    "main.go": 'package main\nimport "example.org/m/store"\nfunc main() { store.Open(); part() }\n',
    "part.go": "package main\nfunc part() {}\n",
    "store/open.go": "package store\nfunc Open() {}\n",
    "store/shut.go": "package store\nfunc Shut() {}\n",
    # Rust
    "crate/Cargo.toml": '[package]\nname = "my-crate"\n',
    "crate/src/lib.rs": "mod a;\npub mod b;\n",
    "crate/src/a.rs": "use crate::b::c::Deep;\nuse super::b;\n",
    "crate/src/b/mod.rs": "pub mod c;\n",
    "crate/src/b/c.rs": "pub struct Deep;\n",
    "crate/tests/t.rs": "use my_crate::b::c::Deep;\n",
    # Java
    "j/src/org/a/One.java": "package org.a;\nimport org.b.Two;\nclass One { Near near; }\n",
    "j/src/org/a/Near.java": "package org.a;\nclass Near {}\n",
    "j/src/org/b/Two.java": "package org.b;\nimport static org.a.One.x;\npublic class Two {}\n",
    # C
    "c/main.c": '#include "util.h"\n#include <sys/deep.h>\n#include <stdio.h>\n'
    "int main(void) { return 0; }\n",
    "c/util.h": "int util(void);\n",
    "c/include/sys/deep.h": "int deep(void);\n",
}


def test_imports_of_the_other_languages_lead_to_files(repository: Repository, store: Store) -> None:
    repository.commit(OTHERS)
    graph = Graph.of(Snapshot.at(repository.git_dir, "HEAD", store))
    found = {path: graph.imports(path) for path in OTHERS if graph.imports(path)}
    assert found == {
        "web/index.ts": ("web/lib/thing.ts",),
        "web/app.tsx": ("web/index.ts", "web/lib/more/index.js", "web/lib/thing.ts"),
        "web/uses.ts": ("packages/kit/src/index.ts",),
        "main.go": ("part.go", "store/open.go"),
        "crate/src/lib.rs": ("crate/src/a.rs", "crate/src/b/mod.rs"),
        "crate/src/a.rs": ("crate/src/b/c.rs", "crate/src/b/mod.rs"),
        "crate/src/b/mod.rs": ("crate/src/b/c.rs",),
        "crate/tests/t.rs": ("crate/src/b/c.rs",),
        "j/src/org/a/One.java": ("j/src/org/a/Near.java", "j/src/org/b/Two.java"),
        "j/src/org/b/Two.java": ("j/src/org/a/One.java",),
        "c/main.c": ("c/include/sys/deep.h", "c/util.h"),
    }


def test_the_api_surface_has_doors_that_only_a_place_gives(
    repository: Repository, store: Store
) -> None:
    repository.commit(
        {
            "app/management/commands/sync.py": "class Command: pass\n",
            "pyproject.toml": '[project]\nname = "x"\nscripts = {run-it = "app.cli:main"}\n',
            "app/cli.py": "def main(): pass\n",
            "pages/api/users/index.ts": "export default function handler() {}\n",
            "tests/test_x.py": "@app.route('/only-a-test')\ndef x(): pass\n",
        }
    )
    doors = api_surface(Snapshot.at(repository.git_dir, "HEAD", store))
    assert [(d.path, d.entry.kind, d.entry.name) for d in doors] == [
        ("app/cli.py", "command", "run-it"),
        ("app/management/commands/sync.py", "command", "sync"),
        ("pages/api/users/index.ts", "route", "* /api/users"),
    ]


def test_configuration_that_is_rubbish_resolves_to_nothing(
    repository: Repository, store: Store
) -> None:
    repository.commit(
        {
            "tsconfig.json": "[" * 50_000,
            "package.json": '{"name": 3}',
            "Cargo.toml": "= = =",
            "go.mod": b"\xff\xfe module",
            "pyproject.toml": "[project\n",
            "a.ts": "import x from 'x'; import '../../../../etc/passwd';\n",
            "a.py": "from ........ import x\nfrom .....y import z\n",
        }
    )
    snapshot = Snapshot.at(repository.git_dir, "HEAD", store)
    graph = Graph.of(snapshot)
    assert graph.edges() == 0
    assert api_surface(snapshot) == []


def test_tests_worth_running_are_those_of_all_changed_paths_the_surest_first(repository, store):
    repository.commit(
        {
            "pkg/__init__.py": "",
            "pkg/one.py": "def first():\n    return 1\n",
            "pkg/two.py": "from pkg.one import first\n\ndef second():\n    return first()\n",
            "tests/conftest.py": "",
            "tests/helpers.py": "from pkg.one import first\n",
            "tests/test_one.py": "from pkg.one import first\n\ndef test_it():\n    first()\n",
            "tests/test_two.py": "from pkg.two import second\n\ndef test_it():\n    second()\n",
            "tests/test_gone.py": "def test_it():\n    pass\n",
            "tests/deep/test_deep.py": "def test_it():\n    pass\n",
        }
    )
    snapshot = Snapshot.at(repository.git_dir, "HEAD", store)
    known = snapshot, Graph.of(snapshot), Symbols.of(snapshot)

    def named(*changed: str) -> list[str]:
        return [one.path for one in worth_running(*known, changed)]

    assert named("pkg/one.py") == ["tests/test_one.py", "tests/test_two.py"]
    assert named("pkg/gone.py") == ["tests/test_gone.py"]
    assert named("tests/deep/test_deep.py") == ["tests/deep/test_deep.py"]
    assert named("pkg/two.py", "pkg/gone.py") == ["tests/test_two.py", "tests/test_gone.py"]
    assert len(named("tests/conftest.py")) == 4
    assert named() == named("README.md") == []


def test_configurations_made_to_be_slow_are_read_once(repository, store):
    repository.commit(
        {
            "a.ts": "export const a = 1\n",
            "tsconfig.json": '"\\' * 200_000,
            "jsconfig.json": "/*" * 200_000,
            "package.json": '{"a":' * 100_000,
        }
    )
    begun = time.process_time()
    Graph.of(Snapshot.at(repository.git_dir, "HEAD", store))
    assert time.process_time() - begun < 5  # read again from each quote on: hours
