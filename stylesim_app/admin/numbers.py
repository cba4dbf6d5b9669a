"""Accession numbers in lists of the admin: which works have none, or one that others have too."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from ..collection.keys import RELATION
from ..models import SearchKeys

_KEY = f"{RELATION}__accession_number"


class AccessionNumberFilter(admin.SimpleListFilter):
    """A filter by accession number: a search finds a certain one."""

    title = _("accession number")
    parameter_name = "accession"

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("given", _("With a number")),
            ("none", _("Without a number")),
            ("shared", _("Number of several works")),
        ]

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        match self.value():
            case "given":
                return queryset.exclude(**{_KEY: ""})
            case "none":
                return queryset.filter(**{_KEY: ""})
            case "shared":
                # Among the works that the person may see.
                seen = SearchKeys.objects.filter(artwork__in=queryset.order_by().values("pk"))
                counted = seen.exclude(accession_number="").values("accession_number")
                shared = counted.annotate(count=Count("pk")).filter(count__gt=1)
                numbers = shared.order_by().values("accession_number")
                return queryset.filter(**{f"{_KEY}__in": numbers})
        return queryset
