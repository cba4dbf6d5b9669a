"""Settings of a cluster that a test kills, with short leases."""

from .settings import *  # noqa: F403

STYLESIM_LEASE_SECONDS = 15
