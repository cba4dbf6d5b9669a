"""Settings of the clusters that tests start: what a killed one held is free again soon."""

from .settings import *  # noqa: F403

STYLESIM_LEASE_SECONDS = 15
