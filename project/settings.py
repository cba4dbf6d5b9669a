"""Settings of the reference site, read from the environment."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import dj_database_url
from corsheaders.defaults import default_headers
from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from .environment import flag, words
from .private_files import (
    PRIVATE_FILE,
    PRIVATE_FOLDER,
    make_data_folder,
    make_database_file,
)

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(os.environ.get("STYLESIM_DATA_DIR", BASE_DIR / "var")).resolve()
make_data_folder(DATA_DIR)

DEBUG = flag("DJANGO_DEBUG")
SECRET_KEY = os.environ.get("DJANGO_SECRET_KEY", "")
if not SECRET_KEY:
    from .secret_key import read_or_make_secret_key

    SECRET_KEY = read_or_make_secret_key(DATA_DIR / "secret_key")
SITE_NAME = os.environ.get("STYLESIM_SITE_NAME", "stylesim")
ALLOWED_HOSTS = words("DJANGO_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")

INSTALLED_APPS = [
    "stylesim_app",
    "project.admin_site.SiteAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_filters",
    "django_q",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "easy_thumbnails",
    "rest_framework",
    "knox",
    "axes",
    "project.access",
    "auditlog",
    "import_export",
    "project.demo",
    "corsheaders",
    "stylesim_app.webhooks",
]

STYLESIM_STORE = os.environ.get("STYLESIM_STORE", "embedded")
if STYLESIM_STORE == "pgvector":
    INSTALLED_APPS.append("stylesim_app.stores.pgvector")

MIDDLEWARE = [
    # First, so that redirects and refusals carry its headers too.
    "corsheaders.middleware.CorsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "stylesim_app.middleware.NoStoreMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "stylesim_app.views.audit.AuditMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "stylesim_app.middleware.BodyLimitMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "project.urls"
WSGI_APPLICATION = "project.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

DATABASES = {
    "default": dj_database_url.config(
        default=f"sqlite:///{DATA_DIR / 'db.sqlite3'}", conn_max_age=60, conn_health_checks=True
    )
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    if DATABASES["default"]["NAME"] == str(DATA_DIR / "db.sqlite3"):
        make_database_file(DATA_DIR / "db.sqlite3")
    # Web processes and workers write at the same time: they wait for each other's locks, and WAL
    # lets readers go on.
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 30,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
# An account is locked for the address that guesses, so that nobody can lock out another person.
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_LOCKOUT_CALLABLE = "project.access.lockout.locked_out"
AXES_CLIENT_IP_CALLABLE = "project.access.lockout.client_address"
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False
KNOX_TOKEN_MODEL = "access.ApiToken"  # noqa: S105  (the name of a model)
# The table of Knox's own model is not needed.
MIGRATION_MODULES = {"knox": None}
API_TOKENS_PER_PERSON = 20
# Requests of one visitor to pages with a public token.
PUBLIC_TOKEN_THROTTLE = "120/minute"  # noqa: S105  (a rate)
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
LOCALE_PATHS = [BASE_DIR / "project" / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
MEDIA_URL = "media/"
MEDIA_ROOT = DATA_DIR / "media"
# The site serves originals itself, to those who may see the work; no web server reads them.
PRIVATE: dict[str, Any] = {
    "file_permissions_mode": PRIVATE_FILE,
    "directory_permissions_mode": PRIVATE_FOLDER,
}
STORAGES: dict[str, Any] = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": PRIVATE,
    },
    "stylesim": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": DATA_DIR / "stylesim", **PRIVATE},
    },
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True

STYLESIM_WEIGHTS = os.environ.get("STYLESIM_WEIGHTS", "paintings")
STYLESIM_MODEL_DIR = DATA_DIR / "models"
STYLESIM_CACHE_DIR = DATA_DIR / "cache"
STYLESIM_METRICS_TOKEN = os.environ.get("STYLESIM_METRICS_TOKEN", "")
STYLESIM_SITE_URL = os.environ.get("STYLESIM_SITE_URL", "")
STYLESIM_WEBHOOKS_PRIVATE = flag("STYLESIM_WEBHOOKS_PRIVATE")

REDIS_URL = os.environ.get("REDIS_URL", "")
if REDIS_URL:
    CACHES: dict[str, Any] = {
        "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
    }
else:
    # Pages read the first on each visit; the limits of callers count over all processes.
    CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
        "limits": {
            "BACKEND": "django.core.cache.backends.db.DatabaseCache",
            "LOCATION": "stylesim_limits",
            "OPTIONS": {"MAX_ENTRIES": 20_000},
        },
    }
    STYLESIM_THROTTLE_CACHE = "limits"
Q_CLUSTER = {
    "name": "stylesim",
    # The network uses all cores for one batch, so more workers on a host gain little.
    "workers": int(os.environ.get("STYLESIM_WORKERS", "1")),
    "timeout": 600,
    "retry": 720,
    "max_attempts": 3,
    "ack_failures": True,
    "save_limit": 250,
    "catch_up": False,
    "label": _("Task queue"),
    **({"redis": REDIS_URL} if REDIS_URL else {"orm": "default", "poll": 0.3}),
}

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "project.access.tokens.ApiTokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_THROTTLE_CLASSES": ["project.access.throttling.PublicTokenThrottle"],
}

# Proxies in front of the site, each of which adds an address to X-Forwarded-For.
PROXIES = int(os.environ.get("DJANGO_PROXIES", "0"))
REST_FRAMEWORK["NUM_PROXIES"] = PROXIES
if PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

if flag("DJANGO_TLS"):
    SECURE_SSL_REDIRECT = True
    # Probes come from the host itself, without TLS.
    SECURE_REDIRECT_EXEMPT = [r"^health/"]
    SECURE_HSTS_SECONDS = int(os.environ.get("DJANGO_HSTS_SECONDS", str(365 * 24 * 3600)))
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = True
CSRF_FAILURE_VIEW = "stylesim_app.views.refused.csrf_failure"
CSRF_TRUSTED_ORIGINS = words("DJANGO_CSRF_TRUSTED_ORIGINS")
# Pages of other origins may read the API; without cookies, so as visitors or by a token.
CORS_ALLOWED_ORIGINS = words("CORS_ALLOWED_ORIGINS")
CORS_ALLOW_ALL_ORIGINS = CORS_ALLOWED_ORIGINS == ["*"]
if CORS_ALLOW_ALL_ORIGINS:
    CORS_ALLOWED_ORIGINS = []
CORS_URLS_REGEX = r"^/api/"
CORS_ALLOW_HEADERS = (*default_headers, "idempotency-key", "if-match", "if-none-match")
CORS_EXPOSE_HEADERS = ("ETag", "Idempotent-Replayed", "Link", "Location", "Retry-After")
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        # The browsable documentation has small pictures in its style sheet.
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
PERMISSIONS_POLICY: dict[str, list[str]] = {
    name: []
    for name in (
        *("accelerometer", "autoplay", "camera", "display-capture", "geolocation", "gyroscope"),
        *("magnetometer", "microphone", "midi", "payment", "usb", "xr-spatial-tracking"),
    )
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"},
        "json": {
            "()": "pythonjsonlogger.json.JsonFormatter",
            "format": "%(levelname)s %(name)s %(process)d %(message)s",
            "rename_fields": {"levelname": "level", "name": "logger"},
            "timestamp": "time",
        },
    },
    "filters": {"repeats": {"()": "stylesim_app.logs.RepeatFilter"}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": os.environ.get("STYLESIM_LOG_FORMAT", "plain"),
            "filters": ["repeats"],
        }
    },
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {"stylesim_app": {"level": "INFO"}},
}
