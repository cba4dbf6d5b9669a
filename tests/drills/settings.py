"""Settings of a drill: nothing fails for being killed often, and nobody is turned away."""

from tests.short_lease_settings import *  # noqa: F403

STYLESIM_MAX_ATTEMPTS = 50
#: Kills leave orphans, which the drill removes at once.
STYLESIM_ORPHAN_GRACE_HOURS = 1e-9
