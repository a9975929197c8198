"""What the processes write to stderr: one line a record, plain or JSON.

Promises: no credential gets out, neither one of a known shape nor a secret of the settings, also
not in a traceback; an error carries its error id. Never writes to stdout.
"""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from types import TracebackType

from bot.known_secrets import remember, secrets_of
from bot.outside.redaction import redact
from bot.settings import Settings

# A line for each job, each look at the clock and each repeated read would hide the rest.
CHATTY = {"alembic": logging.WARNING, "rq": logging.WARNING, "urllib3": logging.ERROR}
_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def write_log(
    level: int = logging.INFO, *, as_json: bool = False, settings: Settings | None = None
) -> None:
    """Send every record of this process from `level` on to stderr, uncaught exceptions too."""
    if settings:
        remember(secrets_of(settings))
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LogLine(as_json))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for chatty, least in CHATTY.items():
        logging.getLogger(chatty).setLevel(max(level, least))
    sys.excepthook = _log_uncaught


class LogLine(logging.Formatter):
    """A record as a line. Extra fields (`error_id`, `delivery` …) are kept."""

    def __init__(self, as_json: bool = False) -> None:
        super().__init__()
        self._as_json = as_json

    def format(self, record: logging.LogRecord) -> str:
        extra = {name: str(value) for name, value in vars(record).items() if name not in _OWN}
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        trace = self.formatException(record.exc_info) if record.exc_info else ""
        message = record.getMessage()
        if self._as_json:
            about = {"at": at, "level": record.levelname.lower(), "logger": record.name}
            told = {**about, "message": message, **extra} | ({"trace": trace} if trace else {})
            clean = {name: redact(value) for name, value in told.items()}
            return json.dumps(clean, ensure_ascii=False)
        fields = "".join(f" {name}={value}" for name, value in extra.items())
        line = f"{at} {record.levelname.lower()} {record.name}: {message}{fields}"
        one_line = line.replace("\r", "\\r").replace("\n", "\\n")  # nobody forges a second record
        return redact(one_line + (f"\n{trace}" if trace else ""))


def _log_uncaught(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    logging.getLogger("towpath").critical("ended by an error", exc_info=(kind, error, trace))
