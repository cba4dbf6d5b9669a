"""The public signals for hosts and wings; each is sent after the transaction commits.

An error in a receiver is logged and stops nothing.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.dispatch import Signal

#: ``artwork``: it is indexed, and can be ranked.
artwork_indexed = Signal()
#: ``artwork``, ``reason``, ``code``: it cannot be indexed until it is requested again.
artwork_failed = Signal()
#: ``artwork``, ``old_name``: its picture replaces the one in the file ``old_name``.
picture_replaced = Signal()
#: ``artworks``: the keys of artworks whose lists of neighbours were written.
neighbours_changed = Signal()
#: ``artwork``, ``matches``: works that were found to show the same picture, as pairs of their key
#: and the number of inliers, None for a copy of the file.
same_picture_found = Signal()

#: ``event``, one of the signals above, and its arguments: sent at once, in the transaction of the
#: change. A receiver may write rows that are as sure as the change, and nothing else.
recording = Signal()
#: No arguments: a worker has ended a turn, after a message and at least once a minute.
turn_ended = Signal()


def send_on_commit(signal: Signal, sender: type[Any], **arguments: Any) -> None:
    """Send a signal once the transaction commits, and never if it is rolled back.

    Receivers of ``recording`` are called at once.
    """
    recording.send_robust(sender, event=signal, **arguments)
    transaction.on_commit(lambda: signal.send_robust(sender, **arguments), robust=True)
