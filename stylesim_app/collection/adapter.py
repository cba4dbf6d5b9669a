"""The adapter through which the app reads a host's artworks, whatever their model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ImproperlyConfigured
from django.db.models import Field, Model, QuerySet
from django.db.models.fields.files import FieldFile
from django.http import HttpRequest
from django.urls import reverse

from ..conf import conf
from .swapping import get_artwork_model
from .years import YearRange, parse_years

#: Descriptive fields that are shown, filtered and edited if the model has them.
FACTS = (
    "artist",
    "year",
    "medium",
    "dimensions",
    "accession_number",
    "collection",
    "exhibition",
    "rights",
)
#: When an artwork was added, and when it was last changed.
TIMES = ("created", "modified")
EDITABLE = ("title", *FACTS, "year_number", "is_public", "extra")


class ArtworkAdapter:
    """The picture, title, facts, URL, years and visibility of artworks.

    Facts go by the field names of ``Artwork``. For a model with other names, subclass this, map
    ``fields`` or override methods, and name the subclass in STYLESIM_ARTWORK_ADAPTER. An artwork
    has one picture.
    """

    #: The host's field for each fact whose field has another name.
    fields: ClassVar[Mapping[str, str]] = {}

    @property
    def model(self) -> type[Any]:
        """The artwork model in use."""
        return get_artwork_model()

    def field(self, fact: str) -> str | None:
        """Return the name of the host's field for a fact, or None if the model has none.

        Without a field ``title``, a field ``name`` is the title.
        """
        # A reverse relation may have the name of a fact.
        known = {field.name for field in self.model._meta.concrete_fields}
        names = [self.fields.get(fact, fact), *(["name"] if fact == "title" else [])]
        return next((name for name in names if name in known), None)

    def text_field(self, fact: str) -> str | None:
        """Return the name of the host's text field for a fact, or None if there is none.

        A relation is not a text field.
        """
        name = self.field(fact)
        if name is None or self.model._meta.get_field(name).is_relation:
            return None
        return name

    def value(self, artwork: Any, fact: str) -> Any:
        """Return a fact of an artwork, or None if the model has no field for it."""
        name = self.field(fact)
        return None if name is None else getattr(artwork, name)

    def image(self, artwork: Model) -> FieldFile:
        """Return the picture of an artwork."""
        image: FieldFile = getattr(artwork, conf.artwork_image_field)
        return image

    def title(self, artwork: Any) -> str:
        """Return the title, or the string form of an artwork without one."""
        return str(self.value(artwork, "title") or artwork)

    def facts(self, artwork: Any) -> list[tuple[str, str]]:
        """Return ``(label, value)`` of each fact that has a value, ``extra`` last."""
        values = [(fact, self.value(artwork, fact)) for fact in FACTS]
        facts = [
            (self.label(fact), str(value)) for fact, value in values if value not in (None, "")
        ]
        extra = self.value(artwork, "extra")
        if isinstance(extra, dict):
            facts += [(_as_label(str(name)), str(value)) for name, value in extra.items()]
        return facts

    def label(self, fact: str) -> str:
        """Return the name of a fact, or of another field, in the reader's language."""
        name = self.field(fact) or fact
        field = self.model._meta.get_field(name)
        return _as_label(str(field.verbose_name) if isinstance(field, Field) else name)

    def url(self, artwork: Any) -> str:
        """Return the URL of the page of an artwork. Raises NoReverseMatch if it has none."""
        if hasattr(artwork, "get_absolute_url"):
            return str(artwork.get_absolute_url())
        return reverse("stylesim:artwork", args=[artwork.pk])

    def has_years(self) -> bool:
        """Return whether the model has a year, as a text or as a number."""
        return any(self.field(fact) is not None for fact in ("year", "year_number"))

    def years(self, artwork: Any) -> tuple[int | None, int | None] | None:
        """Return the earliest and the latest year of an artwork, or None if unknown.

        They are read from the text; a number that the text does not give is one that a person
        entered, and stands. One end is None if a date is open: after 1650.
        """
        number, written = self.value(artwork, "year_number"), self._written_years(artwork)
        if number is None or (written is not None and written.year == number):
            return None if written is None else (written.earliest, written.latest)
        return int(number), int(number)

    def year(self, artwork: Any) -> int | None:
        """Return the year that an artwork is sorted by, or None if unknown."""
        number, written = self.value(artwork, "year_number"), self._written_years(artwork)
        if number is not None:
            return int(number)
        return None if written is None else written.year

    def _written_years(self, artwork: Any) -> YearRange | None:
        value = self.value(artwork, "year")
        if isinstance(value, int):
            return YearRange.of(value, value)
        return None if value is None else parse_years(str(value))

    def visible_to(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the artworks that the caller may see, for the default visibility hook.

        Staff with the permission to view or change artworks see all, others only public ones.
        Without a field ``is_public``, no artwork is public.
        """
        artworks: QuerySet[Any] = self.model._default_manager.all()
        if self.may(request.user, "view") or self.may(request.user, "change"):
            return artworks
        public = self.field("is_public")
        return artworks.none() if public is None else artworks.filter(**{public: True})

    def may(self, user: Any, action: str) -> bool:
        """Return whether staff may ``view``, ``add``, ``change`` or ``delete`` artworks."""
        if isinstance(user, AnonymousUser) or not user.is_staff:
            return False
        options = self.model._meta
        return bool(user.has_perm(f"{options.app_label}.{action}_{options.model_name}"))

    def editable_fields(self) -> list[str]:
        """Return the host's fields that forms and the API may write, the image last.

        These are the facts, and the required fields that only the host's model has.
        """
        image = conf.artwork_image_field
        known = [name for fact in EDITABLE if (name := self.field(fact)) is not None]
        required = [
            field.name
            for field in self.model._meta.fields
            if field.editable and not (field.blank or field.has_default() or field.primary_key)
        ]
        return [*known, *(name for name in required if name not in (*known, image)), image]


def adapter() -> ArtworkAdapter:
    """Return the adapter named by the settings. Raises ImproperlyConfigured if they name none."""
    try:
        made = conf.artwork_adapter
    except ImportError as error:
        raise ImproperlyConfigured(f"STYLESIM_ARTWORK_ADAPTER cannot be used: {error}.") from error
    if not (isinstance(made, type) and issubclass(made, ArtworkAdapter)):
        raise ImproperlyConfigured(
            f"STYLESIM_ARTWORK_ADAPTER cannot be used: {made!r} is not a subclass of "
            "ArtworkAdapter."
        )
    return made()


def _as_label(name: str) -> str:
    words = name.replace("_", " ")
    return words[:1].upper() + words[1:]
