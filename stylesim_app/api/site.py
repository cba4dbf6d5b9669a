"""The entry points of the API: the root, the schema and its documentation."""

from __future__ import annotations

from typing import Any

from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views import View
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from .. import __version__
from .base import ApiMixin
from .schema import describe, with_problems


def token_address() -> str | None:
    """Return the address where the site gives tokens, if it names one ``token``."""
    try:
        return reverse("token")
    except NoReverseMatch:
        return None


class RootView(ApiMixin, APIView):
    """The endpoints of the API."""

    @describe(
        operation_id="listAddresses",
        summary="List the endpoints",
        tags=["api"],
        responses=with_problems({200: OpenApiTypes.OBJECT}, 401, 403),
    )
    def get(self, request: Request) -> Response:
        names = {
            "artworks": "artwork-list",
            "search": "search",
            "compare": "compare",
            "pairs": "pairs",
            "index": "index",
            "sets": "set-list",
            "schema": "schema",
            "docs": "docs",
        }
        paths = {name: reverse(f"stylesim-api:{view}") for name, view in names.items()}
        if token := token_address():
            paths["token"] = token
        return Response({name: request.build_absolute_uri(path) for name, path in paths.items()})


class SchemaView(ApiMixin, SpectacularAPIView):
    """The OpenAPI schema of this API, without the host's own endpoints."""

    renderer_classes = SpectacularAPIView.renderer_classes
    schema = None
    custom_settings = {
        "TITLE": "stylesim",
        "DESCRIPTION": "The artworks of a collection, and the works similar to each.",
        "VERSION": __version__,
        # A file is uploaded as bytes and returned as an address.
        "COMPONENT_SPLIT_REQUEST": True,
        "PREPROCESSING_HOOKS": ["stylesim_app.api.schema.only_this_api"],
        "POSTPROCESSING_HOOKS": [
            "drf_spectacular.hooks.postprocess_schema_enums",
            "stylesim_app.api.schema.complete",
        ],
    }

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        # Most of its texts are in English, and clients that are made from it are alike everywhere.
        with override("en"):
            response: Response = super().get(request, *args, **kwargs)  # type: ignore[no-untyped-call]
        return response


class DocsView(ApiMixin, SpectacularSwaggerSplitView):
    """The browsable documentation of the schema, using only files of this server.

    Its script has an address of its own, as a strict Content-Security-Policy demands.
    """

    renderer_classes = SpectacularSwaggerSplitView.renderer_classes
    schema = None
    url_name = "stylesim-api:schema"
    title = "stylesim"
    template_name = "stylesim_app/api_docs.html"
    # Only the page is rendered here, so OPTIONS only needs to list the methods.
    options: Any = View.options

    @staticmethod
    def _swagger_ui_resource(filename: str) -> str:
        return static(f"drf_spectacular_sidecar/swagger-ui-dist/{filename}")

    @staticmethod
    def _swagger_ui_favicon() -> str:
        return static("drf_spectacular_sidecar/swagger-ui-dist/favicon-32x32.png")


class NowhereView(ApiMixin, APIView):
    """The response to every address that no other view handles."""

    authentication_classes = ()
    throttle_classes = ()
    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        raise NotFound(
            _("Not found. API addresses end with a slash; %(root)s lists them all.")
            % {"root": request.build_absolute_uri(reverse("stylesim-api:root"))}
        )
