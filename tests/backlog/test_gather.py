"""Everything that a repository says there is to do, by the names of its configuration."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from bot.backlog.gather import IN_TREE, in_tree
from bot.backlog.reading import of_one_look
from bot.backlog.sources import local_audit
from bot.backlog.store import Backlog
from bot.codebase.blobs import Listed
from bot.gates.gate import GateFinding, GateResult
from bot.story.item_events import ItemState
from tests.backlog.samples import REPO

PLAN = "- [ ] Log-in times out\n"


class Tree:
    """Files as `bot.codebase.blobs.Blobs` gives them."""

    def __init__(self, **files: str) -> None:
        self.files = {path: text.encode() for path, text in files.items()}

    def listed(self) -> list[Listed]:
        return [Listed(path, path, len(data)) for path, data in sorted(self.files.items())]

    def read(self, files: Iterable[Listed]) -> Iterator[tuple[Listed, bytes]]:
        for one in files:
            yield one, self.files[one.path]


FILES = {
    "BACKLOG.md": PLAN,
    "docs/todo.yml": "- title: Export as CSV\n",
    "docs/notes.md": "- [ ] Somebody's note\n",
    "docs/adr/0001-x.md": "# 1. Use X\n\n## Status\n\nProposed\n",
    "trivy.json": json.dumps({"SchemaVersion": 2, "ArtifactName": "a", "Results": [{"Target": "a",
                  "Vulnerabilities": [{"VulnerabilityID": "CVE-2024-2", "PkgName": "p"}]}]}),
    "tests/data/BACKLOG.md": "- [ ] Test data\n",
    "vendor/x/BACKLOG.md": "- [ ] Somebody else's\n",
    ".github/PULL_REQUEST_TEMPLATE.md": "- [ ] I have tested it\n",
    "package.json": '{"name": "x", "description": "y", "version": "1"}',
    "docker-compose.yml": "services:\n  db:\n    image: x\n",
    "openapi.yaml": "paths:\n  /x:\n    get:\n      summary: Reads x\n      tags: [x]\n",
    "k8s.yml": "kind: Pod\nspec:\n  env:\n    - {name: PORT, value: 8}\n",
    "play.yml": "- name: Install\n  apt: {name: x, state: present}\n  become: yes\n",
    "schema.json": '{"fields": [{"name": "a", "type": "test"}, {"name": "b", "type": "bug"}]}',
    "work.json": '[{"title": "Work of ours", "size": 3, "status": "open"}]',
    "pyproject.toml": '[project]\nname = "x"\n',
}  # fmt: skip


def places(*wanted: str) -> set[str]:
    return {one.place for one in in_tree(Tree(**FILES), wanted) if one.sightings}


def test_each_kind_of_document_is_read_where_it_is_wanted() -> None:
    assert places("backlog_md") == {"BACKLOG.md"}
    assert places("backlog_yml") == {"docs/todo.yml"}
    assert places("container_scan") == {"trivy.json"}
    assert places("documents") == {"docs/notes.md", "docs/adr/0001-x.md", "work.json"}
    assert places() == set()


def test_a_document_that_was_deleted_ends_what_it_asked_for(backlog: Backlog) -> None:
    for one in in_tree(Tree(**FILES), IN_TREE):
        backlog.take(REPO, one)
    assert backlog.counts(REPO) == {"NEW": 6}
    less = Tree(**{path: text for path, text in FILES.items() if path != "BACKLOG.md"})
    for one in in_tree(less, ("backlog_yml",), backlog.places(REPO)):
        backlog.take(REPO, one)
    assert backlog.counts(REPO) == {"NEW": 6}
    for one in in_tree(less, IN_TREE, backlog.places(REPO)):
        backlog.take(REPO, one)
    assert backlog.counts(REPO) == {"NEW": 5, "DONE": 1}


def result(name: str, *findings: GateFinding, status: str = "fail") -> GateResult:
    return GateResult(name, status, True, "said", findings)  # type: ignore[arg-type]


def test_our_own_gates_tell_of_code_and_packages(backlog: Backlog) -> None:
    words = "requests 2.0: leaks a password; fixed in 2.32.0"
    results = [
        result("security", *(GateFinding("a.py", n, "sql", "tainted") for n in (3, 9))),
        result("dependencies", GateFinding("r.txt", 1, "dependencies/GHSA-9wx4-h78v-vm56", words)),
        result("lint", GateFinding("a.py", 1, "E501", "long")),
    ]
    for one in local_audit.read(results):
        backlog.take(REPO, one)
    code, package = (backlog.item(REPO, number) for number in (1, 2))
    assert (code.title, code.inputs.size.number) == ("A finding (sql) in a.py", 2)
    assert package.title == "GHSA-9wx4-h78v-vm56: Upgrade requests to 2.32.0"
    assert package.sightings[0].identities == ("advisory:GHSA-9WX4-H78V-VM56|requests",)
    could_not = GateFinding("", None, "security/cannot-look", "no tool")
    for one in local_audit.read([result("security", could_not, status="error")]):
        assert (one.complete, one.sightings) == (False, ())
        backlog.take(REPO, one)
    assert backlog.item(REPO, 1).state is ItemState.NEW


def test_an_entry_that_moved_is_not_taken_for_an_edited_one(backlog: Backlog) -> None:
    def look(checklist: str, table: str, other: str) -> None:
        plan = f"# Plan\n\n- [ ] {checklist}\n\n| Title | Size |\n|---|---|\n| {table} | 3 |\n"
        files = {"BACKLOG.md": plan, "plans/backlog.yml": f"- title: {other}\n"}
        told = of_one_look(list(in_tree(Tree(**files), IN_TREE, backlog.places(REPO))))
        for one in told:
            backlog.take(REPO, one)

    pages = [f"Make page {n:03} of the shop nicer" for n in range(6)]
    look(*pages[:3])
    before = {one.title: one.number for one in backlog.items(REPO)}
    for number in before.values():
        backlog.move(REPO, number, ItemState.READY)
    look(pages[3], pages[0], pages[1])
    items = {one.title: one for one in backlog.items(REPO, (ItemState.NEW, ItemState.READY))}
    assert {pages[0], pages[1], pages[3]} <= items.keys()
    for title in pages[:2]:
        assert (items[title].number, items[title].state) == (before[title], ItemState.READY)


def test_a_path_that_is_no_text_is_read_like_others(backlog: Backlog) -> None:
    tree = Tree(**{"docs/caf\udce9/todo.yml": "- title: Export as CSV\n"})
    for _ in range(2):
        for one in in_tree(tree, IN_TREE, backlog.places(REPO)):
            backlog.take(REPO, one)
    assert backlog.counts(REPO) == {"NEW": 1}
