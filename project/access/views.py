"""Pages: sign-in, and the tokens of the person who is signed in."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from .forms import TokenForm
from .models import ApiToken
from .tokens import make_token


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    """List the person's tokens and make new ones; the text of a new one is shown once."""
    form = TokenForm(request.POST or None)
    made = made_token = None
    if request.method == "POST" and form.is_valid():
        facts = form.cleaned_data
        try:
            made_token, made = make_token(
                request.user,
                facts["name"],
                facts["scopes"],
                form.lifetime(),
                public=form.is_public(),
                origins=facts["origins"] if form.is_public() else (),
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            form = TokenForm()
    found = ApiToken.objects.filter(user=request.user.pk)
    context = {"form": form, "made": made, "made_token": made_token, "tokens": found}
    return render(request, "access/tokens.html", context)


@login_required
@require_POST
def revoke(request: HttpRequest, digest: str) -> HttpResponse:
    """Delete a token of the person, who then has to make another."""
    get_object_or_404(ApiToken, user=request.user.pk, digest=digest).delete()
    return redirect("tokens")
