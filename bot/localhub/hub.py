"""The server as an object: what a test or the demo holds in its hand."""

from __future__ import annotations

import itertools
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.localhub.announce import Announcer
from bot.localhub.deliveries import Deliveries, Send, over_http
from bot.localhub.faults import Faults, Wsgi
from bot.localhub.git import GitRepository, Signature
from bot.localhub.limits import Limits
from bot.localhub.moves import announced_refs, move_ref
from bot.localhub.permissions import LEVELS
from bot.localhub.person import Person
from bot.localhub.shapes.urls import Urls
from bot.localhub.state import (
    Account,
    App,
    Installation,
    Protection,
    Repository,
    State,
    Team,
    slug_of,
)
from bot.localhub.tokens import Tokens, public_half, signing_key

Files = Mapping[str, str | bytes]


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


class LocalHub:
    """A GitHub-compatible server: records in memory, bare git repositories under `root`.

    A test world in five lines:

        hub = LocalHub(tmp_path)
        hub.add_user("alice"); repo = hub.create_repository("alice/shop", {"a.py": "x = 1\\n"})
        app = hub.register_app({"name": "Bot", "default_permissions": {"issues": "write"},
                                "default_events": ["issues"]}, webhook_url, webhook_secret)
        with serve(hub) as server:                       # server.url is the API base
            hub.install(app.app_id, ["alice/shop"]); hub.act_as("alice").open_issue(...)

    Repositories are named "owner/name", people by login. Everything that people do goes through
    the same code as REST and sends webhooks; inside `with hub.silently():` (or with
    `act_as(..., silently=True)`) the world changes and no webhook is queued: a lost delivery.

    `clock` gives the times in records (aware UTC, default the real time plus `advance()`);
    `wall` the epoch seconds by which tokens, JWTs and rate limits are judged, because clients
    sign and compare with the real time. `ids` numbers the records, `guids` the deliveries.
    `send` carries webhooks (default: a real POST). `long_tokens` mints installation tokens of
    about 520 characters with dots, which GitHub rolls out.

    Handles for the rest: `faults` (REST and git), `deliveries` (webhook faults, log, settle),
    `limits` (rate limits), `state` (records; read them, change them through methods), `lock`
    (hold it to read several records as one). Methods raise ApiError for unknown names.
    """

    def __init__(
        self,
        root: str | Path,
        *,
        clock: Callable[[], datetime] | None = None,
        wall: Callable[[], float] = time.time,
        ids: Iterator[int] | None = None,
        guids: Iterator[str] | None = None,
        send: Send = over_http,
        long_tokens: bool = False,
    ) -> None:
        self.root = Path(root).resolve()
        (self.root / "repositories").mkdir(parents=True, exist_ok=True)
        # Repositories are made by this process; git's ownership check knows only the directory's.
        (self.root / "gitconfig").write_text("[safe]\n\tdirectory = *\n")
        self._clock = clock or (lambda: datetime.now(UTC))
        self._ahead = timedelta()
        self._muted: ContextVar[bool] = ContextVar("muted", default=False)
        self.wall = wall
        self.lock = threading.RLock()
        self.ids = ids or itertools.count(1000)
        self.state = State()
        self.tokens = Tokens(self.state, wall, long_tokens=long_tokens)
        self.limits = Limits(wall)
        self.faults = Faults()
        guids = guids or (str(uuid.uuid4()) for _ in itertools.count())
        self.deliveries = Deliveries(self.now, self.ids, guids, send)
        self.announce = Announcer(self)
        self.urls = Urls("http://localhub.invalid", "http://localhub.invalid")
        self.manifest_codes: dict[str, dict[str, Any]] = {}
        self.mergeability_lag = 0
        self._application: Wsgi | None = None

    # -- time and silence --------------------------------------------------------------------

    def now(self) -> datetime:
        """The time of records: aware, UTC, whole seconds."""
        return (self._clock() + self._ahead).astimezone(UTC).replace(microsecond=0)

    def advance(self, seconds: float) -> None:
        """Put the clock of records forward."""
        self._ahead += timedelta(seconds=seconds)

    @property
    def muted(self) -> bool:
        return self._muted.get()

    @contextmanager
    def silently(self) -> Iterator[None]:
        """No webhook is queued for what happens inside (in this thread)."""
        token = self._muted.set(True)
        try:
            yield
        finally:
            self._muted.reset(token)

    # -- people ------------------------------------------------------------------------------

    def add_user(self, login: str, type: str = "User", *, email: str = "") -> Account:
        """`type`: User, Organization or Bot. An existing account is answered as it is."""
        with self.lock:
            known = self.state.accounts.get(login.lower())
            if known is not None:
                return known
            number = next(self.ids)
            address = email or f"{number}+{login}@users.noreply.localhub"
            account = Account(number, login, type, self.now(), login, address)
            self.state.accounts[login.lower()] = account
            return account

    def add_org(self, login: str, *, admins: tuple[str, ...] = ()) -> Account:
        organization = self.add_user(login, "Organization")
        for admin in admins:
            organization.members[self.state.account(admin).login] = "admin"
        return organization

    def add_member(self, organization: str, login: str, role: str = "member") -> None:
        """`role`: member or admin."""
        with self.lock:
            owner = self.state.account(organization)
            owner.members[self.state.account(login).login] = role

    def add_team(
        self,
        organization: str,
        name: str,
        members: list[str],
        repos: Mapping[str, str] | None = None,
    ) -> Team:
        """A team with members and {"org/repo": level}."""
        with self.lock:
            owner = self.state.account(organization)
            team = Team(next(self.ids), owner, slug_of(name), name)
            for login in members:
                account = self.state.account(login)
                owner.members.setdefault(account.login, "member")
                team.members[account.login] = "member"
            for full_name, level in (repos or {}).items():
                team.repositories[self.state.repository(full_name).id] = _level(level)
            self.state.teams.append(team)
            return team

    def add_collaborator(self, repo: str, login: str, permission: str = "write") -> None:
        """`permission`: none, read, triage, write, maintain or admin; none removes."""
        with self.lock:
            account = self.state.account(login)
            place = self.state.repository(repo)
            if _level(permission) == "none":
                place.collaborators.pop(account.login, None)
            else:
                place.collaborators[account.login] = permission

    def user_token(self, login: str) -> str:
        with self.lock:
            return self.tokens.user_token(self.state.account(login))

    def act_as(self, login: str, *, silently: bool = False) -> Person:
        """A small client that does what this person does, past all faults and limits."""
        client = self._client()

        def send(
            method: str, path: str, headers: Mapping[str, str], body: bytes
        ) -> tuple[int, bytes]:
            answer = client.open(
                path,
                method=method,
                base_url=self.urls.html,
                headers=dict(headers),
                data=body,
                content_type="application/json",
            )
            return answer.status_code, answer.get_data()

        return Person(self.user_token(login), send, login=login, silently=silently)

    def _client(self) -> Any:
        from werkzeug.test import Client

        return Client(self.application)

    # -- repositories ------------------------------------------------------------------------

    def create_repository(
        self,
        full_name: str,
        source: str | Path | Files | None = None,
        *,
        private: bool = False,
        default_branch: str = "main",
        description: str | None = None,
    ) -> Repository:
        """A repository from a local git repository (a path), from files, or empty (None)."""
        owner_name, _, name = full_name.partition("/")
        with self.lock:
            owner = self.state.account(owner_name)
            if full_name.lower() in self.state.repositories:
                raise ValueError(f"{full_name} exists")
            if not name or not all(c.isalnum() or c in "._-" for c in name) or name in (".", ".."):
                raise ValueError(f"{full_name!r} is no repository name")
            number = next(self.ids)
            path = self.root / "repositories" / f"{number}.git"
            if isinstance(source, str | Path):
                git, default_branch = GitRepository.copy_of(source, path, self.root)
            else:
                git = GitRepository.create(path, self.root, default_branch)
                if source:
                    signed = Signature(owner.name, owner.email, self.now().isoformat())
                    git.import_files(default_branch, source, "Initial commit", signed)
            now = self.now()
            made = Repository(
                number, owner, name, private, git, default_branch, now, now, now, description
            )
            made.refs = announced_refs(made)
            self.state.repositories[full_name.lower()] = made
            return made

    def fork_repository(self, full_name: str, owner: str) -> Repository:
        """A fork under another account, with all branches."""
        with self.lock:
            parent = self.state.repository(full_name)
            fork = self.create_repository(
                f"{owner}/{parent.name}", parent.git.path, private=parent.private
            )
            fork.fork_of = parent
            return fork

    def repository(self, full_name: str) -> Repository:
        return self.state.repository(full_name)

    def protect_branch(self, repo: str, branch: str, **rules: Any) -> None:
        """Rules by the fields of `Protection` (required_checks=("tests",), ...)."""
        with self.lock:
            place = self.state.repository(repo)
            place.protections[branch] = Protection(**rules)
            refused = [f"refs/heads/{b}" for b, r in place.protections.items() if r.rejects_pushes]
            place.git.refuse_pushes(refused)

    def force_ref(self, repo: str, ref: str, sha: str | None, sender: str) -> None:
        """Move any reference as `sender`, past all permissions (a force push by an admin)."""
        with self.lock:
            place = self.state.repository(repo)
            move_ref(self, place, ref, sha, self.state.account(sender))

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
        import secrets

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

    # -- the application ---------------------------------------------------------------------

    @property
    def application(self) -> Wsgi:
        """The WSGI application without faults."""
        with self.lock:
            if self._application is None:
                from bot.localhub.wire import make_application

                self._application = make_application(self)
            return self._application

    def close(self) -> None:
        """Stop sending webhooks and let delayed requests go."""
        self.faults.close()
        self.deliveries.close()


def _level(name: str) -> str:
    if name not in LEVELS:
        raise ValueError(f"{name!r} is none of {', '.join(LEVELS)}")
    return name
