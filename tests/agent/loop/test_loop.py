"""The work on a task: every turn answered, every kind of nonsense ended in a clear state."""

import itertools

import pytest

from bot.agent.conversation import Conversation, Conversations, NotTheSame
from bot.agent.loop import Ended, Hands, Limits, Ran, Turned, work
from bot.agent.messages import Said, ToolCall
from bot.agent.tools import FileTools

IDS = itertools.count()


def call(name: str, **arguments) -> ToolCall:
    return ToolCall(id=f"c{next(IDS)}", name=name, arguments=arguments)


def say(*calls: ToolCall, **more) -> Said:
    return Said(calls=calls, **more)


DONE = {"outcome": "changed", "subject": "fix: it"}


GREEN = Ran("1 passed", ok=True, seconds=1.0, tests=True)
RED = Ran("1 failed", ok=True, seconds=1.0, tests=True, red=True)
ODD = Ran("exit code 1", ok=True, seconds=1.0, red=True)
EVEN = Ran("exit code 0", ok=True, seconds=1.0)


def lead(overlay, turns, accept=lambda finish, number: "", limits=None, runs=()):
    talk = Conversation("c", "code", {})
    said, ran = iter(turns), iter(runs)
    hands = Hands(
        ask=lambda talk: Turned(next(said), 1.0),
        run=lambda asked, number: next(ran, GREEN),
        accept=accept,
    )
    return work(talk, FileTools(overlay), hands, limits or Limits()), talk


def test_calls_are_answered_in_order_until_the_end_is_accepted(overlay):
    worked, talk = lead(
        overlay,
        [
            say(call("view", path="src/shop.py"), call("search", text="def")),
            say(call("str_replace", path="src/shop.py", old="return 1", new="return 2")),
            say(call("run", tests=["t.py"]), call("finish", **DONE)),
        ],
    )
    assert worked.end is Ended.FINISHED
    assert worked.finish.subject == "fix: it"
    assert (worked.turns, worked.seconds) == (3, 4.0)
    assert list(overlay.changes) == ["src/shop.py"]
    assert len(talk.exchanges) == 2


def test_an_end_that_is_not_accepted_is_told_why_and_the_work_goes_on(overlay):
    refusals = iter(["no file differs", ""])
    finish = [say(call("finish", **DONE)), say(call("finish", **DONE))]
    worked, talk = lead(overlay, finish, accept=lambda finish, number: next(refusals))
    assert worked.end is Ended.FINISHED
    assert talk.exchanges[0].results[0].error
    assert "no file differs" in talk.exchanges[0].results[0].content


def test_an_end_beside_a_failed_edit_is_not_taken(overlay):
    edit = call("str_replace", path="src/shop.py", old="nothing like it", new="x")
    worked, talk = lead(overlay, [say(edit, call("finish", **DONE)), say(call("finish", **DONE))])
    assert worked.turns == 2
    assert "failed" in talk.exchanges[0].results[1].content


RUN, END = ("run", {}), ("finish", DONE)


@pytest.mark.parametrize(
    ("turns", "runs", "ends_at"),
    [
        ([(RUN, END), (END,)], (RED,), 2),  # not seen yet
        ([(RUN,), (END,), (END,)], (RED,), 3),  # seen, and no word about it
        ([(RUN,), (RUN, END)], (RED, GREEN), 2),
        ([(RUN,), (RUN, END), (END,)], (RED, EVEN), 3),  # a command proves no test
        ([(RUN,), (RUN, END)], (ODD, EVEN), 2),
        ([(RUN,), (RUN, END)], (ODD, GREEN), 2),
        ([(RUN, END), (RUN, END), (END,)], (RED, RED), 3),  # another run, another doubt
        ([(RUN,), (("finish", DONE | {"outcome": "cannot"}),)], (RED,), 2),
    ],
)
def test_an_end_after_a_red_run_is_doubted_once(overlay, turns, runs, ends_at):
    said = [say(*(call(name, **given) for name, given in one)) for one in turns]
    worked, talk = lead(overlay, said, runs=runs)
    assert (worked.end, worked.turns) == (Ended.FINISHED, ends_at)
    doubts = [
        r.content for e in talk.exchanges for r in e.results if "did not end well" in r.content
    ]
    assert len(doubts) == sum(END in turn for turn in turns[: ends_at - 1])


