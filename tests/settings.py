"""The reference site's settings, for tests."""

import atexit
import os
import shutil
import tempfile

if "STYLESIM_DATA_DIR" not in os.environ:
    os.environ["STYLESIM_DATA_DIR"] = tempfile.mkdtemp(prefix="stylesim-tests-")
    atexit.register(shutil.rmtree, os.environ["STYLESIM_DATA_DIR"], ignore_errors=True)

from project.settings import *  # noqa: F403

# WhiteNoise warns where there is none.
STATIC_ROOT.mkdir(exist_ok=True)  # noqa: F405
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# The same figures on every processor.
STYLESIM_PRECISION = "float32"
STYLESIM_SEARCH_THROTTLE = STYLESIM_CUSTOM_WEIGHTS_THROTTLE = "1000/minute"
STYLESIM_FACETS_THROTTLE = "1000/minute"
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":  # noqa: F405
    # A file, so that the threads of a live server have connections of their own.
    DATABASES["default"]["TEST"] = {"NAME": DATA_DIR / "tests.sqlite3"}  # noqa: F405
