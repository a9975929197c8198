"""What a performed effect changes in a story.

Promises: only what its recorded result says; called by the fold and by nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.story.accounts import ModelCall
from bot.story.events import EffectPerformed
from bot.story.held import Held, Withheld, held_of
from bot.story.vocabulary import Shown

if TYPE_CHECKING:
    from bot.story.story import Story


def performed(story: Story, event: EffectPerformed) -> None:
    """Let the result of an effect count."""
    story.effects_performed[event.effect] += 1
    result = event.result
    match event.effect:
        case "claim_issue":
            told = held_of(result)
            story.claim = told if isinstance(told, Held) else None
            story.withheld = told if isinstance(told, Withheld) else None
            story.status_comment_id = result.get("comment_id") or story.status_comment_id
        case "show_status":
            if result["comment_id"] != story.status_comment_id:
                story.claim = None  # it went with the comment that bore it
            story.status_comment_id = result["comment_id"]
            story.status_digest = result["digest"]
            story.shown.append(
                Shown(
                    head_sha=result["head_sha"],
                    plan_digest=result["plan_digest"],
                    at=result["shown_at"],
                )
            )
        case "set_labels":
            story.labels_shown = "/".join(event.key.split("/")[-2:])
        case "call_model":
            names = ModelCall.model_fields
            story.model_requests += result.get("requests", 1)
            story.model_calls.append(ModelCall(**{n: result[n] for n in names}))
        case "call_server_tool":
            story.server_calls.append((result["server"], result["tool"]))
        case "push_branch":
            story.pushed_sha = result["sha"]
        case "reply_to_review":
            story.replied.add(event.key.rpartition("/")[2])
        case "open_pull_request":
            story.pull_number, story.pull_url = result["number"], result.get("url", "")
            story.pull_open = True
        case "close_pull_request":
            story.pull_open = False
        case "merge_pull_request":
            story.merged_sha, story.pull_open = result["sha"], False
