"""Refusals at the sign-in pages and at the token endpoint after too many failed attempts."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from stylesim_app.api.problems import problem_response
from stylesim_app.api.throttling import PasswordThrottle, caller_address

View = Callable[..., Any]


def client_address(request: Any) -> str | None:
    """Return the address that failed attempts are counted for, or None if it is not known."""
    return caller_address(request) or None


def locked_out(
    request: HttpRequest, original_response: HttpResponse | None = None, credentials: Any = None
) -> HttpResponse:
    """Return the answer to an account that is locked for the address of the caller."""
    minutes = math.ceil(settings.AXES_COOLOFF_TIME.total_seconds() / 60)
    reason = ngettext(
        "Too many failed attempts to sign in. Please try again in %(minutes)d minute, or ask an "
        "administrator to unlock your account.",
        "Too many failed attempts to sign in. Please try again in %(minutes)d minutes, or ask an "
        "administrator to unlock your account.",
        minutes,
    ) % {"minutes": minutes}
    return refuse(request, reason, minutes * 60)


def refuse(request: HttpRequest, reason: str, seconds: int) -> HttpResponse:
    """Return 429, as a problem at the token endpoint and as a page elsewhere."""
    headers = {"Retry-After": str(seconds), "Cache-Control": "no-store"}
    if request.path == reverse("token"):
        return problem_response(429, reason, "locked_out", headers)
    response = render(request, "access/locked_out.html", {"reason": reason}, status=429)
    for name, value in headers.items():
        response[name] = value
    return response


def limit_passwords(view: View) -> View:
    """Wrap a sign-in view: an address may send few passwords, whatever the accounts."""

    @wraps(view)
    def limited(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        throttle = PasswordThrottle()
        if request.method == "POST" and not throttle.allow_request(request, None):  # type: ignore[arg-type]
            reason = _("Too many attempts to sign in from your network. Please wait a moment.")
            return refuse(request, reason, math.ceil(throttle.wait() or 60))
        return view(request, *args, **kwargs)

    return limited
