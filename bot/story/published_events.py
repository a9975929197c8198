"""What can have happened to the files that are kept up to date in a repository (B14).

Promises: facts in the past tense, in the stream `published/<repository id>`;
`bot.backlog.published.ledger` folds them.
"""

from __future__ import annotations

from typing import Literal

from bot.story.vocabulary import Value


class FilesProposed(Value):
    """Files are on our branch. `effect`: the key of the one that put them there.

    `says`: a digest of the files, `base`: of what they replace on the default branch, `mark`: what
    the backlog's file bears in its first line ('' where it is not among them).
    """

    kind: Literal["files_proposed"] = "files_proposed"
    effect: str
    sha: str
    says: str
    base: str
    mark: str = ""


class FilesOffered(Value):
    """A pull request offers them."""

    kind: Literal["files_offered"] = "files_offered"
    number: int
    url: str = ""


class FilesEnded(Value):
    """What became of the pull request: merged | declined | reopened.

    `settings`: a digest of the configuration that asked for it.
    """

    kind: Literal["files_ended"] = "files_ended"
    number: int
    outcome: str
    settings: str = ""


PublishedEvent = FilesProposed | FilesOffered | FilesEnded
