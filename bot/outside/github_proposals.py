"""Files proposed on a branch of ours, through GitHub's API: GitHub signs the commit (W5).

Promises: one commit with the files on the named base; the branch is made, or moved from the very
commit that we put there. Never: a branch that somebody else made or moved.
"""

from __future__ import annotations

from typing import Any, ClassVar

from bot.outside.errors import Conflict, Refused
from bot.outside.github_writes import Needs, Writes
from bot.story.effects import ProposeFile
from bot.story.involved import is_us, person


class Proposals(Writes):
    """The `_do_` and `_look_` of propose_file."""

    needs: ClassVar[Needs] = {"propose_file": {"contents": "write"}}

    def _do_propose_file(self, effect: ProposeFile) -> dict[str, Any]:
        if (found := self._look_propose_file(effect)) is not None:
            return found
        head = self._reads.branch_head(effect.repository, effect.branch)
        if (head or "") != effect.expected:
            raise Conflict(f"{effect.branch} holds {head}, not {effect.expected or 'nothing'}")
        sha = self._committed(effect)
        where = effect.repository
        if head is None:
            body = {"ref": f"refs/heads/{effect.branch}", "sha": sha}
            try:
                self._write("POST", where, "git", "refs", body=body)
            except Refused as error:  # made by somebody in this very moment
                raise Conflict(f"{effect.branch} is there already: {error}") from error
        else:
            # The old commit is ours alone; GitHub's API knows no lease, so it was compared above.
            body = {"sha": sha, "force": True}
            parts = ("git", "refs", "heads", *effect.branch.split("/"))
            self._write("PATCH", where, *parts, body=body)
        return {"sha": sha}

    def _committed(self, effect: ProposeFile) -> str:
        base = self._reads.commit(effect.repository, effect.base_sha)
        entries = [
            {"path": path, "mode": "100644", "type": "blob", "content": content}
            for path, content in effect.all_files
        ]
        tree = self._write(
            "POST",
            effect.repository,
            "git",
            "trees",
            body={"base_tree": base["commit"]["tree"]["sha"], "tree": entries},
            needs=("sha",),
        )
        commit = self._write(
            "POST",
            effect.repository,
            "git",
            "commits",
            body={"message": effect.message, "tree": tree["sha"], "parents": [effect.base_sha]},
            needs=("sha",),
        )
        return str(commit["sha"])

    def _look_propose_file(self, effect: ProposeFile) -> dict[str, Any] | None:
        head = self._reads.branch_head(effect.repository, effect.branch)
        if head is None or head == effect.expected:
            return None
        commit = self._reads.commit(effect.repository, head)
        parents = [each.get("sha") for each in commit.get("parents") or ()]
        ours = is_us(self._reads.identity().bot, person(commit.get("author")))
        if not ours or parents != [effect.base_sha]:
            return None
        same = all(
            self._reads.file(effect.repository, path, head) == content
            for path, content in effect.all_files
        )
        return {"sha": head} if same else None
