"""The public signals for hosts and wings; each is sent after the transaction commits.

An error in a receiver is logged and stops nothing.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.dispatch import Signal

#: ``artwork``: it is indexed, and can be ranked.
artwork_indexed = Signal()
#: ``artwork``, ``reason``: it cannot be indexed until it is requested again.
artwork_failed = Signal()
#: ``artwork``, ``old_name``: its picture replaces the one in the file ``old_name``.
picture_replaced = Signal()
#: ``artworks``: the keys of artworks whose lists of neighbours were written.
neighbours_changed = Signal()


def send_on_commit(signal: Signal, sender: type[Any], **arguments: Any) -> None:
    """Send a signal once the transaction commits, and never if it is rolled back."""
    transaction.on_commit(lambda: signal.send_robust(sender, **arguments), robust=True)
