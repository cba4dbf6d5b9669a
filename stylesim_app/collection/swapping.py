"""The artwork model in use, which a host may swap for its own."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured

from ..conf import conf


def get_artwork_model_string() -> str:
    """Return ``app_label.Model`` of the artwork model, for foreign keys and migrations."""
    return conf.artwork_model


def get_artwork_model() -> type[Any]:
    """Return the artwork model. Raises ImproperlyConfigured if the setting names none."""
    try:
        return apps.get_model(conf.artwork_model, require_ready=False)
    except ValueError as error:
        raise ImproperlyConfigured(
            f"STYLESIM_ARTWORK_MODEL must be of the form 'app_label.Model', "
            f"not {conf.artwork_model!r}."
        ) from error
    except LookupError as error:
        raise ImproperlyConfigured(
            f"STYLESIM_ARTWORK_MODEL refers to the model {conf.artwork_model!r}, "
            "which is not installed."
        ) from error
