"""What is said about marks in comments (TODO, FIXME …) on GitHub (B3).

Promises: a comment's words are shown without any power: they name nobody, link nowhere, close
nothing. Every issue says why it is there, when it is closed, and how to stop it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import quote

from bot.story.todo_events import MarkPlace
from bot.story.vocabulary import Repository
from bot.texts.words import block, code, plain, plain_code

LIST_TITLE = "Open TODO comments"
_MOST_ROWS = 200


def issue_title(place: MarkPlace) -> str:
    """One line of plain words: a title shows no markup."""
    name = plain_code(place.title)[:120].replace("@", " at ").strip()
    return f"{place.kind}: {name}" if name else f"{place.kind} in {plain_code(place.path)[:120]}"


def issue_body(
    place: MarkPlace,
    repository: Repository,
    web_url: str,
    commit: str,
    author: str,
    reasons: Mapping[str, tuple[int, str]],
) -> str:
    """`commit`: at which it stood there. `reasons`: what it is ranked by, with why."""
    inside = f" in {code(place.symbol)}" if place.symbol else ""
    by = f", written by {plain(author, 60)}" if author else ""
    ranked = "\n".join(
        f"| {name} | {number} | {plain(why)} |" for name, (number, why) in reasons.items()
    )
    return "\n\n".join(
        [
            f"A comment in {_link(place, repository, web_url, commit)}{inside} says{by}:",
            block(place.text, 4000),
            f"| estimated | | why |\n|---|---|---|\n{ranked}",
            "This issue follows the comment when it moves, and is closed when it has left the "
            f"default branch. {code('towpath: ignore')} in the comment takes it out.",
        ]
    )


def list_body(
    places: Sequence[MarkPlace], repository: Repository, web_url: str, commit: str, most: int
) -> str:
    """Those without an issue of their own."""
    rows = [
        f"- {_link(place, repository, web_url, commit)} {place.kind}: {plain(place.title, 120)}"
        for place in places[:_MOST_ROWS]
    ]
    if len(places) > _MOST_ROWS:
        rows.append(f"- and {len(places) - _MOST_ROWS} more")
    first = (
        f"Comments that have no issue of their own: one push opens {most} at most "
        f"({code('backlog.todo.most_per_push')})."
    )
    return "\n\n".join([first, "\n".join(rows) or "None at the moment."])


def _link(place: MarkPlace, repository: Repository, web_url: str, commit: str) -> str:
    path = quote(place.path.encode("utf-8", "surrogateescape"), safe="/")
    where = f"{web_url}/{repository.full_name}/blob/{commit}/{path}#L{place.line}"
    return f"[{code(f'{place.path}:{place.line}')}]({where})"
