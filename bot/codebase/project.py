"""One commit of a repository as prompts need it: profile, instructions, context (C5, M10, M11).

Promises: the same commit and text give the same answers in any process; what a blob says is worked
out once and kept in the store. Never: a model call, the network, or a word that is not the
repository's or a finding about it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from functools import cache, cached_property
from pathlib import Path, PurePosixPath

from bot.codebase import conventions, instructions
from bot.codebase.caches import Memory, Rate, digest
from bot.codebase.context import Context, Ranked, build
from bot.codebase.facts import NOTHING, FileFacts
from bot.codebase.graph import Graph
from bot.codebase.history import History
from bot.codebase.impact import Covering, covering, tests_for
from bot.codebase.profile import ProjectProfile
from bot.codebase.roles import is_test_file
from bot.codebase.search import FoundFile, Search, history_of
from bot.codebase.snapshot import Snapshot
from bot.codebase.store import Store
from bot.codebase.symbols import Symbols
from bot.codebase.tally import Asked, Tally, read_tallies
from bot.workspace.git import git

FOUND = 24  # search results that are considered
SMALL = 40  # files of a repository that is small enough to show what nothing speaks for, too
SUBJECTS = 200  # commits whose subjects are looked at
TESTS = 2  # test files shown beside the sources,
TESTS_AFTER = 6  # and where in the order
NAMED = 3  # files of other kinds that the text names,
NAMED_AFTER = 2  # and where in the order
SECRET = re.compile(
    r"\.(?:pem|key|p12|pfx|lock|map|min\.js|min\.css)$|(?:^|/)\.env[^/]*$|"
    r"(?:^|/)(?:id_rsa|credentials|secrets?)[^/]*$|(?:^|/)package-lock\.json$"
)
"""Files that are never shown: they look secret, or nobody wrote them by hand."""
BESIDE = re.compile(
    r"(?:^|/)\.git(?:ignore|attributes|-blame|hub/ISSUE|hub/PULL)|"
    r"(?:^|/)(?:LICEN[CS]E|COPYING|AUTHORS|MANIFEST\.in|py\.typed)[^/]*$|"
    r"\.(?:css|bat|svg)$|(?:^|/)docs/(?:conf\.py|Makefile|requirements\.txt)$",
    re.IGNORECASE,
)
"""Files that tell nothing of the code: shown when the text asks for them, not to fill up."""
_NAME = re.compile(r"[\w./-]*\w\.\w+|\b(?:Makefile|Dockerfile|LICENSE)\b|\.\w[\w.-]*\w")
COVERING = 4  # tests, and users, of a changed file that a reviewer is shown
_BOUNDS = {"files": FOUND, "definitions": 1_000}


_searches: Memory[Sequence[Ranked]] = Memory("searches", 64)
_profiles: Memory[ProjectProfile] = Memory("conventions", 16)


class Project:
    """What a prompt is told of one snapshot. `subjects`: of its last commits, newest first."""

    def __init__(
        self,
        snapshot: Snapshot,
        history: Callable[[], History] = lambda: History(()),
        subjects: Callable[[], Sequence[str]] = tuple,
    ) -> None:
        self.snapshot = snapshot
        self.tallies = Rate("style of files")
        self._history, self._subjects = history, subjects

    @classmethod
    def at(cls, git_dir: Path, commit: str, store: Store) -> Project:
        """A commit (any revision); NoSuchRevision, GitFailed."""
        return cls.of(Snapshot.at(git_dir, commit, store), git_dir)

    @classmethod
    def of(cls, snapshot: Snapshot, git_dir: Path | None) -> Project:
        """A snapshot, of a commit of `git_dir` or of a folder without git."""
        if git_dir is None:
            return cls(snapshot)
        how = ("log", "-n", str(SUBJECTS), "--no-merges", "--format=%s", "--end-of-options")

        def subjects() -> list[str]:
            out = git(git_dir, *how, snapshot.name)
            return out.decode("utf-8", "replace").splitlines()

        return cls(snapshot, lambda: history_of(snapshot, git_dir), subjects)

    @cached_property
    def graph(self) -> Graph:
        """Which file depends on which."""
        return Graph.of(self.snapshot)

    @cached_property
    def symbols(self) -> Symbols:
        """Who defines and who uses a name."""
        return Symbols.of(self.snapshot)

    def tests_for(self, changed: Iterable[str]) -> tuple[Covering, ...]:
        """Test files worth running after a change of these paths, the surest first (C6)."""
        return tests_for(self.snapshot, self.graph, self.symbols, changed)

    @cached_property
    def search(self) -> Search:
        """Text → files and definitions."""
        return Search(self.snapshot, self._history(), self.graph)

    @property
    def paths(self) -> list[str]:
        return list(self.snapshot.files())

    @cached_property
    def profile(self) -> ProjectProfile:
        """The conventions (§5.3)."""
        subjects = tuple(self._subjects())
        return _profiles.get((self._content, subjects), lambda: self.scanned(subjects))

    def scanned(self, subjects: Sequence[str] = ()) -> ProjectProfile:
        """The conventions, counted now; what is known of single files is not counted again."""
        read = _Texts(self.snapshot).read
        return conventions.scan(self.paths, read, subjects, self._kept_tallies)

    @cached_property
    def _content(self) -> str:
        return digest(f"{one.path}\0{one.blob}" for one in self.snapshot.files().values())

    def _kept_tallies(self, asked: Sequence[Asked]) -> dict[str, Tally]:
        files, store = self.snapshot.files(), self.snapshot.store
        keys = {
            path: f"style/{_version()}/{language}/{'test' if test else 'code'}/{files[path].blob}"
            for path, language, test in asked
        }
        kept = store.vectors(sorted(set(keys.values())))
        missing = [one for one in asked if keys[one[0]] not in kept]
        self.tallies.hits += len(asked) - len(missing)
        self.tallies.misses += len(missing)
        texts = _Texts(self.snapshot, [path for path, _, _ in missing])
        made = read_tallies(missing, texts.read)
        store.keep_vectors((keys[path], json.dumps(one).encode()) for path, one in made.items())
        old = {path: json.loads(kept[key]) for path, key in keys.items() if key in kept}
        return {path: {**old, **made}[path] for path, _, _ in asked if path in old or path in made}

    def instructions(self, targets: Iterable[str] = (), tokens: int = 1_000) -> dict[str, str]:
        """Path → text of AGENTS.md and its like, the nearest to `targets` last."""
        found = instructions.find(self.paths, _Texts(self.snapshot).read, targets)
        return instructions.told(found, tokens)

    def found(self, text: str) -> Sequence[Ranked]:
        """Search results, remembered for a story's retries (§26.1)."""
        key = (self.snapshot.name, self._content, text)
        return _searches.get(key, lambda: self._ranked(text))

    def _ranked(self, text: str) -> tuple[Ranked, ...]:
        """Sources by worth; among them a few tests, and other files that the text names."""
        found = self.search.find(text, **_BOUNDS)
        definitions: dict[str, list[str]] = {}
        for part in found.definitions:
            definitions.setdefault(part.path, []).append(part.qualname)

        def result(file: FoundFile) -> Ranked:
            best = tuple(definitions.get(file.path, ()))
            return Ranked(file.path, file.score, file.reasons, best)

        sources = [result(file) for file in found.files]
        tests = [result(file) for file in found.tests[:TESTS]]
        named = [Ranked(path, reasons=("named",)) for path in self._named(text)[:NAMED]]
        order = sources[:TESTS_AFTER] + tests + sources[TESTS_AFTER:]
        order[NAMED_AFTER:NAMED_AFTER] = named
        if len(self._readable) <= SMALL:
            telling = [path for path in self._readable if not BESIDE.search(path)]
            order += [Ranked(path, reasons=("small",)) for path in telling]
        unique: dict[str, Ranked] = {}
        for one in order:
            unique.setdefault(one.path, one)
        return tuple(unique.values())

    @cached_property
    def _readable(self) -> list[str]:
        """Files that may be shown, sources first."""
        files = self.snapshot.files()
        may = [path for path in files if not SECRET.search(path)]
        return sorted(may, key=lambda path: (files[path].language is None, path))

    def _named(self, text: str) -> list[str]:
        """Files that are no sources and whose name stands in the text, the full path first."""
        words = {word.strip("./") for word in _NAME.findall(text)} | set(_NAME.findall(text))
        files = self.snapshot.files()
        said = []
        for path in self._readable:
            name = path.rpartition("/")[2]
            if files[path].language is None and (path in words or name in words):
                said.append((path not in words, path.count("/"), path))
        return [path for _, _, path in sorted(said)]

    def context(
        self,
        text: str,
        tokens: int,
        *,
        targets: Iterable[str] = (),
        created: Iterable[str] = (),
        changed: Iterable[str] = (),
    ) -> Context:
        """Files for a text in at most `tokens`; see `context.build`. Raises TooBig."""
        ranked = self.found(text)
        targets, changed = tuple(targets), tuple(changed)
        view = _View(self, [*targets, *changed, *(one.path for one in ranked)])
        return build(view, ranked, tokens, targets=targets, created=created, changed=changed)

    def around(self, changed: Iterable[str], tokens: int) -> Context:
        """Tests that cover changed files and files that import them, for who judges the change."""
        paths = [path for path in changed if self.snapshot.files().get(path)]
        order: dict[str, str] = {}
        for path in paths:
            for one in covering(self.snapshot, self.graph, self.symbols, path)[:COVERING]:
                order.setdefault(one.path, f"a test of {path}")
        for path in paths:
            for user in self.graph.importers(path)[:COVERING]:
                order.setdefault(user, f"imports {path}")
        ranked = [Ranked(path, reasons=(why,)) for path, why in order.items() if path not in paths]
        return build(_View(self, [one.path for one in ranked]), ranked, tokens)

    def tests_of(self, path: str) -> list[str]:
        """Test files that cover a file, the surest first."""
        found = covering(self.snapshot, self.graph, self.symbols, path)
        return [one.path for one in found[:COVERING] if is_test_file(one.path)]

    def rates(self) -> list[Rate]:
        """How often the caches had an answer, in this process (M11)."""
        store = self.snapshot.store.rates
        facts = Rate("facts of files", store.hits, store.misses)
        return [facts, self.tallies, _profiles.rate, _searches.rate]


