"""Tokens of the API."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from knox.models import AbstractAuthToken

from stylesim_app.api.permissions import READ, REVIEW, WRITE


class Scope(models.TextChoices):
    """The requests that a token allows, within what its owner may do."""

    READ = READ, _("Read works and rankings")
    WRITE = WRITE, _("Upload, change and delete works, and index again")
    REVIEW = REVIEW, _("Record verdicts")


class ApiToken(AbstractAuthToken):  # type: ignore[misc]  # Knox has no types
    """A token of one person, with a name, scopes and an expiry date; only its hash is stored.

    A public one stands in web pages, where everybody can read it: it allows to read what visitors
    may see, whoever made it, from the ``origins``, one a line, or from any if there is none.
    """

    name = models.CharField(_("name"), max_length=100)
    scope_names = models.CharField(_("scopes"), max_length=100)
    is_public = models.BooleanField(_("for public web pages"), default=False)
    origins = models.TextField(_("allowed web sites"), blank=True)

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")
        ordering = ("-created",)

    def __str__(self) -> str:
        return self.name

    @property
    def scopes(self) -> tuple[str, ...]:
        """The scopes, as ``HasScope`` reads them."""
        return tuple(self.scope_names.split())

    @property
    def allowed_origins(self) -> tuple[str, ...]:
        """The origins of pages that may use a public token; empty for any."""
        return tuple(self.origins.split())

    @property
    def scope_labels(self) -> list[str]:
        return [str(scope.label) for scope in Scope if scope in self.scopes]

    @property
    def is_expired(self) -> bool:
        return self.expiry is not None and self.expiry < timezone.now()


def most_tokens() -> int:
    """Return the number of valid tokens that one person may have."""
    return int(settings.API_TOKENS_PER_PERSON)
