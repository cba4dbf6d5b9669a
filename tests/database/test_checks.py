"""System checks: each invalid setting is reported with its id."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from stylesim_app.checks import artworks as checks
from stylesim_app.collection import swapping
from stylesim_app.collection.adapter import adapter

pytestmark = pytest.mark.django_db


def found() -> set[str]:
    names = {message.id for message in run_checks() if message.id is not None}
    return {name for name in names if name.startswith("stylesim_app.")}


def test_the_reference_site_has_nothing_to_complain_of():
    assert found() == set()


@pytest.mark.parametrize(
    ("name", "value", "check"),
    [
        ("STYLESIM_ARTWORK_MODEL", "nonsense", "stylesim_app.E001"),
        ("STYLESIM_ARTWORK_MODEL", "no_app.Artwork", "stylesim_app.E001"),
        ("STYLESIM_ARTWORK_IMAGE_FIELD", "picture", "stylesim_app.E002"),
        ("STYLESIM_ARTWORK_IMAGE_FIELD", "title", "stylesim_app.E002"),
        ("STYLESIM_VISIBLE_ARTWORKS", "nowhere.at_all", "stylesim_app.E003"),
        ("STYLESIM_VISIBLE_ARTWORKS", 5, "stylesim_app.E003"),
        ("STORAGES", {}, "stylesim_app.E004"),
        ("STYLESIM_WEIGHTS", "/no/such/file.pth", "stylesim_app.E005"),
        ("STYLESIM_WEIGHTS", "resnet", "stylesim_app.E005"),
        ("STYLESIM_BATCH_SIZE", 0, "stylesim_app.E006"),
        ("STYLESIM_REFINE", 0, "stylesim_app.E006"),
        ("STYLESIM_MAX_PIXELS", "many", "stylesim_app.E006"),
        ("STYLESIM_TOMBSTONE_DAYS", -1, "stylesim_app.E016"),
        ("STYLESIM_KEEP_REMOVED_DAYS", -1, "stylesim_app.E016"),
        ("STYLESIM_KEEP_REMOVED_DAYS", "long", "stylesim_app.E016"),
        ("STYLESIM_DECODER_SECONDS", 0, "stylesim_app.E006"),
        ("STYLESIM_DECODER_MEMORY_MB", "all", "stylesim_app.E006"),
        ("STYLESIM_PRECISION", "float8", "stylesim_app.E007"),
        ("STYLESIM_SEARCH_THROTTLE", "often", "stylesim_app.E008"),
        ("STYLESIM_CUSTOM_WEIGHTS_THROTTLE", "often", "stylesim_app.E008"),
        ("STYLESIM_FACETS_THROTTLE", "often", "stylesim_app.E008"),
        ("STYLESIM_THROTTLE_CACHE", "nowhere", "stylesim_app.E013"),
        ("STYLESIM_THROTTLE_CACHE", "default", "stylesim_app.W008"),
        ("STYLESIM_CROP_BORDERS", "no", "stylesim_app.E014"),
        ("STYLESIM_WEBHOOK_DAYS", -1, "stylesim_app.E016"),
        ("STYLESIM_SITE_URL", "works.example.org", "stylesim_app.E017"),
        ("STYLESIM_WEBHOOKS_PRIVATE", "no", "stylesim_app.E018"),
        ("STYLESIM_STORE", "faiss", "stylesim_app.E009"),
        ("STYLESIM_WATCHDOG_SECONDS", -1, "stylesim_app.E015"),
        ("STYLESIM_WATCHDOG_SECONDS", "long", "stylesim_app.E015"),
        ("STYLESIM_METRICS_TOKEN", "short", "stylesim_app.W009"),
        (
            "DATABASES",
            {"default": {"ENGINE": "django.db.backends.sqlite3"}},
            "stylesim_app.W004",
        ),
        ("MEDIA_ROOT", "", "stylesim_app.W005"),
        ("MEDIA_URL", "", "stylesim_app.W007"),
        ("Q_CLUSTER", {"timeout": 600, "retry": 60}, "stylesim_app.W002"),
        ("Q_CLUSTER", {"retry": 60}, "stylesim_app.W002"),
        ("Q_CLUSTER", {"timeout": 30, "retry": 60}, "stylesim_app.W003"),
    ],
)
def test_a_wrong_setting_is_told(settings, name, value, check):
    setattr(settings, name, value)
    assert check in found()


@pytest.mark.parametrize("path", ["nowhere.at_all", "stylesim_app.models.Artwork"])
def test_a_wrong_adapter_is_told_by_the_check_and_where_it_is_asked(settings, path):
    """The addresses of the API cannot be loaded without one, so that the message is the same."""
    settings.STYLESIM_ARTWORK_ADAPTER = path
    [error] = checks.check_artwork_adapter(None)
    assert error.id == "stylesim_app.E011"
    assert checks.check_artwork_model(None) == []
    with pytest.raises(ImproperlyConfigured, match="STYLESIM_ARTWORK_ADAPTER cannot be used"):
        adapter()


def test_the_pgvector_store_needs_postgresql_and_its_app(settings):
    settings.STYLESIM_STORE = "pgvector"
    settings.INSTALLED_APPS = [
        app for app in settings.INSTALLED_APPS if app != "stylesim_app.stores.pgvector"
    ]
    [message] = [each for each in run_checks() if each.id == "stylesim_app.E009"]
    expected = {"postgresql": "not installed", "sqlite": "not available on SQLite"}
    assert expected[connection.vendor] in message.msg


def test_the_pgvector_store_is_accepted_on_postgresql(settings):
    if not apps.is_installed("stylesim_app.stores.pgvector"):
        pytest.skip("STYLESIM_STORE is not pgvector: python -m tests.postgresql")
    settings.STYLESIM_STORE = "pgvector"
    assert found() == set()


def test_a_cache_that_cannot_be_written_is_told_if_it_is_needed(settings, tmp_path):
    (tmp_path / "file").touch()
    settings.STYLESIM_CACHE_DIR = tmp_path / "file" / "tables"
    settings.STYLESIM_STORE = "embedded"
    assert found() == {"stylesim_app.W006"}
    settings.STYLESIM_CACHE_DIR = tmp_path / "new" / "tables"
    assert found() == set()


def test_a_model_that_says_nothing_of_the_public_is_hidden_with_a_warning(settings):
    settings.STYLESIM_ARTWORK_MODEL = "stylesim_app.ImageSearch"
    settings.STYLESIM_ARTWORK_IMAGE_FIELD = "image_name"
    assert "stylesim_app.E002" in found()


@pytest.mark.parametrize("weights", ["paintings", "imagenet"])
def test_named_weights_are_accepted(settings, weights):
    settings.STYLESIM_WEIGHTS = weights
    assert found() == set()


def test_a_weights_file_is_accepted(settings, tmp_path):
    path = tmp_path / "own.safetensors"
    path.touch()
    settings.STYLESIM_WEIGHTS = str(path)
    assert found() == set()


def test_a_model_that_is_not_installed_is_named(settings):
    settings.STYLESIM_ARTWORK_MODEL = "no_app.Artwork"
    with pytest.raises(ImproperlyConfigured, match=r"'no_app\.Artwork', which is not installed"):
        swapping.get_artwork_model()


def test_a_site_in_development_has_one_process(settings):
    settings.STYLESIM_THROTTLE_CACHE = "default"
    settings.DEBUG = True
    assert found() == set()
