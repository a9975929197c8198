"""What `towpath doctor` says: findings and next steps. Never holds a secret."""

from __future__ import annotations

from datetime import datetime

ANSWERS = "answers"
NO_ANSWER = "does not answer"
INDEX = (
    "Projects whose tests need packages cannot be tested. Check the network and the proxy, or set "
    "UV_DEFAULT_INDEX (or PIP_INDEX_URL) to an index that can be reached."
)
PYTHON = "Install Python 3.11 or newer."
GIT = "Install git 2.38 or newer."
UNSANDBOXED = "none; projects run with the rights of Towpath itself"
SANDBOX = (
    "Install bubblewrap and allow unprivileged user namespaces (sysctl "
    "kernel.unprivileged_userns_clone=1; on Ubuntu also "
    "kernel.apparmor_restrict_unprivileged_userns=0)."
)
HOME = "Set TOWPATH_HOME to a folder that the user who runs Towpath can write."
DISK = "Make room: mirrors, work trees and environments of projects are kept there."
DATABASE = "Check TOWPATH_DATABASE_URL, and that the database is running and lets Towpath in."
OTHER_DATABASE = "Begin TOWPATH_DATABASE_URL with postgresql+psycopg:// or sqlite:///."
EMBEDDED = "embedded server, started for a try"
SERVER = "Install valkey-server or redis-server (6.2 or newer), or set TOWPATH_REDIS_URL."
QUEUE = "Check TOWPATH_REDIS_URL, and that the server is running and lets Towpath in."
OLD_QUEUE = "Use Redis 6.2 or newer, or Valkey."
SET = "set"
SHORT = "shorter than 16 characters"
LONGER = "Use a long random one (openssl rand -hex 32), here and in the settings of the app."
NO_MODEL = "none: only dependency bumps and exact fixes of findings"
MODEL = (
    "Set TOWPATH_MODEL to anthropic:NAME or openai:NAME for other stories (scripted:FILE needs "
    "the file)."
)
GITHUB = "Check TOWPATH_GITHUB_API_URL, the network and the proxy (HTTPS_PROXY)."
AS_MANIFEST = "as app.yml asks"
PERMISSIONS = (
    "Grant them in the settings of the app (Permissions & events); owners of installations then "
    "accept the change."
)
SUSPENDED = "suspended"
ALL_WELL = "Nothing that is needed is missing."
SOME_MISSING = "Towpath cannot work until what is marked as missing is put right."


HELD = "Nothing got out."
NOT_HELD = "This sandbox does not hold. Run no foreign code here; set TOWPATH_SANDBOX to another."


def escape(verdict: str, said: str) -> str:
    if verdict == "not applicable":
        return "not applicable: it does not work on this machine outside the sandbox either"
    return said if said.startswith(verdict) else f"{verdict}: {said}"


def sandbox_holds(name: str) -> str:
    return f"{name}, checked from inside"


def not_writable(path: str) -> str:
    return f"{path} cannot be written"


def space(path: str, free_gb: float) -> str:
    return f"{path} ({free_gb:.0f} GB free)"


def new_database(path: str) -> str:
    return f"{path} will be made at the first start"


def database(kind: str, revision: str, is_old: bool) -> str:
    return f"{kind}, " + ("brought up to date at the next start" if is_old else revision)


def degraded(since: datetime, because: str) -> str:
    return f"degraded since {since:%Y-%m-%d %H:%M} UTC because: {because}"


def probed(at: datetime) -> str:
    return (
        f"Nothing is lost: work that needs it waits in order. Tried again at {at:%H:%M:%S} UTC; "
        "if that does not help, look at the service's own status page and at the network."
    )


def no_file(name: str) -> str:
    return f"there is no file {name}"


def unset(variable: str) -> str:
    return f"{variable} is not set"


def key_of(family: str, variable: str) -> str:
    return f"Set {variable} to your key for {family}."


def install(url: str) -> str:
    return f"Install the app on your repositories: {url}"


def unsuspend(url: object) -> str:
    return f"An owner of the account can end that: {url or 'in the settings of the account'}"


def not_accepted(lacks: tuple[str, ...]) -> str:
    return f"has not accepted {', '.join(lacks)}"


def accept(url: object) -> str:
    return f"An owner of the account accepts it: {url or 'in the settings of the account'}"


NOT_SIGNED = "commits are not signed (TOWPATH_SIGNING_KEY_FILE)"


def signed(public: str) -> str:
    return f"commits are signed; the key for those who verify them: {public}"
