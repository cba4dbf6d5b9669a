"""Signatures of webhooks: HMAC-SHA256 over the time and the body."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable

HEADER = "Stylesim-Signature"
#: Begins each secret, so that one that leaked can be searched for.
PREFIX = "whsec_"


def new_secret() -> str:
    """Return a secret at random."""
    return PREFIX + secrets.token_urlsafe(32)


def sign(body: bytes, timestamp: int, keys: Iterable[str]) -> str:
    """Return the value of the header, with a signature by each key: ``t=1700000000,v1=...``."""
    signed = f"{timestamp}.".encode() + body
    parts = (hmac.new(key.encode(), signed, hashlib.sha256).hexdigest() for key in keys)
    return ",".join([f"t={timestamp}", *(f"v1={part}" for part in parts)])
