"""What `towpath prompts` says."""

from __future__ import annotations


def cannot(kind: str, detail: str) -> str:
    """Why a prompt cannot be used, and what to do."""
    steps = {
        "unknown_version": "`towpath prompts list` shows what there is.",
        "malformed": "Correct the file, then try again.",
        "changed": "Promote it again, or roll back.",
        "nothing_before": "There is nothing to go back to.",
    }
    return f"{detail}. {steps.get(kind, '')}".strip()


def in_use(label: str) -> str:
    """After a promotion or a rollback."""
    return f"{label} is in use from the next call of a model on."


def row(active: bool, purpose: str, version: int, origin: str, digest: str, about: str) -> str:
    """One version in the list; the one in use has a mark."""
    mark = "*" if active else " "
    return f"{mark} {purpose:<8} v{version:<4} {origin:<9} {digest}  {about}".rstrip()


def broken(purpose: str, why: str) -> str:
    """A purpose whose calls fail until somebody acts."""
    return f"! {purpose:<8} {why}"


SAME = "The two are the same."
NOBODY = "Say who you are with --by: it is written down."
