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
_WRITTEN_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class FileRecord:
    """One regular file. `language` is None for what is no source (`facts` are empty then).

    `size` in bytes.
    """

    path: str
    blob: str
    size: int
    language: str | None
    _snapshot: Snapshot = field(repr=False, compare=False)

    @property
    def facts(self) -> FileFacts:
        """All facts, references included, from memory or the store."""
        return self._snapshot.facts(self.path)

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


class Snapshot:
    """One state of a repository; make it with `at`, `of_folder` or `advanced`. Not for threads."""

    def __init__(self, blobs: Blobs, store: Store, name: str) -> None:
        self.blobs = blobs
        self.store = store
        self.name = name  # the full commit id, or the folder
        self.work = Work()
        self._files: dict[str, FileRecord] = {}
        self._outlines: dict[Key, FileFacts] = {}  # without references; shared with descendants
        self._whole: dict[Key, FileFacts] = {}

    @classmethod
    def at(cls, git_dir: Path, commit: str, store: Store) -> Snapshot:
        """The files of `commit` (any revision); NoSuchRevision, GitFailed."""
        blobs = CommitBlobs.of(git_dir, commit)
        return cls(blobs, store, blobs.commit)._filled()

    @classmethod
    def of_folder(cls, folder: Path, store: Store) -> Snapshot:
        """The files of a folder as they are now."""
        return cls(FolderBlobs(folder), store, str(folder))._filled()

    def advanced(self, commit: str, changed: Iterable[str] | None = None) -> Snapshot:
        """The snapshot of another commit of the same repository, from this one.

        `changed`: the paths that differ, as a push names them; without, git is asked. A path that
        is named and does not differ costs little; one that differs and is not named is missed.
        """
        if not isinstance(self.blobs, CommitBlobs):
            raise TypeError("only the snapshot of a commit can be advanced")
        blobs = (
            CommitBlobs(self.blobs.git_dir, commit)
            if len(commit) in (40, 64) and changed is not None
            else CommitBlobs.of(self.blobs.git_dir, commit)
        )
        then = Snapshot(blobs, self.store, blobs.commit)
        then._outlines, then._whole = self._outlines, self._whole
        then._files = {
            path: FileRecord(path, one.blob, one.size, one.language, then)
            for path, one in self._files.items()
        }
        if changed is None:
            fresh = [then._put(path, one) for path, one in blobs.changed_since(self.name)]
            then._index(one for one in fresh if one is not None)
        else:
            then._take_pushed(blobs, changed)
        if len(then._files) != len(self._files) or then._files.keys() != self._files.keys():
            then._files = dict(sorted(then._files.items()))
        return then

    # -- what is there --------------------------------------------------------------------------

    def files(self) -> Mapping[str, FileRecord]:
        """Every regular file by path; sorted by path."""
        return self._files

    def facts(self, path: str) -> FileFacts:
        """All facts of one file; nothing for a path that is not there or no source."""
        record = self._files.get(path)
        key = record.key if record else None
        if key is None:
            return NOTHING
        if key not in self._whole:
            found = dict(self.store.read([key])).get(key)
            if len(self._whole) >= _KEPT:
                self._whole.pop(next(iter(self._whole)))
            self._whole[key] = found if found is not None else self._again(path)
        return self._whole[key]

    def definitions_of(self, path: str) -> tuple[Definition, ...]:
        """The definitions of one file, in order of appearance."""
        return self.outlines([path]).get(path, NOTHING).definitions

    def outlines(self, paths: Iterable[str] | None = None) -> dict[str, FileFacts]:
        """Facts without references of source files (all, or those of `paths`), sorted by path."""
        wanted = self._files if paths is None else [p for p in paths if p in self._files]
        keys = {path: key for path in wanted if (key := self._files[path].key) is not None}
        missing = {key for key in keys.values() if key not in self._outlines}
        if missing:
            self._outlines.update(self.store.read(missing, uses=False))
        for path, key in keys.items():
            if key not in self._outlines:  # a damaged row
                self._outlines[key] = self._again(path)
        return {path: self._outlines[key] for path, key in sorted(keys.items())}

    def each_with_references(self) -> Iterator[tuple[str, FileFacts]]:
        """(path, all facts) of every source file, none kept in memory; in no certain order."""
        paths: dict[Key, list[str]] = {}
        for path, record in self._files.items():
            if record.key is not None:
                paths.setdefault(record.key, []).append(path)
        for key, facts in self.store.read(paths):
            for path in paths.pop(key):
                yield path, facts
        for left in paths.values():
            for path in left:
                yield path, self._again(path)

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
        listed = (Listed(one.path, one.blob, one.size) for one in records)
        return {one.path: data for one, data in self.blobs.read(listed)}

    # -- making it ------------------------------------------------------------------------------

    def _filled(self) -> Snapshot:
        records = [self._put(one.path, one) for one in self.blobs.listed()]
        self._index(one for one in records if one is not None)
        return self

    def _put(self, path: str, one: Listed | None) -> FileRecord | None:
        if one is None:
            self._files.pop(path, None)
            return None
        language = languages.language_of(path)
        record = FileRecord(path, one.blob, one.size, language, self)
        self._files[path] = record
        return record

    def _index(self, records: Iterable[FileRecord]) -> None:
        """Have the store know the facts of these files, reading only blobs that it does not."""
        sources = {one.key: one for one in records if one.key is not None}
        known = self.store.known(sources)
        self.work.reused += len(known)
        missing = sorted(
            (one for key, one in sources.items() if key not in known), key=lambda one: one.path
        )
        done: list[tuple[Key, FileFacts]] = []
        listed = [Listed(one.path, one.blob, one.size) for one in missing]
        for one, data in self.blobs.read(listed):
            done.append(self._made(one, data))
            if len(done) >= _WRITTEN_AT_ONCE:
                self.store.write(done)
                done = []
        self.store.write(done)

    def _made(self, one: Listed, data: bytes) -> tuple[Key, FileFacts]:
        language = languages.language_of(one.path)
        assert language is not None
        self.work.parsed += 1
        self.work.parsed_bytes += len(data)
        return (one.blob, language), languages.facts_of(language, data)

    def _again(self, path: str) -> FileFacts:
        """Facts whose row was missing or damaged, made and kept anew."""
        record = self._files[path]
        listed = Listed(record.path, record.blob, record.size)
        for one, data in self.blobs.read([listed]):
            key, facts = self._made(one, data)
            self.store.write([(key, facts)])
            return facts
        return NOTHING

    def _take_pushed(self, blobs: CommitBlobs, changed: Iterable[str]) -> None:
        done = []
        for path, one, data in blobs.pushed(changed):
            before = self._files.get(path)
            record = self._put(path, one)
            if record is None or record.key is None or one is None:
                continue
            if before is not None and before.blob == record.blob:
                continue
            if record.key in self._outlines or record.key in self.store.known([record.key]):
                self.work.reused += 1
                continue
            key, facts = self._made(one, data)
            self._whole[key] = facts
            done.append((key, facts))
        self.store.write(done)
