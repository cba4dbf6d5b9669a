"""Maintenance that keeps searches fast and lists complete, by one worker at a time for each set.

Calibrations are fitted and prepared while works are indexed; when none is waiting, lists of
neighbours are made and retired sets are deleted.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from ..conf import conf
from ..core.errors import DescriptorError
from ..exceptions import StorageUnavailable, StylesimError
from ..models import Calibration, CompactIndex, DescriptorSet, StoredDescriptor, VectorIndex
from . import (
    calibration,
    compact_index,
    near_pairs,
    neighbours,
    repair,
    same_picture,
    sets,
    vectors,
)

logger = logging.getLogger(__name__)

#: Pause before another try at a set that another process maintains.
WAIT_SECONDS = 1.0


class LeaseLost(Exception):
    """The lease on the set has passed to another process."""


def is_urgent() -> bool:
    """Return whether a calibration is due or unfinished, which comes before all other work."""
    return any(
        calibration.is_due(each) or compact_index.unfinished(each) is not None for each in _kept()
    )


def maintain(
    seconds: float,
    *,
    idle: bool,
    on_step: Callable[[], object] = lambda: None,
    anything_waits: Callable[[], bool] = lambda: False,
) -> bool:
    """Calibrate what is due and, if ``idle``, make missing lists; return whether nothing is left.

    It stops after ``seconds`` or, if ``idle``, once ``anything_waits()``. ``on_step`` is called
    between the parts of the work. Sets that another process maintains do not count as left. Raises
    StorageUnavailable.
    """
    deadline = time.monotonic() + seconds

    def in_time() -> bool:
        on_step()
        return time.monotonic() < deadline and not (idle and anything_waits())

    if idle and sets.retire_abandoned():
        logger.warning("a descriptor set that nobody completed was retired")
    done = same_picture.match_waiting(in_time) if idle else True
    for descriptor_set in [*_kept(), *(_retired() if idle else ())]:
        with _maintainer(descriptor_set) as lease:
            if lease is not None:
                try:
                    done &= _maintain_set(descriptor_set, in_time, lease, idle=idle)
                except (LeaseLost, CompactIndex.DoesNotExist, VectorIndex.DoesNotExist):
                    logger.info("another process has taken over %s", descriptor_set)
    return done


def calibrate() -> Calibration:
    """Calibrate the serving set now, from the fit to the switch; wait for another maintainer.

    Raises StylesimError while fewer than four works are indexed.
    """
    descriptor_set = sets.serving_set()
    if descriptor_set is None:
        raise StylesimError(
            _("A calibration needs at least %(minimum)d indexed works; there are %(count)d.")
            % {"minimum": calibration.MINIMUM_WORKS, "count": 0}
        )
    while True:
        with _maintainer(descriptor_set) as lease, suppress(LeaseLost):
            if lease is not None:
                fitted = calibration.fit(descriptor_set, lease.keep)
                index = compact_index.unfinished(descriptor_set)
                if index is not None:
                    compact_index.prepare(index, lambda: lease.renew() or True)
                return fitted
        time.sleep(WAIT_SECONDS)


def _kept() -> list[DescriptorSet]:
    """Return the set that serves, and those that are complete enough to."""
    every = DescriptorSet.objects.filter(retired=False).order_by("-serving", "pk")
    return [each for each in every if each.serving or sets.is_complete(each)]


def _retired() -> list[DescriptorSet]:
    return list(DescriptorSet.objects.filter(retired=True).order_by("pk"))


def _maintain_set(
    descriptor_set: DescriptorSet,
    in_time: Callable[[], bool],
    lease: Lease,
    *,
    idle: bool,
) -> bool:
    def go_on() -> bool:
        return in_time() and lease.renew()

    def keep() -> None:
        """Renew the lease; a fit continues after its time is up."""
        in_time()
        lease.keep()

    if descriptor_set.retired:
        return sets.clear(descriptor_set, go_on)
    try:
        repair.settle(
            StoredDescriptor.objects.filter(
                descriptor_set=descriptor_set, suspected_at__isnull=False
            ),
            go_on,
        )
        if calibration.is_due(descriptor_set, idle=idle):
            calibration.fit(descriptor_set, keep)
        unfinished = compact_index.unfinished(descriptor_set)
        if unfinished is not None and not compact_index.prepare(unfinished, go_on):
            return False
        compact_index.drop_outdated(descriptor_set)
        if idle and not vectors.maintain(descriptor_set, go_on):
            return False
    except StorageUnavailable:
        raise
    except (StylesimError, DescriptorError, FileNotFoundError, CompactIndex.DoesNotExist):
        logger.exception("the collection could not be calibrated")
    if not descriptor_set.serving:
        return not sets.switch_when_complete(descriptor_set)
    if not idle:
        return True
    listed = neighbours.list_waiting(descriptor_set, go_on, lease.is_held)
    return listed and near_pairs.compare_waiting(descriptor_set, go_on)


class Lease:
    """The right to maintain a set, until it is given back, or expires and is taken."""

    def __init__(self, descriptor_set: DescriptorSet) -> None:
        self.token = uuid.uuid4()
        self._row = DescriptorSet.objects.filter(pk=descriptor_set.pk)
        self._held = self._row.filter(maintainer=self.token)

    def take(self) -> bool:
        """Take the lease; return False if another process holds it."""
        free = Q(maintainer=None) | Q(maintained_until__lt=timezone.now())
        return bool(self._row.filter(free).update(maintainer=self.token)) and self.renew()

    def renew(self) -> bool:
        """Renew the lease; return False once another process has it."""
        until = timezone.now() + timedelta(seconds=conf.lease_seconds)
        return bool(self._held.update(maintained_until=until))

    def keep(self) -> None:
        """Renew the lease between the parts of a long step. Raises LeaseLost."""
        if not self.renew():
            raise LeaseLost

    def is_held(self) -> bool:
        return self._held.exists()

    def give_back(self) -> None:
        self._held.update(maintainer=None)


@contextmanager
def _maintainer(descriptor_set: DescriptorSet) -> Iterator[Lease | None]:
    """Take the lease of a set for this context; None if another process has it."""
    lease = Lease(descriptor_set)
    try:
        yield lease if lease.take() else None
    finally:
        lease.give_back()
