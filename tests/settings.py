"""The reference site's settings, for tests."""

import os
import tempfile

os.environ.setdefault("STYLESIM_DATA_DIR", tempfile.mkdtemp(prefix="stylesim-tests-"))

from project.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# The same figures on every processor.
STYLESIM_PRECISION = "float32"
STYLESIM_SEARCH_THROTTLE = "1000/minute"
