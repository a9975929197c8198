"""What a tool of a server answered, as a model may be shown it and the journal keeps it.

Promises: text only, cut, without hidden signs and what looks like a secret; the digest and size are
of all that came. Never: decodes or passes on an image, a sound or a file.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import mcp_types as types

from bot.agent.untrusted import Secrets, visible
from bot.story.vocabulary import digest


@dataclass(frozen=True)
class Answer:
    """`size`: bytes of the answer, as JSON. `error`: the tool says that it failed."""

    text: str
    digest: str
    size: int
    error: bool


def answer(came: types.CallToolResult, most: int) -> Answer:
    """An answer in at most `most` characters of it."""
    whole = came.model_dump(mode="json", by_alias=True, exclude_none=True)
    parts = [_text(block) for block in came.content]
    if came.structured_content is not None and not any(
        isinstance(block, types.TextContent) for block in came.content
    ):
        parts.append(json.dumps(came.structured_content, ensure_ascii=False))
    text = Secrets().hide(visible("\n".join(parts)))
    if len(text) > most:
        text = f"{text[:most]}\n[... {len(text) - most} more characters are not shown]"
    size = len(json.dumps(whole, ensure_ascii=False).encode("utf-8", "replace"))
    return Answer(text or "(an empty answer)", digest(whole), size, bool(came.is_error))


def _text(block: types.ContentBlock) -> str:
    match block:
        case types.TextContent():
            return block.text
        case types.EmbeddedResource(resource=types.TextResourceContents() as resource):
            return resource.text
        case types.ResourceLink():
            return f"[a link, not followed: {str(block.uri)[:400]}]"
        case types.ImageContent() | types.AudioContent():
            return f"[{block.mime_type[:60]}, {len(block.data)} characters of base64, not shown]"
    return "[something that is no text, not shown]"
