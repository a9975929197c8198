"""A GitHub-compatible server for loopback: the world of the demo and of the tests.

Promises GitHub's REST answers, webhooks, git over HTTP and a page to look at, without a network.
Never meant for other machines: state is in memory and people's tokens are handed out on request.
"""

from bot.localhub.app_registry import AppCredentials
from bot.localhub.hub import LocalHub
from bot.localhub.person import Person, Refused
from bot.localhub.remote import RemoteHub
from bot.localhub.serving import Server, serve

__all__ = ["AppCredentials", "LocalHub", "Person", "Refused", "RemoteHub", "Server", "serve"]
