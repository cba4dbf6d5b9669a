"""Base classes of the API's views, independent of the host's REST_FRAMEWORK settings.

Only authentication and the host's own throttles follow the settings.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.openapi import AutoSchema
from rest_framework.exceptions import (
    APIException,
    NotAcceptable,
    NotFound,
    ParseError,
    ValidationError,
)
from rest_framework.generics import GenericAPIView
from rest_framework.metadata import SimpleMetadata
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import FormParser, JSONParser, MultiPartParser
from rest_framework.permissions import SAFE_METHODS
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from ..collection.swapping import get_artwork_model
from ..collection.visibility import visible_artworks
from .conditional import ConditionalMixin
from .paging import Pages
from .permissions import HasScope
from .problems import handle_error

#: Characters of a primary key in a URL or a list of ids.
MAX_KEY = 200


class Conflict(APIException):
    """A request that conflicts with existing records."""

    status_code = 409
    default_code = "conflict"


class Duplicate(Conflict):
    """An upload of a file that a visible artwork has already; ``members`` go into the problem."""

    default_code = "duplicate"

    def __init__(self, detail: str, members: dict[str, Any], link: str = "") -> None:
        super().__init__(detail)
        self.members = members
        self.link = link


class BodyParser(JSONParser):
    """A parser of JSON that Python can read without exceeding its recursion limit."""

    def parse(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().parse(*args, **kwargs)
        except RecursionError as error:
            raise ParseError(_("The JSON in the request body is nested too deeply.")) from error


class _EscapingRenderer(JSONRenderer):
    ensure_ascii = True


class AnswerRenderer(JSONRenderer):
    """A renderer of JSON in UTF-8.

    A text with half a surrogate pair, which UTF-8 lacks, is escaped.
    """

    def render(self, *args: Any, **kwargs: Any) -> bytes:
        try:
            return super().render(*args, **kwargs)
        except UnicodeEncodeError:
            return _EscapingRenderer().render(*args, **kwargs)


class Negotiation(DefaultContentNegotiation):
    """Content negotiation that answers 406 also for an unknown ``format``."""

    def filter_renderers(self, renderers: Any, format: str) -> Any:  # noqa: A002  (its name)
        found = [renderer for renderer in renderers if renderer.format == format]
        if not found:
            raise NotAcceptable
        return found


class ApiSchema(AutoSchema):
    """A schema in which reading needs no account, since each artwork's visibility decides, and
    writing does. A view with ``needs_account`` decides for both."""

    def get_auth(self) -> list[Any]:
        schemes = list(super().get_auth())
        needs_account = getattr(self.view, "needs_account", self.method not in SAFE_METHODS)
        if not needs_account and {} not in schemes:
            schemes.append({})
        return schemes


class ApiMixin:
    """Rendering, parsing, errors and schema of the API; other packages may use it too."""

    renderer_classes: Any = (AnswerRenderer,)
    parser_classes: Any = (BodyParser, MultiPartParser, FormParser)
    permission_classes: Any = (HasScope,)
    content_negotiation_class: Any = Negotiation
    metadata_class: Any = SimpleMetadata
    versioning_class: Any = None
    schema: Any = ApiSchema()

    def get_exception_handler(self) -> Any:
        return handle_error


class ApiView(ConditionalMixin, ApiMixin, GenericAPIView[Any]):
    """A view of artworks that the caller may see."""

    pagination_class: Any = Pages
    filter_backends: Any = ()

    def known_parameters(self) -> Collection[str] | None:
        """Return the query parameters for reading; None if the view accepts any."""
        return ()

    def known_when_writing(self) -> Collection[str]:
        """Return the query parameters for writing."""
        return ()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        is_safe = request.method in SAFE_METHODS
        known = self.known_parameters() if is_safe else self.known_when_writing()
        if known is not None and request.method != "OPTIONS":
            refuse_unknown(request, known)

    def get_queryset(self) -> QuerySet[Any]:
        artworks: QuerySet[Any]
        if getattr(self, "swagger_fake_view", False):
            artworks = get_artwork_model()._default_manager.none()
        else:
            artworks = visible_artworks(self.request).select_related("stylesim_entry")
        return artworks

    def find_artwork(self, pk: str) -> Any:
        """Return the artwork of a key.

        Raises NotFound, with the same message, if it does not exist or the caller may not see it.
        """
        key = parse_key(pk)
        artwork = None if key is None else self.get_queryset().filter(pk=key).first()
        if artwork is None:
            raise NotFound(
                _("Artwork %(id)s was not found, or you do not have access to it.") % {"id": pk}
            )
        return artwork


def parse_key(text: str) -> Any:
    """Return a primary key of artworks, or None unless ``text`` is one as written in URLs."""
    if len(text) > MAX_KEY or "\0" in text:
        return None
    try:
        key = get_artwork_model()._meta.pk.clean(text, None)
    except DjangoValidationError:
        return None
    return key if str(key) == text else None


def refuse_unknown(request: Request, known: Collection[str]) -> None:
    """Raise ValidationError for query parameters that would have no effect."""
    # Content negotiation handles ``format``.
    unknown = sorted(set(request.query_params) - {*known, "format"})
    if unknown:
        reason = _("This endpoint takes no parameters.")
        if known:
            names = ", ".join(known)
            reason = _("Unknown parameter. Available parameters: %(names)s.") % {"names": names}
        raise ValidationError({name: [reason] for name in unknown})
