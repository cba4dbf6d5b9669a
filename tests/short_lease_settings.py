"""Settings of a cluster that a test kills: what it held is free again soon."""

from .settings import *  # noqa: F403

STYLESIM_LEASE_SECONDS = 15
