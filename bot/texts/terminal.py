"""Untrusted text for a terminal: what a stranger wrote cannot steer it."""

from __future__ import annotations


def harmless(text: str, kept: str = "") -> str:
    """Each sign that cannot be seen as `?`, but those in `kept`."""
    return "".join(sign if sign.isprintable() or sign in kept else "?" for sign in text)
