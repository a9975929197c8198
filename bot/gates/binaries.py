"""Gate: no large binary file, and no program, comes into the history."""

from __future__ import annotations

from bot.gates.change import Change
from bot.gates.gate import GateFinding, Seen, counted
from bot.gates.workbench import Workbench
from bot.workspace.git import git

_PROGRAMS = (b"\x7fELF", b"MZ", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe", b"\xfe\xed\xfa")


class Binaries:
    """New and changed files; text counts from where the gates do not read it any more."""

    name = "binaries"
    scope = "changed files"

    def run(self, change: Change, bench: Workbench) -> Seen:
        kept = [one for one in change.kept.values() if one.blob.strip("0")]
        asked = "".join(f"{one.blob}\n" for one in kept).encode()
        sizes = git(change.mirror.path, "cat-file", "--batch-check=%(objectsize)", stdin=asked)
        found = []
        for one, said in zip(kept, sizes.split(b"\n"), strict=False):
            size = int(said) if said.isdigit() else 0
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
