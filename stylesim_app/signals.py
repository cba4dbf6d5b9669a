"""The signals that a host or a wing may listen to; each is sent after the transaction commits.

An error in a receiver is logged and stops nothing.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.dispatch import Signal

#: ``artwork``: its picture was described, and it can be ranked.
artwork_indexed = Signal()
#: ``artwork``, ``reason``: its picture cannot be described until somebody asks again.
artwork_failed = Signal()
#: ``artwork``, ``old_name``: it has another picture than the one in the file ``old_name``.
picture_replaced = Signal()
#: ``artworks``: the keys of artworks whose lists of neighbours were written.
neighbours_changed = Signal()


def send_on_commit(signal: Signal, sender: type[Any], **arguments: Any) -> None:
    """Send a signal once the transaction commits, and never if it is rolled back."""
    transaction.on_commit(lambda: signal.send_robust(sender, **arguments), robust=True)
