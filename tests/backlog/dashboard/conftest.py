"""The backlog's own fixtures, for its surfaces."""

from tests.backlog.conftest import backlog, clock, journal

__all__ = ["backlog", "clock", "journal"]
