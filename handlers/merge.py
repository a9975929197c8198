"""What happens to a pull request of ours on GitHub counts: pushes, closing, merging by hand.

Never: merges; the stage DEPLOYING proposes that, and the policies judge it.
"""

from __future__ import annotations

from bot.story.events import ApprovalWithdrawn, HeadMoved, PullClosed
from bot.story.involved import person
from bot.story.machine import Story
from bot.story.office import Delivery, Office
from bot.story.vocabulary import Person


def synchronize(delivery: Delivery, office: Office) -> None:
    """The head moved: approvals of the old head are withdrawn, unless the files are the same."""
    payload = delivery.payload
    repository = office.repository(payload)
    story = office.story_of_pull(repository, payload["pull_request"]["number"])
    if story is None or story.terminal:
        return
    pull = office.github.pull(repository, story.pull_number)
    head = pull["head"]["sha"]
    # Of a head that has moved on since, this webhook does not know who pushed it.
    by = person(payload.get("sender")) if payload.get("after") == head else None
    note_head(office, story, head, by)


def note_head(office: Office, story: Story, head: str, by: Person | None) -> None:
    """Tell the story that its branch holds a commit that is not its own."""
    once = f"{story.stream}/head/{head}/{by.id if by else 'unknown'}"
    if by is not None and head in story.pushers and story.pushers[head] is None:
        office.tell(story.stream, HeadMoved(sha=head, by=by), once=once)  # who it was, at last
        return
    if head in {c.sha for c in story.commits} | {story.head_sha, story.pushed_sha}:
        return
    # A commit that was not pushed yet is not on GitHub, and nobody approved it.
    there = story.foreign_head or story.head_sha == story.pushed_sha
    same_tree = there and len({_tree(office, story, sha) for sha in (story.head_sha, head)}) == 1
    moved = HeadMoved(sha=head, by=by, same_tree=same_tree)
    withdrawn = ApprovalWithdrawn(reason=f"the branch was pushed to ({head[:10]})")
    events = (moved, withdrawn) if story.approved and not same_tree else (moved,)
    office.tell(story.stream, *events, once=once)


def _tree(office: Office, story: Story, sha: str) -> str:
    return str(office.github.commit(story.repository, sha)["commit"]["tree"]["sha"])


def closed(delivery: Delivery, office: Office) -> None:
    """A person closed or merged it; our own merge and close are known already."""
    payload = delivery.payload
    repository = office.repository(payload)
    story = office.story_of_pull(repository, payload["pull_request"]["number"])
    if story is None or story.terminal:
        return
    sender = person(payload.get("sender"))
    if sender.is_bot:
        return
    pull = office.github.pull(repository, story.pull_number)
    if pull.get("state") != "closed":
        return
    sha = pull.get("merge_commit_sha") or ""
    told = PullClosed(merged=bool(pull.get("merged")), sha=sha, person=sender)
    office.tell(story.stream, told, once=f"{story.stream}/closed/{pull.get('closed_at')}")


EVENTS = {
    "pull_request.synchronize": synchronize,
    "pull_request.closed": closed,
}
COMMANDS = ()
