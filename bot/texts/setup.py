"""What the setup pages say to the operator who registers the app (W4). Never holds a secret.

Promises: every value is shown as text (escaped); nothing is loaded from anywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

TITLE = "Register the GitHub App"
CONFIRM = "Register it on GitHub"
DONE = "The app is registered"
NOT_NOW = "Nothing to set up"
NO_ENTRY = "This link does not open anything"

ALREADY = (
    "This Towpath has its GitHub App. Its settings on GitHub show where it is installed.",
    "To register another one: end Towpath, move github-app.json out of its home folder (or unset "
    "TOWPATH_APP_ID), and start it again.",
)
NO_APP_YET = "Open the address that `towpath serve` printed to register its GitHub App."
WRONG_LINK = (
    "The address for setting up Towpath holds a token that is valid once. Use the one that "
    "`towpath serve` printed when it started; if it was used before, start Towpath again for a new "
    "one.",
)
NAME = "An app's name has 1 to 34 characters: letters, digits, spaces, dots, hyphens."
OWNER = "An organisation's name has letters, digits and hyphens only, 39 at most."
URL = "The address has to begin with https:// (or http:// in a network of your own)."
URL_NOT_PUBLIC = (
    "GitHub cannot reach this address: it belongs to this machine or a private network. Give the "
    "https address at which the internet reaches it, for instance a reverse proxy's."
)
OTHER_PAGE = "This form was sent from another page. Fill it in here."
STALE = (
    "This answer from GitHub belongs to no registration that was begun here in the last hour. "
    "Begin again below. If GitHub registered an app meanwhile, delete it in its settings there."
)
USED = (
    "GitHub does not know this code any more: it is valid for one hour, and once. Begin again "
    "below, and delete the app that GitHub registered in its settings there."
)
AWAY = (
    "GitHub does not answer, so the app's credentials could not be fetched. Begin again below when "
    "it does, and delete the app that was registered by then."
)
ODD = (
    "GitHub's answer could not be read. Check TOWPATH_GITHUB_WEB_URL and TOWPATH_GITHUB_API_URL: "
    "they must name the same GitHub. Then begin again below."
)
NOT_KEPT = (
    "The credentials could not be written to Towpath's home folder. Check its permissions and that "
    "the disk has room, delete the app that GitHub registered, and begin again below."
)


def link(url: str) -> str:
    """What `towpath serve` prints where no app is set up. The link holds the one-time token."""
    return (
        "Towpath has no GitHub App yet. Open this in a browser to register one; the link is valid "
        f"once:\n\n  {url}\n\n(For an app that exists already, set TOWPATH_APP_ID, "
        "TOWPATH_PRIVATE_KEY_FILE and TOWPATH_WEBHOOK_SECRET instead.)"
    )


def registered(slug: str) -> str:
    """What follows in the terminal."""
    return f"The app {slug} is registered; Towpath starts with it."


def form(nonce: str, problem: str = "", **fields: str) -> str:
    """The first page: name, owner and address of the app."""
    return _page("setup_form", nonce, TITLE, problem, **fields)


def register(nonce: str, permissions: Sequence[tuple[str, str, str]], **fields: str) -> str:
    """The second page: what the app asks for, and the form that goes to GitHub."""
    return _page("setup_register", nonce, CONFIRM, permissions=permissions, **fields)


def done(nonce: str, slug: str, install: str) -> str:
    """The last page: what comes next."""
    return _page("setup_done", nonce, DONE, slug=slug, install=install)


def message(nonce: str, title: str, lines: Sequence[str]) -> str:
    """A page that only says something."""
    return _page("setup_message", nonce, title, lines=lines)


def _page(template: str, nonce: str, title: str, problem: str = "", **values: Any) -> str:
    page = _environment().get_template(f"{template}.html.j2")
    return page.render(nonce=nonce, title=title, problem=problem, **values)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    loader = PackageLoader("bot.texts", "pages")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined)
