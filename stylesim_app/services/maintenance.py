"""What keeps a search fast and its lists right, done by one worker at a time for each set.

Calibrations are fitted and prepared while work comes in; lists of neighbours are made when
nothing waits to be described.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from ..conf import conf
from ..core.errors import DescriptorError
from ..exceptions import StylesimError
from ..models import Calibration, DescriptorSet
from . import calibration, neighbours, sets, worklist

logger = logging.getLogger(__name__)

#: Pause before asking again for what another process maintains.
WAIT_SECONDS = 1.0


def is_urgent() -> bool:
    """Whether the collection has grown so much that it is to be calibrated before all else."""
    return any(
        calibration.is_due(each) or calibration.unfinished(each) is not None for each in _kept()
    )


def maintain(seconds: float, *, idle: bool, on_step: Callable[[], object] = lambda: None) -> bool:
    """Calibrate what is due and, if ``idle``, make the lists that are missing, for some seconds,
    or until something waits to be described.

    ``on_step`` is called between the parts of the work. True if nothing is left that this process
    could do.
    """
    deadline = time.monotonic() + seconds

    def in_time() -> bool:
        on_step()
        return time.monotonic() < deadline and not (idle and worklist.anything_waits())

    done = True
    for descriptor_set in _kept():
        with _maintainer(descriptor_set) as renew:
            if renew is not None:
                try:
                    done &= _maintain_set(descriptor_set, in_time, renew, idle=idle)
                except Calibration.DoesNotExist:
                    logger.info("another process has taken over %s", descriptor_set)
    return done


def calibrate() -> Calibration:
    """Calibrate the serving set now, from the fit to the switch; waits for another maintainer.

    Raises StylesimError while fewer than four works are indexed.
    """
    descriptor_set = sets.serving_set()
    if descriptor_set is None:
        raise StylesimError(
            f"A calibration needs at least {calibration.MINIMUM_WORKS} indexed works; there are 0."
        )
    while True:
        with _maintainer(descriptor_set) as renew:
            if renew is not None:
                fitted = calibration.fit(descriptor_set)
                if not fitted.ready:
                    calibration.prepare(fitted, lambda: renew() or True)
                return fitted
        time.sleep(WAIT_SECONDS)


def _kept() -> list[DescriptorSet]:
    """The sets that serve, or could."""
    every = DescriptorSet.objects.order_by("-serving", "pk")
    return [each for each in every if each.serving or sets.is_complete(each)]


def _maintain_set(
    descriptor_set: DescriptorSet,
    in_time: Callable[[], bool],
    renew: Callable[[], bool],
    *,
    idle: bool,
) -> bool:
    def go_on() -> bool:
        return in_time() and renew()

    try:
        if calibration.is_due(descriptor_set, idle=idle):
            calibration.fit(descriptor_set)
        unfinished = calibration.unfinished(descriptor_set)
        if unfinished is not None and not calibration.prepare(unfinished, go_on):
            return False
    except (StylesimError, DescriptorError, FileNotFoundError, Calibration.DoesNotExist):
        logger.exception("the collection could not be calibrated")
    if not descriptor_set.serving:
        return not sets.switch_when_complete(descriptor_set)
    return not idle or neighbours.list_waiting(descriptor_set, go_on)


@contextmanager
def _maintainer(descriptor_set: DescriptorSet) -> Iterator[Callable[[], bool] | None]:
    """Be the only one to maintain a set; None if another is.

    What it gives renews the lease, and is False once that was lost.
    """
    token = uuid.uuid4()
    row = DescriptorSet.objects.filter(pk=descriptor_set.pk)
    free = Q(maintainer=None) | Q(maintained_until__lt=timezone.now()) | Q(maintainer=token)

    def renew() -> bool:
        until = timezone.now() + timedelta(seconds=conf.lease_seconds)
        return bool(row.filter(free).update(maintainer=token, maintained_until=until))

    try:
        yield renew if renew() else None
    finally:
        row.filter(maintainer=token).update(maintainer=None)
