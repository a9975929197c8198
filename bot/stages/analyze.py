"""ANALYZING: what the story asks for, and whether it can be done without asking back (S11, S19).

Promises: reads the issue as it is now, not as a webhook said; the families that need no model are
tried first; what is unclear becomes questions, never a guess.
"""

from __future__ import annotations

from bot.agent.schemas import story_spec
from bot.families import known
from bot.stages.shown import shown
from bot.stages.story_text import read as read_story
from bot.stages.workroom import Workroom, ask, hand_over
from bot.story.desk import Desk, StageStops
from bot.story.effects import PostComment, React
from bot.story.events import Analyzed, StoryEdited
from bot.story.machine import Story
from bot.story.next_move import Move
from bot.story.vocabulary import Gate, State, StorySpec, Tier, Waiting
from bot.texts import answers, reasons
from bot.workspace.text_files import Files

MAX_QUESTION_ROUNDS = 3
ANALYSED = 12_000  # characters of the repository that the analysis sees


def claim(story: Story, desk: Desk, room: Workroom) -> Move:
    """RECEIVED: say visibly that the story is taken (W8), then begin."""
    desk.do(
        React(
            key=desk.key("react", "eyes"),
            repository=story.repository,
            issue=story.issue,
            content="eyes",
        )
    )
    return Move(State.ANALYZING, "labelled")


def analyze(story: Story, desk: Desk, room: Workroom) -> Move:
    """Read the story against the repository's default branch."""
    _read_again(story, desk, room)
    repository = story.repository
    base = room.fetch(repository, repository.default_branch)
    spec = _spec(story, desk, room, base)
    desk.note(Analyzed(spec=spec, base_sha=base))
    asks = room.configuration(repository).gates.ambiguity_detected
    if spec.ambiguities and (asks or spec.tier is not Tier.MODEL):
        return ask_people(story, desk, spec.ambiguities, "questions")
    return Move(State.PLANNING, spec.tier)


def _read_again(story: Story, desk: Desk, room: Workroom) -> None:
    issue = room.github.issue(story.repository, story.issue)
    if issue.get("state") == "closed":
        raise StageStops(Move(State.CANCELLED, reasons.ISSUE_CLOSED))
    title, body = issue.get("title") or "", issue.get("body") or ""
    if (title, body) != (story.title, story.body):
        desk.note(StoryEdited(title=title, body=body, editor=story.author))


def told_story(story: Story) -> dict[str, str]:
    """The story as a package carries it."""
    return {"title": story.title, "body": story.body}


def said(story: Story) -> list[str]:
    """What people answered and objected since."""
    return [a.text for a in story.answers] + ([story.dispute] if story.dispute else [])


def full_text(story: Story) -> str:
    """The story's text with what people said since."""
    return "\n\n".join([story.body, *said(story)])


def _spec(story: Story, desk: Desk, room: Workroom, base: str) -> StorySpec:
    mirror = room.mirror_of(story.repository)
    files = Files(mirror, base)
    text = full_text(story)
    found = known.detect(story.title, text, files)
    if isinstance(found, StorySpec):
        return found
    if not room.has_model:
        raise hand_over(found.reason if found else reasons.NO_MODEL)
    told = read_story(story.title, text)
    package = {
        "story": told_story(story),
        "answers": said(story),
        "tree": files.listing(),
        **shown(files, f"{story.title}\n{text}", ANALYSED),
    }
    answer = ask(desk, "analyze", package)
    return story_spec(answer, story.title, told.criteria if told.stated else ())


def ask_people(story: Story, desk: Desk, questions: tuple[str, ...], name: str) -> Move:
    """Ask on the issue and wait for `/answer`, an edit or a reply; after some rounds hand over."""
    if story.round > MAX_QUESTION_ROUNDS + 1:
        raise hand_over(reasons.STILL_UNCLEAR)
    desk.do(
        PostComment(
            key=desk.key("post_comment", name),
            repository=story.repository,
            issue=story.issue,
            body=answers.questions(questions),
        )
    )
    waiting = Waiting(
        gate=Gate.AMBIGUITY_DETECTED,
        resume_to=State.ANALYZING,
        since=desk.clock(),
        questions=questions,
    )
    return Move(State.WAITING, "questions", waiting)
