"""Gate: no large binary file, and no program, comes into the history."""

from __future__ import annotations

from bot.gates.change import Change
from bot.gates.gate import GateFinding, Seen, counted
from bot.gates.workbench import Workbench
from bot.workspace.object_reader import objects_of

_PROGRAMS = (b"\x7fELF", b"MZ", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe", b"\xfe\xed\xfa")


class Binaries:
    """New and changed files; text counts from where the gates do not read it any more."""

    name = "binaries"
    scope = "changed files"

    def run(self, change: Change, bench: Workbench) -> Seen:
        kept = [one for one in change.kept.values() if one.blob.strip("0")]
        about = objects_of(change.mirror.path).about(one.blob for one in kept)
        found = []
        for one, there in zip(kept, about, strict=True):
            size = there.size if there else 0
            if size > bench.choices.largest_binary * (1 if one.binary else 2):
                words = f"{size:,} bytes; keep such files out of the history"
                found.append(GateFinding(one.path, None, "binaries/large", words))
            elif one.binary and _is_program(change, one.path, size):
                words = "a compiled program; build it instead"
                found.append(GateFinding(one.path, None, "binaries/program", words))
        return Seen(counted(found, "none", "file"), tuple(found))


def _is_program(change: Change, path: str, size: int) -> bool:
    if size > 5_000_000 or not path.isprintable():
        return False
    content = change.mirror.read_many(change.head, [path], limit=5_000_000).get(path, b"")
    return content.startswith(_PROGRAMS)
