"""The endpoint that gives a token for a username and password."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import Any, NoReturn

from django.contrib.auth import authenticate
from django.core.exceptions import ValidationError as DjangoValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from stylesim_app.api.base import ApiMixin
from stylesim_app.api.schema import JSON, describe, with_problems
from stylesim_app.api.serializers import StrictSerializer
from stylesim_app.api.throttling import PasswordThrottle

from .forms import LIFETIMES
from .models import ApiToken, Scope
from .tokens import make_token


class ScopesField(serializers.MultipleChoiceField):
    """Scopes, which have a default in forms too: a form sends nothing for none."""

    default_error_messages = {
        "invalid_choice": gettext_lazy("“{input}” is not a scope. The scopes are %(scopes)s."),
        "empty": gettext_lazy("Name at least one scope. The scopes are %(scopes)s."),
        "not_a_list": gettext_lazy("Send a list of scopes. The scopes are %(scopes)s."),
    }

    def fail(self, key: str, **facts: Any) -> NoReturn:
        text = self.error_messages[key] % {"scopes": ", ".join(Scope.values)}
        raise serializers.ValidationError(text.format(**facts), code=key)

    def get_value(self, dictionary: Any) -> Any:
        if self.field_name not in dictionary:
            return serializers.empty
        return super().get_value(dictionary)


class CredentialsSerializer(StrictSerializer):
    """A username and password, and the properties of the new token."""

    username = serializers.CharField(max_length=150)
    password = serializers.CharField(max_length=4096, trim_whitespace=False)
    name = serializers.CharField(max_length=100, default="API")
    scopes = ScopesField(
        choices=Scope.choices, default={Scope.READ.value, Scope.WRITE.value}, allow_empty=False
    )
    days = serializers.IntegerField(min_value=1, max_value=max(map(int, LIFETIMES)), default=90)


class NewTokenSerializer(serializers.ModelSerializer[ApiToken]):
    """A new token; its text is given this once."""

    token = serializers.SerializerMethodField()
    expiry = serializers.DateTimeField(format="%Y-%m-%dT%H:%M:%SZ", default_timezone=UTC)
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=Scope.choices))

    class Meta:
        model = ApiToken
        fields = ("token", "name", "scopes", "expiry")

    def get_token(self, _token: ApiToken) -> str:
        return str(self.context["text"])


class TokenView(ApiMixin, APIView):
    """A token for a username and password."""

    authentication_classes = ()

    def get_throttles(self) -> list[BaseThrottle]:
        own = [PasswordThrottle()] if self.request.method == "POST" else []
        return [*super().get_throttles(), *own]

    @describe(
        operation_id="getToken",
        summary="Get a token",
        tags=["api"],
        request={JSON: CredentialsSerializer},
        responses=with_problems({200: NewTokenSerializer}, 400, 411, 413, 415, 429),
    )
    def post(self, request: Request) -> Response:
        sent = CredentialsSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        facts: dict[str, Any] = sent.validated_data
        # Failed attempts are noted on Django's own request, where the lockout reads them.
        user = authenticate(
            request._request, username=facts["username"], password=facts["password"]
        )
        if user is None:
            raise serializers.ValidationError(_("The username or password is wrong."))
        lifetime = timedelta(days=facts["days"])
        try:
            token, text = make_token(user, facts["name"], facts["scopes"], lifetime)
        except DjangoValidationError as error:
            raise serializers.ValidationError(error.messages) from error
        answer = Response(NewTokenSerializer(token, context={"text": text}).data)
        answer["Cache-Control"] = "no-store"
        return answer
