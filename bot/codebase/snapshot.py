"""The files of one commit with their facts, read once for each blob (C1, C3).

Promises: the facts of a blob are made once for all commits, branches and worktrees that share a
store; the snapshot of a commit from that of another one costs what differs. The same commit gives
the same answers. Never: changes a repository, keeps more than a few megabytes of text in memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bot.codebase import languages
from bot.codebase.blobs import Blobs, CommitBlobs, FolderBlobs, Listed
from bot.codebase.facts import NOTHING, Definition, FileFacts
from bot.codebase.store import Key, Store

_KEPT = 256  # blobs whose references stay in memory
_WRITTEN_AT_ONCE = 32


@dataclass(frozen=True, slots=True)
class FileRecord:
    """One regular file. `language` is None for what is no source (`facts` are empty then).

    `size` in bytes.
    """

    path: str
    blob: str
    size: int
    language: str | None
    _reader: Reader = field(repr=False, compare=False)

    @property
    def facts(self) -> FileFacts:
        """All facts, references included, from memory or the store."""
        return self._reader.whole(self)

    @property
    def key(self) -> Key | None:
        """What the store knows the file by."""
        return (self.blob, self.language) if self.language else None


@dataclass
class Work:
    """What making a snapshot cost: source blobs that were read and parsed, and their bytes."""

    parsed: int = 0
    parsed_bytes: int = 0
    reused: int = 0


class Reader:
    """Facts of blobs, from memory, the store, or made; shared by the snapshots of a repository."""

    def __init__(self, blobs: Blobs, store: Store) -> None:
        self.blobs = blobs
        self.store = store
        self.work = Work()
        self._outlines: dict[Key, FileFacts] = {}  # without references
        self._briefs: dict[Key, FileFacts] = {}  # without signatures and docstrings, too
        self._whole: dict[Key, FileFacts] = {}

    def whole(self, record: FileRecord) -> FileFacts:
        key = record.key
        if key is None:
            return NOTHING
        if key not in self._whole:
            found = dict(self.store.read([key])).get(key)
            self._keep(key, found if found is not None else self.again(record))
        return self._whole[key]

    def outlines(self, records: Iterable[FileRecord]) -> dict[str, FileFacts]:
        """Facts without references by path, sorted."""
        return self._known(records, self._outlines, prose=True)

    def briefs(self, records: Iterable[FileRecord]) -> dict[str, FileFacts]:
        """The same without signatures and docstrings, which take the most memory."""
        return self._known(records, self._briefs, prose=False)

    def _known(
        self, records: Iterable[FileRecord], kept: dict[Key, FileFacts], *, prose: bool
    ) -> dict[str, FileFacts]:
        by_path = {one.path: one for one in records if one.key is not None}
        missing = {k for one in by_path.values() if (k := one.key) and k not in kept}
        if missing:
            kept.update(self.store.read(missing, uses=False, prose=prose))
        found = {}
        for path, record in sorted(by_path.items()):
            key = record.key
            if key is None:
                continue
            if key not in kept:  # a damaged row
                kept[key] = self.again(record)
            found[path] = kept[key]
        return found

    def each(self, records: Iterable[FileRecord]) -> Iterator[tuple[str, FileFacts]]:
        """(path, all facts), none kept in memory; in no certain order."""
        wanted: dict[Key, list[FileRecord]] = {}
        for record in records:
            if record.key is not None:
                wanted.setdefault(record.key, []).append(record)
        for key, facts in self.store.read(wanted):
            for record in wanted.pop(key):
                yield record.path, facts
        for left in wanted.values():
            for record in left:
                yield record.path, self.again(record)

    def index(self, records: Iterable[FileRecord]) -> None:
        """Have the store know the facts of these files, reading only blobs that it does not."""
        sources = {one.key: one for one in records if one.key is not None}
        known = self.store.known(sources)
        self.work.reused += len(known)
        missing = sorted(
            (one for key, one in sources.items() if key not in known), key=lambda one: one.path
        )
        done: list[tuple[Key, FileFacts]] = []
        for one, data in self.blobs.read(_listed(record) for record in missing):
            done.append(self._made(one, data))
            if len(done) >= _WRITTEN_AT_ONCE:
                self.store.write(done)
                done = []
        self.store.write(done)

    def learn(self, files: Iterable[tuple[FileRecord, Listed, bytes]]) -> None:
        """Have the store know files whose bytes are at hand."""
        done = []
        for record, listed, data in files:
            key = record.key
            if key is None:
                continue
            if key in self._outlines or key in self.store.known([key]):
                self.work.reused += 1
                continue
            done.append(self._made(listed, data))
            self._keep(key, done[-1][1])
        self.store.write(done)

    def again(self, record: FileRecord) -> FileFacts:
        """Facts whose row was missing or damaged, made and kept anew."""
        for one, data in self.blobs.read([_listed(record)]):
            made = self._made(one, data)
            self.store.write([made])
            return made[1]
        return NOTHING

    def forget(self) -> None:
        self._outlines.clear()
        self._briefs.clear()
        self._whole.clear()

    def _keep(self, key: Key, facts: FileFacts) -> None:
        if len(self._whole) >= _KEPT:
            self._whole.pop(next(iter(self._whole)))
        self._whole[key] = facts

    def _made(self, one: Listed, data: bytes) -> tuple[Key, FileFacts]:
        language = languages.language_of(one.path)
        if language is None:
            raise ValueError(f"{one.path!r} is no source")
        self.work.parsed += 1
        self.work.parsed_bytes += len(data)
        return (one.blob, language), languages.facts_of(language, data)


@dataclass(frozen=True)
class Change:
    """One path that differs between two snapshots; None: not there."""

    path: str
    before: FileRecord | None
    after: FileRecord | None


class Snapshot:
    """One state of a repository; make it with `at`, `of_folder` or `advanced`. Not for threads."""

    def __init__(self, blobs: Blobs, reader: Reader, name: str) -> None:
        self.blobs = blobs
        self.name = name  # the full commit id, or the folder
        self._reader = reader
        self._files: dict[str, FileRecord] = {}
        self._from: tuple[str, tuple[Change, ...]] | None = None

    @classmethod
    def at(cls, git_dir: Path, commit: str, store: Store) -> Snapshot:
        """The files of `commit` (any revision); NoSuchRevision, GitFailed."""
        blobs = CommitBlobs.of(git_dir, commit)
        return cls(blobs, Reader(blobs, store), blobs.commit)._filled()

    @classmethod
    def of_folder(cls, folder: Path, store: Store) -> Snapshot:
        """The files of a folder as they are now."""
        blobs = FolderBlobs(folder)
        return cls(blobs, Reader(blobs, store), str(folder))._filled()

    def advanced(self, commit: str, changed: Iterable[str] | None = None) -> Snapshot:
        """The snapshot of another commit of the same repository, from this one.

        `changed`: the paths that differ, as a push names them; without, git is asked. A path that
        is named and does not differ costs little; one that differs and is not named is missed.
        Raises NoSuchRevision, GitFailed.
        """
        if not isinstance(self.blobs, CommitBlobs):
            raise TypeError("only the snapshot of a commit can be advanced")
        if changed is not None and len(commit) in (40, 64):
            blobs = CommitBlobs(self.blobs.git_dir, commit, self.blobs.objects)
        else:
            blobs = CommitBlobs.of(self.blobs.git_dir, commit, self.blobs.objects)
        then = Snapshot(blobs, self._reader, blobs.commit)
        then._files = dict(self._files)
        if changed is None:
            listed = blobs.changed_since(self.name)
            changes = [then._put(path, one) for path, one in listed]
            then._reader.index(one.after for one in changes if one.after is not None)
        else:
            pushed = [
                (then._put(path, one), one, data) for path, one, data in blobs.pushed(changed)
            ]
            changes = [change for change, _, _ in pushed]
            then._reader.learn(
                (change.after, one, data)
                for change, one, data in pushed
                if change.after is not None and one is not None
            )
        then._from = (
            self.name,
            tuple(one for one in changes if _blob(one.before) != _blob(one.after)),
        )
        if then._files.keys() != self._files.keys():
            then._files = dict(sorted(then._files.items()))
        return then

    # -- what is there --------------------------------------------------------------------------

    @property
    def store(self) -> Store:
        return self._reader.store

    @property
    def work(self) -> Work:
        """What was read for this snapshot and those that it came from."""
        return self._reader.work

    def files(self) -> Mapping[str, FileRecord]:
        """Every regular file by path; sorted by path."""
        return self._files

    def changes_from(self, other: Snapshot) -> tuple[Change, ...]:
        """What differs from another snapshot of the same repository."""
        if self._from is not None and self._from[0] == other.name:
            return self._from[1]
        before, after = other.files(), self._files
        paths = sorted(before.keys() | after.keys())
        changes = (Change(path, before.get(path), after.get(path)) for path in paths)
        return tuple(one for one in changes if _blob(one.before) != _blob(one.after))

    def facts(self, path: str) -> FileFacts:
        """All facts of one file; nothing for a path that is not there or no source."""
        record = self._files.get(path)
        return self._reader.whole(record) if record is not None else NOTHING

    def definitions_of(self, path: str) -> tuple[Definition, ...]:
        """The definitions of one file, in order of appearance."""
        return self.outlines([path]).get(path, NOTHING).definitions

    def outlines(self, paths: Iterable[str] | None = None) -> dict[str, FileFacts]:
        """Facts without references of source files (all, or those of `paths`), sorted by path."""
        wanted = self._files if paths is None else [p for p in paths if p in self._files]
        return self._reader.outlines(self._files[path] for path in wanted)

    def briefs(self) -> dict[str, FileFacts]:
        """Facts of all source files without references, signatures and docstrings, sorted."""
        return self._reader.briefs(self._files.values())

    def outlines_of(self, records: Iterable[FileRecord]) -> dict[str, FileFacts]:
        """The same for records, also of a snapshot that this one came from."""
        return self._reader.outlines(records)

    def each_with_references(
        self, paths: Iterable[str] | None = None
    ) -> Iterator[tuple[str, FileFacts]]:
        """(path, all facts) of source files, none kept in memory; in no certain order."""
        wanted = self._files if paths is None else [p for p in paths if p in self._files]
        yield from self._reader.each(self._files[path] for path in wanted)

    def bytes_of(self, path: str) -> bytes | None:
        """The content of one file; None when it is not there or too large to be text."""
        return self.many_bytes([path]).get(path)

    def text(self, path: str) -> str | None:
        """The text of one file, undecodable bytes replaced; None for a binary or missing one."""
        data = self.bytes_of(path)
        return None if data is None or b"\0" in data[:8_000] else data.decode("utf-8", "replace")

    def many_bytes(self, paths: Iterable[str]) -> dict[str, bytes]:
        """The contents of those of `paths` that are there."""
        records = [self._files[path] for path in paths if path in self._files]
        return {one.path: data for one, data in self.blobs.read(map(_listed, records))}

    def forget(self) -> None:
        """Give back the memory that facts take; the store still has them."""
        self._reader.forget()

    # -- making it ------------------------------------------------------------------------------

    def _filled(self) -> Snapshot:
        changes = [self._put(one.path, one) for one in self.blobs.listed()]
        self._reader.index(one.after for one in changes if one.after is not None)
        return self

    def _put(self, path: str, one: Listed | None) -> Change:
        before = self._files.get(path)
        if one is None:
            self._files.pop(path, None)
            return Change(path, before, None)
        language = languages.language_of(path)
        record = FileRecord(path, one.blob, one.size, language, self._reader)
        self._files[path] = record
        return Change(path, before, record)


def _listed(record: FileRecord) -> Listed:
    return Listed(record.path, record.blob, record.size)


def _blob(record: FileRecord | None) -> str | None:
    return record.blob if record is not None else None
