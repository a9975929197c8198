"""What the command line says to whoever runs Towpath.

Promises: each sentence about a problem ends with what to do next. Never holds a secret.
"""

from __future__ import annotations

from collections.abc import Iterable

from bot.texts.terminal import harmless

NOT_SET = "not set"
NO_RSA_KEY = "not an RSA private key in PEM form without a passphrase"
KEY_PROBLEMS = {
    "path": ("it names a file, and holds no key", "Name the file in TOWPATH_PRIVATE_KEY_FILE."),
    "public": ("it holds no private key, but a public one or a certificate", ""),
    "encrypted": ("not an RSA private key without a passphrase", ""),
    "openssh": ("an SSH key, not an RSA private key in PEM form", ""),
    "kind": ("not an RSA private key, but one of another kind", ""),
    "damaged": (
        "it begins like a private key, but a part is missing or damaged",
        "Copy the file of the key again, whole, or name it in TOWPATH_PRIVATE_KEY_FILE.",
    ),
}
NEXT_SIGNING = "Set it to the secret typed into the settings of the GitHub App (Webhook → Secret)."
NEXT_APP_ID = "Set it to the App ID shown at the top of the settings of the GitHub App."
NEXT_PRIVATE_KEY = (
    "Generate a key in the settings of the GitHub App (Private keys) and name its file in "
    "TOWPATH_PRIVATE_KEY_FILE."
)
UNKNOWN_APP = (
    "Set it to the App ID shown at the top of the settings of the GitHub App (not the client ID, "
    "not the number of an installation), and check that TOWPATH_GITHUB_API_URL is that GitHub."
)
OTHER_KEY = "GitHub does not accept it for this app: it belongs to another one, or was deleted"
NEXT_CLOCK = "Set this machine's clock (timedatectl set-ntp true), then start again."
WRONG_CLOCK = "GitHub does not accept the time of this machine"
NO_TESTS = "The tests are not installed here. Call `./towpath test` in a clone of the repository."
NO_INDEX = "No package index answers: the tests that install packages are left out."


def unknown_app(app_id: int | None, url: str) -> str:
    return f"{url} knows no app with the number {app_id}"


def settings_problems(rows: Iterable[tuple[str, str, str]]) -> str:
    """Variable, what is wrong, next step: one a line."""
    lines = [f"  {variable}: {wrong}. {next_}" for variable, wrong, next_ in rows]
    return "\n".join(["Towpath cannot start with these settings:", *lines])


def unexpected(name: str, error_id: str) -> str:
    return (
        f"Something went wrong that Towpath has no words for ({name}, error {error_id}). "
        "The lines above say where; please report them."
    )


def no_embedded_queue(reason: str, detail: str) -> str:
    return (
        f"The embedded queue server cannot be used: {reason} ({detail}). Install valkey-server or "
        "redis-server (6.2 or newer), or name a running one in TOWPATH_REDIS_URL."
    )


def no_queue(problem: str) -> str:
    return f"The queue does not answer: {problem}. Check TOWPATH_REDIS_URL and that it is running."


def no_database(problem: str) -> str:
    return (
        f"The database cannot be used: {problem}. Check TOWPATH_DATABASE_URL, that the database "
        "is running, and that TOWPATH_HOME can be written."
    )


def no_file(path: str, problem: str) -> str:
    return (
        f"{harmless(path)} cannot be used: {problem}. Name another place, or change who may use it."
    )


def no_github(kind: str, problem: str) -> str:
    return (
        f"GitHub answered with an error ({kind}): {problem}. `towpath doctor` looks at the "
        "connection and the app's credentials."
    )


def no_sandbox(findings: Iterable[str]) -> str:
    return (
        f"No sandbox works on this machine: {'; '.join(findings)}. Install bubblewrap and allow "
        "unprivileged user namespaces, or set TOWPATH_SANDBOX=container where podman or docker "
        "runs; `towpath doctor` checks it again."
    )


# -- serve -----------------------------------------------------------------------------------------

SERVED = "Towpath has ended; whatever was under way goes on at the next start."


def serving(host: str, port: int, home: str) -> str:
    return (
        f"Towpath listens on http://{host}:{port}/webhook and keeps its data in {home}. "
        "Ctrl-C ends it."
    )


def keeps_ending(name: str, status: int) -> str:
    return (
        f"The process “{name}” keeps ending (status {status}), so everything was ended. Its lines "
        "above say why; `towpath doctor` says what is missing."
    )


def address_taken(host: str, port: int, problem: str) -> str:
    return (
        f"Cannot listen on {host}:{port}: {problem}. End what uses that port, or set "
        "TOWPATH_BIND_HOST and TOWPATH_BIND_PORT to another address."
    )


# -- audit and inbox -------------------------------------------------------------------------------

CHAIN_HOLDS = "The journal holds together."
IDS_OR_ALL = "Name the ids to replay (see `towpath inbox list`), or give --all."


def broken(stream: str, seq: int, what: str) -> str:
    return f"{stream} event {seq}: {what}"


def no_stream(stream: str) -> str:
    return f"There is no stream {stream!r}. `towpath audit streams` lists them."


def nothing_in(home: str) -> str:
    return f"There is no data of Towpath in {home}. Set TOWPATH_HOME to the folder it runs with."


def inbox_counts(waiting: int, taken: int, dead: int) -> str:
    return f"{waiting} waiting, {taken} being handled, {dead} given up on."


def no_dead_letter(ids: Iterable[str]) -> str:
    return f"Nothing that was given up on has this id: {', '.join(map(repr, ids))}."


def replayed(count: int) -> str:
    return f"{count} put back into the inbox."
