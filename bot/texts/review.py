"""What Towpath says in the threads of a review (W10)."""

from __future__ import annotations

from collections import Counter

from bot.story.review_events import Reply
from bot.story.story import Story
from bot.story.vocabulary import Remark, State
from bot.texts import reasons
from bot.texts.words import code, count, plain, short, who

_MOST = 1_500  # characters of a model's words


def reply(remark: Remark, given: Reply, sha: str) -> str:
    """The answer to one remark. `sha`: the commit of it on the branch, '' where there is none."""
    text = plain(given.text, _MOST)
    match given.outcome:
        case "fixed" if sha and given.touched:
            said = f"Fixed in {short(sha)}."
        case "fixed" if sha:
            places = ", ".join(code(path) for path in given.files[:5])
            said = f"Changed in {short(sha)}, not at this place but in {places}."
        case "fixed":
            return (
                "Not changed: what was done for this did not last until the tests passed. "
                f"It was: {text}"
            )
        case "declined":
            return _quoted(remark, f"Not changed: {text}")
        case "answered":
            return _quoted(remark, text)
        case "anew":
            said = "The work was begun anew with this in view; the commits on the branch show it."
        case _ if sha and given.touched:
            said = f"Changed in {short(sha)}, before the work on this review was cut short."
        case _:
            said = "Not done: the work on this review ended before it came to this."
    return _quoted(remark, f"{said} {text}".strip())


def _quoted(remark: Remark, said: str) -> str:
    """An answer to a review as a whole stands in no thread: it says whose it is to."""
    return said if remark.root else f"To the review of {who(remark.person.login)}: {said}"


def left(story: Story, remark: Remark) -> str:
    """The last word to a remark of a story that ended."""
    if story.merged_sha:
        return _quoted(remark, "Not changed: the pull request was merged as it was.")
    if story.state is State.CANCELLED:
        return _quoted(remark, "Not changed: the story was cancelled.")
    why = story.handoff.summary if story.handoff else reasons.short(story.failure_reason)
    return _quoted(remark, f"Not changed: the story was handed over to people ({plain(why, 300)}).")


def summary(story: Story) -> str:
    """What became of the remarks, in a line."""
    ended = Counter(reply.outcome for reply in story.replies.values())
    parts = [count(len(story.remarks), "remark"), count(story.review_rounds, "round")]
    parts += [f"{ended[name]} {name}" for name in ("fixed", "answered", "declined") if ended[name]]
    if waiting := len(story.remarks_open) + len(story.remarks_now):
        parts.append(f"{waiting} open")
    text = ", ".join(parts)
    if story.remarks_open and story.foreign_head:
        text += "; taken up after `/resume`, because somebody else pushed to the branch"
    return text


def aside(remark: Remark, rule: str) -> str:
    """Why a remark starts no work; '' where nothing is said to it."""
    match rule:
        case "permission":
            return (
                "Only somebody with write access can have this changed by Towpath; one of them can "
                "say so in this thread."
            )
        case "with_approval":
            return (
                "This came with an approval, which counts for exactly this commit, so nothing is "
                "changed for it. A new comment or a review that requests changes asks for it."
            )
        case "no_author":
            return _quoted(
                remark,
                "This change was made by rule, without a model, so Towpath cannot change it for a "
                "remark. `/reject` with the reason ends it; a commit on the branch is tested and "
                "taken up.",
            )
    return ""


def waits_for_resume() -> str:
    return (
        "The branch holds a commit of somebody else, so Towpath keeps its hands off it. What this "
        "review asks for is taken up after `/resume`."
    )


def answered_without_change() -> str:
    return "the remarks were answered without a change"
