"""What GitHub says of a commit's SSH signature: verified, or why not.

Promises: a signature counts for the committer whose account holds the key. Never: takes the word of
whoever made it; the format is read here anew (PROTOCOL.sshsig).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from bot.localhub.git_facts import Commit, Signed
from bot.localhub.state import Account, State

_HASHES = {b"sha512": hashlib.sha512, b"sha256": hashlib.sha256}


def verification(state: State, one: Commit, signed: Signed | None) -> dict[str, Any]:
    """GitHub's object; `reason` is one of its words."""
    armoured, payload = signed or (None, b"")
    reason = "unsigned" if armoured is None else _reason(state, one, armoured, payload)
    return {
        "verified": reason == "valid",
        "reason": reason,
        "signature": armoured,
        "payload": payload.decode("utf-8", "replace") if armoured else None,
        "verified_at": one.committer.date if reason == "valid" else None,
    }


def _reason(state: State, one: Commit, armoured: str, payload: bytes) -> str:
    account = _account(state, one.committer.email)
    if account is None:
        return "no_user"
    try:
        blob = base64.b64decode("".join(armoured.strip().splitlines()[1:-1]), validate=True)
        public, namespace, _, name, signature = _strings(blob[10:])
        kind, raw = _strings(public)
        signed_kind, signed = _strings(signature)
    except (ValueError, binascii.Error):
        return "malformed_signature"
    key = f"{kind.decode('ascii', 'replace')} {base64.b64encode(public).decode()}"
    if key not in account.signing_keys:
        return "unknown_key"
    if namespace != b"git" or name not in _HASHES or {kind, signed_kind} != {b"ssh-ed25519"}:
        return "invalid"
    digest = _HASHES[name](payload).digest()
    parts = b"".join(len(p).to_bytes(4, "big") + p for p in (namespace, b"", name, digest))
    try:
        Ed25519PublicKey.from_public_bytes(raw).verify(signed, b"SSHSIG" + parts)
    except InvalidSignature:
        return "invalid"
    return "valid"


def _account(state: State, email: str) -> Account | None:
    """Whose address it is, also one that GitHub made up: `ID+LOGIN@users.noreply.HOST`."""
    made_up = re.fullmatch(r"([0-9]+)\+[^@]+@users\.noreply\..+", email)
    if made_up is None:
        return state.by_email(email)
    return next((one for one in state.accounts.values() if one.id == int(made_up[1])), None)


def _strings(data: bytes) -> list[bytes]:
    found = []
    while data:
        end = 4 + int.from_bytes(data[:4], "big")
        if len(data) < max(4, end):
            raise ValueError("cut off")
        found.append(data[4:end])
        data = data[end:]
    return found
