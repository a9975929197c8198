"""What leaves for a model and what comes back (M12, M13).

Promises: no hidden character and nothing that looks like a secret leaves, wherever in the
conversation it stands; what a tool showed stands in a data section; secrets are put back into what
the model wants done. A text that was prepared once is not prepared again, so that a step costs the
same however long the conversation is. Never changes the meaning of a history: one that is not whole
is refused.
"""

from __future__ import annotations

from typing import Any

from bot.agent.errors import Kind, ModelError
from bot.agent.messages import Exchange, History, Said, ToolCall, ToolResult
from bot.agent.prompts import BUILT_IN, Registry, render
from bot.agent.untrusted import Secrets, section, visible


def check(history: History) -> None:
    """Raises `ModelError(malformed_history)` for what no provider would take.

    Every call has its one result, in order; no id occurs twice in the conversation; whatever was
    said is followed by something.
    """
    seen: set[str] = set()
    for number, exchange in enumerate(history, 1):
        called = [call.id for call in exchange.said.calls]
        if called != [result.call_id for result in exchange.results]:
            _malformed(number, "the results are not those of the calls, in their order")
        if len(set(called)) != len(called) or not seen.isdisjoint(called):
            _malformed(number, "an id of a call occurs twice")
        if not all(called):
            _malformed(number, "a call has no id")
        if not exchange.results and not exchange.note:
            _malformed(number, "nothing was answered to what the model said")
        seen.update(called)


def _malformed(number: int, why: str) -> None:
    raise ModelError(Kind.MALFORMED_HISTORY, f"exchange {number}: {why}")


class Outgoing:
    """One conversation, or one call: its prompt, and the way there and back for what follows."""

    def __init__(
        self,
        purpose: str,
        package: dict[str, Any],
        registry: Registry = BUILT_IN,
        room: int | None = None,
    ) -> None:
        self._secrets = Secrets()
        self.prompt = render(purpose, package, self._secrets, registry, room)
        task = package.get("task") or {}
        self.task = str(task.get("id", "")) if isinstance(task, dict) else str(task)
        self._texts: dict[tuple[str, str], str] = {}
        self._sent: list[tuple[Exchange, Exchange]] = []  # what was prepared, and how it is sent

    def hide(self, text: str) -> str:
        """A text of ours that may quote others."""
        return self._once("", text)

    def _once(self, name: str, text: str) -> str:
        shown = self._texts.get((name, text))
        if shown is None:
            shown = self._secrets.hide(visible(text))
            shown = self._texts[name, text] = section(name, shown) if name else shown
        return shown

    def history(self, history: History) -> History:
        """The history as the model gets it; raises `ModelError(malformed_history)`."""
        check(history)
        same = 0
        for (before, _), now in zip(self._sent, history, strict=False):
            if before is not now:
                break
            same += 1
        del self._sent[same:]
        self._sent += [(exchange, self._exchange(exchange)) for exchange in history[same:]]
        return tuple(sent for _, sent in self._sent)

    def _exchange(self, exchange: Exchange) -> Exchange:
        said = exchange.said
        calls = tuple(
            call.model_copy(
                update={"arguments": self._value(call.arguments), "raw": self.hide(call.raw)}
            )
            for call in said.calls
        )
        results = tuple(
            result.model_copy(update={"content": self._result(call, result)})
            for call, result in zip(said.calls, exchange.results, strict=True)
        )
        return exchange.model_copy(
            update={
                "said": said.model_copy(update={"text": self.hide(said.text), "calls": calls}),
                "results": results,
                "note": self.hide(exchange.note),
            }
        )

    def _result(self, call: ToolCall, result: ToolResult) -> str:
        name = "".join(c for c in call.name if c.isalnum() or c in "_-")[:40]
        return self._once(f"result of {name or 'a call'}", result.content)

    def _value(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.hide(value)
        if isinstance(value, dict):
            return {self.hide(key): self._value(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self._value(item) for item in value]
        return value

    def restored(self, value: Any) -> Any:
        """The JSON-shaped value with its secrets back."""
        return self._secrets.restore(value)

    def back(self, said: Said, history: History) -> Said:
        """What the model said, with its secrets back and each call under an id of its own."""
        taken = {call.id for exchange in history for call in exchange.said.calls}
        calls = []
        for call in said.calls:
            name, number = call.id or "call", 2
            while name in taken:
                name, number = f"{call.id or 'call'}-{number}", number + 1
            taken.add(name)
            arguments = self.restored(call.arguments)
            calls.append(call.model_copy(update={"id": name, "arguments": arguments}))
        return said.model_copy(update={"text": self.restored(said.text), "calls": tuple(calls)})
