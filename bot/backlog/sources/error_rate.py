"""A monitor's word that errors became more frequent: `POST /webhook/backlog-update` (B4).

`{"service": "shop", "rate": 0.08, "usual": 0.01, "status": "firing", "url": …}`: one item a service
and signal, ended by `"status": "resolved"`. Prometheus Alertmanager's webhook body is read too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bot.backlog.entry import Entry, Sightings
from bot.backlog.reading import Reading
from bot.backlog.sources.github_service import Told, text
from bot.story.item_events import Family
from bot.story.vocabulary import digest

NAME = "error_rate"


def fits(payload: Mapping[str, Any]) -> bool:
    """Whether the body is of a monitor."""
    return "alerts" in payload or ("service" in payload and "rate" in payload)


def read(payload: Mapping[str, Any]) -> Reading:
    """What one call says; other alerts are not told of, so nothing is gone by it."""
    told = Sightings(NAME, NAME)
    for one in _alerts(payload):
        told.add(_entry(one))
    return told.reading(digest(dict(payload)), complete=False)


def _alerts(payload: Mapping[str, Any]) -> Iterator[Told]:
    alerts = payload.get("alerts")
    if not isinstance(alerts, list):
        yield payload
        return
    for one in alerts:
        if isinstance(one, Mapping):
            labels = one.get("labels") if isinstance(one.get("labels"), Mapping) else {}
            notes = one.get("annotations") if isinstance(one.get("annotations"), Mapping) else {}
            yield {
                "service": text(labels, "service") or text(labels, "job"),
                "signal": text(labels, "alertname"),
                "severity": text(labels, "severity"),
                "status": text(one, "status"),
                "summary": text(notes, "summary") or text(notes, "description"),
                "url": text(one, "generatorURL"),
                "started": text(one, "startsAt"),
            }


def _entry(one: Told) -> Entry:
    service = text(one, "service") or "a service"
    signal = text(one, "signal") or "error rate"
    rate, usual = _number(one.get("rate")), _number(one.get("usual") or one.get("baseline"))
    body = [text(one, "summary")]
    if rate is not None:
        before = f"; usual is {usual:.2%}" if usual is not None else ""
        body.append(f"{rate:.2%} of requests fail{before}.")
    resolved = text(one, "status").casefold() in ("resolved", "ok", "normal")
    return Entry(
        f"{service}: {signal} is too high",
        0,
        "\n\n".join(part for part in body if part),
        {
            "url": text(one, "url"),
            "created": text(one, "started"),
            "state": "resolved" if resolved else "",
            "reason": "resolved, says the monitor" if resolved else "",
        },
        key=f"{service}|{signal}",
        family=Family.BUG,
        severity=text(one, "severity") or ("critical" if (rate or 0) >= 0.05 else "high"),
        identities=(f"signal:{service}|{signal}",),
    )


def _number(raw: Any) -> float | None:
    return float(raw) if isinstance(raw, (int, float)) and not isinstance(raw, bool) else None
