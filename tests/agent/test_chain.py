"""Fail-over: who is asked, who is left alone and for how long, and the way back."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.agent.chain import AWAY, Chain
from bot.agent.errors import REMEDY, RETRYABLE, Kind, ModelError
from bot.agent.messages import Said
from bot.agent.providers import RawAnswer, Request
from bot.story.vocabulary import Usage

ASKED = Request("code", "s", "u")


class Source:
    """Answers, or fails with what `away` says."""

    provider = "x"

    def __init__(self, model: str) -> None:
        self.model, self.away, self.asked = model, None, 0
        self.retry_after = None

    def ask(self, asked: Request) -> RawAnswer:
        self.asked += 1
        if self.away is not None:
            raise ModelError(self.away, "m", retry_after=self.retry_after)
        return RawAnswer(Said(text=self.model), self.model, Usage())


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def pair():
    return Source("a"), Source("b")


def test_another_answers_while_one_is_away_and_it_comes_back(clock, pair):
    first, second = pair
    chain = Chain(clock)
    first.away = Kind.OVERLOADED
    answered = chain.ask(pair, ASKED)
    assert answered.source is second
    assert [(s.model, s.kind, s.sent) for s in answered.skipped] == [("a", Kind.OVERLOADED, True)]
    answered = chain.ask(pair, ASKED)
    assert (answered.source, first.asked) == (second, 1)
    assert not answered.skipped[0].sent
    clock.now, first.away = 16.0, None
    assert chain.ask(pair, ASKED).source is first
    assert chain.ask(pair, ASKED).skipped == ()


def test_every_request_is_counted_also_those_that_failed(clock, pair):
    first, second = pair
    chain = Chain(clock)
    first.away = Kind.OVERLOADED
    assert chain.ask(pair, ASKED).requests == 2
    assert chain.ask(pair, ASKED).requests == 1  # the first one rests
    clock.now, second.away = 16.0, Kind.REFUSED
    with pytest.raises(ModelError) as refused:
        chain.ask(pair, ASKED)
    assert refused.value.requests == 2
    clock.now, second.away = 17.0, Kind.TIMEOUT
    with pytest.raises(ModelError) as away:
        chain.ask(pair, ASKED)
    assert away.value.requests == 1
    with pytest.raises(ModelError) as resting:
        chain.ask(pair, ASKED)
    assert resting.value.requests == 0


def test_the_rest_doubles_with_each_failure_and_follows_the_provider(clock, pair):
    first, _ = pair
    chain = Chain(clock)
    first.away = Kind.RATE_LIMIT
    rests = []
    for _ in range(8):
        before, asked = clock.now, first.asked
        while first.asked == asked:
            chain.ask(pair, ASKED)
            clock.now += 1
        rests.append(clock.now - 1 - before)
    assert rests[1:4] == pytest.approx([14, 29, 59], abs=1)
    assert max(rests) <= 900
    first.retry_after, clock.now = 500, clock.now + 1000
    chain.ask(pair, ASKED)
    clock.now += 499
    assert chain.ask(pair, ASKED).skipped[0].sent is False


def test_one_trial_at_a_time_goes_to_who_was_away(clock, pair):
    first, _ = pair
    chain = Chain(clock)
    first.away = Kind.OVERLOADED
    chain.ask(pair, ASKED)
    clock.now, held, go = 20.0, threading.Event(), threading.Event()

    class Slow(Source):
        def ask(self, asked):
            held.set()
            go.wait(5)
            return super().ask(asked)

    slow = Slow("a")
    thread = threading.Thread(target=chain.ask, args=((slow, pair[1]), ASKED))
    thread.start()
    held.wait(5)
    answered = chain.ask(pair, ASKED)
    go.set()
    thread.join(5)
    assert answered.source is pair[1]
    assert first.asked == 1


@pytest.mark.parametrize("kind", sorted(set(Kind) - AWAY))
def test_what_any_model_would_fail_at_is_raised_at_once(clock, pair, kind):
    first, second = pair
    first.away = kind
    with pytest.raises(ModelError) as caught:
        Chain(clock).ask(pair, ASKED)
    assert (caught.value.kind, second.asked) == (kind, 0)


def test_when_all_rest_the_error_says_when_to_come_again(clock, pair):
    chain = Chain(clock)
    for one in pair:
        one.away = Kind.OVERLOADED
    with pytest.raises(ModelError):
        chain.ask(pair, ASKED)
    clock.now = 5.0
    with pytest.raises(ModelError) as caught:
        chain.ask(pair, ASKED)
    assert caught.value.retryable
    assert caught.value.retry_after == pytest.approx(10)
    assert pair[0].asked == 1


def test_the_only_model_is_always_asked(clock, pair):
    chain, (first, _) = Chain(clock), pair
    first.away = Kind.OVERLOADED
    for _ in range(3):
        with pytest.raises(ModelError):
            chain.ask((first,), ASKED)
    assert first.asked == 3


@given(st.lists(st.tuples(st.sampled_from([None, *sorted(AWAY)]), st.floats(0, 100)), max_size=30))
def test_whatever_happens_an_answer_comes_while_one_model_is_there(events):
    clock, first, second = Clock(), Source("a"), Source("b")
    chain = Chain(clock)
    for away, later in events:
        first.away = away
        clock.now += later
        assert chain.ask((first, second), ASKED).source in (first, second)


def test_every_kind_of_error_says_what_a_person_can_do():
    assert set(REMEDY) == set(Kind)
    assert set(Kind) > RETRYABLE
