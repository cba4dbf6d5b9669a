"""URLs of the reference site."""

from django.contrib import admin
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponseRedirect
from django.templatetags.static import static
from django.urls import include, path

from stylesim_app.views.pictures import original

from .access import views
from .access.api import TokenView
from .access.lockout import limit_passwords

sign_in = limit_passwords(LoginView.as_view(redirect_authenticated_user=True))


def icon(request: HttpRequest) -> HttpResponseRedirect:
    """Redirect to the icon of the app."""
    return HttpResponseRedirect(static("stylesim_app/icon.svg"))


urlpatterns = [
    path("admin/login/", limit_passwords(admin.site.login)),
    path("admin/", admin.site.urls),
    path("accounts/login/", sign_in, name="login"),
    path("accounts/logout/", LogoutView.as_view(), name="logout"),
    path("accounts/tokens/", views.tokens, name="tokens"),
    path("accounts/tokens/<slug:digest>/revoke/", views.revoke, name="revoke-token"),
    path("i18n/", include("django.conf.urls.i18n")),
    path("media/<path:path>", original, name="media"),
    path("api/token/", TokenView.as_view(), name="token"),
    path("api/", include("stylesim_app.api.urls")),
    # Browsers ask for it wherever a page names no icon, such as the admin's.
    path("favicon.ico", icon),
    path("", include("stylesim_app.urls")),
]
