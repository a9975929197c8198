"""Apps: registering, installing, suspending, and what their owners hold."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.localhub.announce import Announcer
from bot.localhub.directory import Directory
from bot.localhub.state import Account, App, Installation, Repository, slug_of
from bot.localhub.tokens import Tokens, public_half, signing_key


@dataclass(frozen=True)
class AppCredentials:
    """What the owner of a registered app holds."""

    app_id: int
    slug: str
    client_id: str
    client_secret: str
    webhook_secret: str | None
    pem: str

    def __repr__(self) -> str:  # secrets stay out of test output and logs
        return f"AppCredentials(app_id={self.app_id}, slug={self.slug!r})"


class AppRegistry(Directory):
    """The part of `LocalHub` that knows apps. KeyError for unknown ids."""

    tokens: Tokens
    announce: Announcer

    # -- apps --------------------------------------------------------------------------------

    def register_app(
        self,
        manifest: Mapping[str, Any],
        webhook_url: str | None = None,
        webhook_secret: str | None = None,
        *,
        owner: str | None = None,
        pem: str | None = None,
    ) -> AppCredentials:
        """Register an app from its manifest (`app.yml` as a dict); permissions and events of it.

        `webhook_url` and `webhook_secret` override the manifest; `pem` brings an own key.
        """
        with self.lock:
            name = str(manifest.get("name") or "")
            slug = slug_of(name)
            if not slug:
                raise ValueError("a manifest needs a name")
            if any(one.slug == slug for one in self.state.apps.values()):
                raise ValueError(f"an app {slug} exists")
            people = [a for a in self.state.accounts.values() if a.type != "Bot"]
            holder = self.state.account(owner) if owner else (people or [self.add_user("owner")])[0]
            private, public = signing_key(len(self.state.apps))
            if pem is not None:
                private, public = pem, public_half(pem)
            number = next(self.ids)
            app = App(
                id=number,
                slug=slug,
                name=name,
                owner=holder,
                bot=self.add_user(f"{slug}[bot]", "Bot"),
                client_id=f"Iv23li{number:014d}",
                client_secret=secrets.token_hex(20),
                webhook_secret=webhook_secret,
                public_key=public,
                permissions={"metadata": "read", **(manifest.get("default_permissions") or {})},
                events=list(manifest.get("default_events") or []),
                description=manifest.get("description"),
                external_url=str(manifest.get("url") or "http://localhost"),
                webhook_url=webhook_url or (manifest.get("hook_attributes") or {}).get("url"),
                hook_id=next(self.ids),
                created_at=self.now(),
                updated_at=self.now(),
            )
            self.state.apps[number] = app
            return AppCredentials(
                number, slug, app.client_id, app.client_secret, webhook_secret, private
            )

    def install(self, app_id: int, repos: list[str] | str, *, sender: str | None = None) -> int:
        """Install an app on repositories of one account, or on all of an account by its login.

        Answers the installation id and sends `installation.created`.
        """
        with self.lock:
            app = self.state.apps[app_id]
            selected: dict[int, Repository] | None = None
            if isinstance(repos, str):
                account = self.state.account(repos)
            else:
                chosen = [self.state.repository(name) for name in repos]
                account = chosen[0].owner
                if any(one.owner is not account for one in chosen):
                    raise ValueError("one installation belongs to one account")
                selected = {one.id: one for one in chosen}
            now = self.now()
            made = Installation(
                next(self.ids), app, account, selected, dict(app.permissions), list(app.events),
                now, now,
            )  # fmt: skip
            self.state.installations[made.id] = made
            self.announce.installation("created", made, self._human(account, sender))
            return made.id

    def uninstall(self, installation_id: int, *, sender: str | None = None) -> None:
        with self.lock:
            gone = self.state.installations[installation_id]
            self.announce.installation("deleted", gone, self._human(gone.account, sender))
            del self.state.installations[installation_id]

    def suspend(self, installation_id: int, suspended: bool = True) -> None:
        with self.lock:
            one = self.state.installations[installation_id]
            one.suspended_at = self.now() if suspended else None
            action = "suspend" if suspended else "unsuspend"
            self.announce.installation(action, one, self._human(one.account, None))

    def change_installation(
        self, installation_id: int, add: list[str] | None = None, remove: list[str] | None = None
    ) -> None:
        """Add or remove repositories of an installation that selects them."""
        with self.lock:
            one = self.state.installations[installation_id]
            if one.repositories is None:
                raise ValueError("this installation covers every repository")
            added = [self.state.repository(name) for name in add or []]
            removed = [self.state.repository(name) for name in remove or []]
            one.repositories.update({each.id: each for each in added})
            for each in removed:
                one.repositories.pop(each.id, None)
            sender = self._human(one.account, None)
            if added:
                self.announce.installation_repositories(one, added, [], sender)
            if removed:
                self.announce.installation_repositories(one, [], removed, sender)

    def change_permissions(
        self, app_id: int, permissions: Mapping[str, str], events: list[str] | None = None
    ) -> None:
        """The owner of an app asks for other permissions; installations keep theirs until then."""
        with self.lock:
            app = self.state.apps[app_id]
            app.permissions = {"metadata": "read", **permissions}
            app.events = list(app.events if events is None else events)

    def accept_permissions(self, installation_id: int) -> None:
        """The owner of an installation accepts what the app asks for now."""
        with self.lock:
            one = self.state.installations[installation_id]
            one.permissions, one.events = dict(one.app.permissions), list(one.app.events)
            sender = self._human(one.account, None)
            self.announce.installation("new_permissions_accepted", one, sender)

    def rename_account(self, login: str, new: str) -> None:
        """Give an account another login; its repositories answer under that one only."""
        with self.lock:
            account = self.state.accounts.pop(login.lower())
            account.login = new
            self.state.accounts[new.lower()] = account
            for name, place in list(self.state.repositories.items()):
                if place.owner is account:
                    del self.state.repositories[name]
                    self.state.repositories[place.full_name.lower()] = place
            for one in self.state.installations.values():
                if one.account is account:
                    self.announce.installation_target(one, login)

    def installation_token(self, installation_id: int) -> str:
        """A token with all permissions of the installation, for a test that needs one at once."""
        with self.lock:
            one = self.state.installations[installation_id]
            return self.tokens.mint(one, dict(one.permissions), None)[0]

    def _human(self, account: Account, sender: str | None) -> Account:
        if sender is not None:
            return self.state.account(sender)
        admins = [login for login, role in account.members.items() if role == "admin"]
        return self.state.account(admins[0]) if admins else account
