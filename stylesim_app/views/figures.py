"""The page on what the figures of a ranking mean."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe


@require_safe
def figures(request: HttpRequest) -> HttpResponse:
    """Show one paragraph on each figure."""
    return render(request, "stylesim_app/figures.html")