class _Texts:
    """Texts of a snapshot, those that are surely wanted read at once."""

    def __init__(self, snapshot: Snapshot, wanted: Iterable[str] = ()) -> None:
        self._snapshot = snapshot
        self._known: dict[str, str | None] = {}
        for path, data in snapshot.many_bytes(dict.fromkeys(wanted)).items():
            binary = b"\0" in data[:8_000]
            self._known[path] = None if binary else data.decode("utf-8", "replace")

    def read(self, path: str) -> str | None:
        if path not in self._known:
            self._known[path] = self._snapshot.text(path)
        return self._known[path]


class _View:
    """A snapshot and its graph as the context builder sees them."""

    def __init__(self, project: Project, wanted: Iterable[str]) -> None:
        self._snapshot = project.snapshot
        self.imports, self.importers = project.graph.imports, project.graph.importers
        self.text = _Texts(self._snapshot, wanted).read

    def facts(self, path: str) -> FileFacts:
        return self._snapshot.facts(path) if path in self._snapshot.files() else NOTHING

    def language(self, path: str) -> str:
        record = self._snapshot.files().get(path)
        return (record.language if record else None) or ""

    def siblings(self, path: str) -> tuple[str, ...]:
        pure = PurePosixPath(path)
        return tuple(
            other
            for other in self._snapshot.files()
            if other != path
            and PurePosixPath(other).parent == pure.parent
            and PurePosixPath(other).suffix == pure.suffix
        )


@cache
def _version() -> str:
    """Other counting, other counts."""
    here = Path(__file__).parent
    return digest((here / name).read_text() for name in ("tally.py", "style_signs.py"))[:12]
