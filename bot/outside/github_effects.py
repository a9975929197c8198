"""Performing effects on GitHub, each once (P1, S6, W9, W12).

Promises: what GitHub shows to be done already is found (`look`), never done again. A write is sent
once: after an error with `maybe_done` the caller looks before it tries again.
"""

from __future__ import annotations

from typing import Any, ClassVar

from bot.outside.errors import Refused
from bot.outside.github_checks import Checks
from bot.outside.github_claims import Claims
from bot.outside.github_dashboard import Dashboards
from bot.outside.github_proposals import Proposals
from bot.outside.github_pulls import Pulls
from bot.outside.github_requests import Requests
from bot.outside.github_talk import Talk
from bot.outside.github_writes import Needs


class Effects(Talk, Claims, Requests, Dashboards, Pulls, Proposals, Checks):
    """Adapter of the kinds that GitHub's API does; PushBranch is git's and not among them."""

    kinds = (
        "react",
        "set_labels",
        "post_comment",
        "reply_to_review",
        "show_status",
        "claim_issue",
        "request_story",
        "open_issue",
        "propose_file",
        "open_todo_issue",
        "change_todo_issue",
        "show_dashboard",
        "open_pull_request",
        "edit_pull_request",
        "merge_pull_request",
        "close_issue",
        "close_pull_request",
        "delete_branch",
        "publish_check",
    )

    needs: ClassVar[Needs] = {
        **Talk.needs,
        **Claims.needs,
        **Requests.needs,
        **Dashboards.needs,
        **Pulls.needs,
        **Proposals.needs,
        **Checks.needs,
    }

    def perform(self, effect: Any) -> dict[str, Any]:
        """Do it, once; its result is described at the effect's type."""
        self._known(effect)
        result: dict[str, Any] = getattr(self, f"_do_{effect.kind}")(effect)
        return result

    def look(self, effect: Any) -> dict[str, Any] | None:
        """The result where the effect is done already, else None."""
        self._known(effect)
        result: dict[str, Any] | None = getattr(self, f"_look_{effect.kind}")(effect)
        return result

    def _known(self, effect: Any) -> None:
        if effect.kind not in self.kinds:
            raise Refused(f"GitHub's API does not do {effect.kind}")
