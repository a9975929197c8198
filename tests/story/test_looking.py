"""A look at everything is done in parts, and each thing is looked at once a round."""

from __future__ import annotations

from handlers.catch_up import Round


def test_a_look_goes_on_where_its_time_was_up() -> None:
    seen: list[str] = []
    left = 3

    def over() -> bool:
        return left <= 0

    def look(name: str) -> None:
        nonlocal left
        seen.append(name)
        left -= 1
        if name == "b":
            raise ConnectionError("away for a moment")

    things = [(name, lambda name=name: look(name)) for name in "abcde"]
    one = Round(over)
    assert one.part(things) == 2, "what failed, and the rest"
    assert (seen, one.finished) == (["a", "b", "c"], False)
    left = 3
    assert one.part([*things, ("f", lambda: look("f"))]) == 0
    assert (seen, one.finished) == (["a", "b", "c", "d", "e", "f"], True)
    left = 9
    one.part(things)
    assert seen[6:] == ["a", "b", "c", "d", "e"], "the next round is about everything again"
