"""Settings of a cluster that a test kills, with short leases and little patience."""

from .settings import *  # noqa: F403

STYLESIM_LEASE_SECONDS = 15
STYLESIM_WATCHDOG_SECONDS = 10