CUT_OFF = ToolCall(id="x", name="create", arguments=None, raw='{"path": "a.py", "con')
HUGE = ToolCall(id="h", name="nope", arguments=None, raw="x" * 200_000)


@pytest.mark.parametrize(
    "nonsense",
    [
        say(CUT_OFF, finish="length"),
        say(call("rm_rf", path="/")),
        say(text="I am done."),
        say(),
        say(HUGE, text="y" * 200_000),
        say(call("view"), call("view", path=["a"])),
        say(ToolCall(id="", name="", arguments=None)),
    ],
)
def test_malformed_turns_are_answered_and_end_after_three(overlay, nonsense):
    worked, talk = lead(overlay, [nonsense] * 9)
    assert worked.end is Ended.MALFORMED
    assert worked.turns == 3
    for exchange in talk.exchanges:
        assert exchange.note or all(result.error for result in exchange.results)
    assert sum(len(e.model_dump_json()) for e in talk.exchanges) < 100_000
    worked, _ = lead(overlay, [nonsense, nonsense, say(call("finish", **DONE))])
    assert worked.end is Ended.FINISHED, "one good turn is enough"


def test_two_calls_with_one_id_are_two_calls(overlay):
    twins = [ToolCall(id="a", name="view", arguments={"path": p}) for p in ("bare.txt", "twice.py")]
    _, talk = lead(overlay, [say(*twins), say(call("finish", **DONE))])
    assert len({r.call_id for r in talk.exchanges[0].results}) == 2
    assert "no end of line" in talk.exchanges[0].results[0].content


def test_a_refusal_ends_the_work(overlay):
    worked, _ = lead(overlay, [say(finish="refused")])
    assert worked.end is Ended.REFUSED


def test_more_calls_than_a_turn_may_have_are_not_carried_out(overlay):
    edits = [call("create", path=f"n{n}.py", content="x\n") for n in range(60)]
    _, talk = lead(overlay, [say(*edits), say(call("finish", **DONE))])
    assert len(overlay.changes) == 16
    assert len(talk.exchanges[0].results) == 60


def test_going_in_circles_is_told_once_and_then_stopped(overlay):
    again = [say(call("view", path="src/shop.py")) for _ in range(20)]
    worked, talk = lead(overlay, again)
    assert worked.end is Ended.STUCK
    assert worked.turns == 6
    assert [bool(e.note) for e in talk.exchanges] == [False, False, True, False, False]


def test_running_the_same_tests_after_each_edit_is_no_circle(overlay):
    def turns():
        for n in itertools.count(2):
            yield say(call("str_replace", path="bare.txt", old="end", new=f"end{n} "))
            yield say(call("run", tests=["t.py"]))

    worked, _ = lead(overlay, turns(), limits=Limits(turns=12))
    assert worked.end is Ended.TURNS


def test_limits_are_announced_before_they_end_the_work(overlay):
    def looking():
        return (say(call("view", path="src/shop.py", start=n)) for n in itertools.cycle([1, 2]))

    edits = (
        say(call("create", path=f"n{n}.py", content="x\n"), call("view", path="twice.py"))
        for n in itertools.count()
    )
    worked, talk = lead(overlay, edits, limits=Limits(turns=8))
    assert (worked.end, worked.turns) == (Ended.TURNS, 8)
    assert "come to an end" in talk.exchanges[4].note
    worked, talk = lead(overlay, looking(), limits=Limits(seconds=5.0, repeats=99))
    assert (worked.end, worked.turns) == (Ended.TIME, 5)
    assert "come to an end" in talk.exchanges[3].note
    worked, _ = lead(overlay, looking(), limits=Limits(characters=1_500, repeats=99, turns=99))
    assert worked.end is Ended.SIZE
    assert worked.turns < 15


def test_a_conversation_is_known_only_where_it_stands(overlay):
    room = Conversations()
    with room.opened(Conversation("c", "code", {})) as talk:
        assert room.at("c", "") is talk
        with pytest.raises(NotTheSame):
            room.at("c", "elsewhere")
    with pytest.raises(NotTheSame):
        room.at("c", "")


def test_the_same_turns_give_the_same_digest_and_others_another(overlay):
    turns = [say(call("view", path="bare.txt")), say(call("finish", **DONE))]
    one, two = lead(overlay, turns)[1], lead(overlay, turns)[1]
    assert one.digest == two.digest != ""
    other = lead(overlay, [say(call("view", path="twice.py")), turns[1]])[1]
    assert other.digest != one.digest
