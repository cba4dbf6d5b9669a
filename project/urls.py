"""URLs of the reference site."""

from django.contrib import admin
from django.contrib.auth.views import LoginView, LogoutView
from django.templatetags.static import static
from django.urls import include, path
from django.utils.functional import lazy
from django.views.generic import RedirectView

from stylesim_app.views.pictures import original

from .access import views
from .access.api import TokenView
from .access.lockout import limit_passwords

handler403 = "stylesim_app.views.refused.permission_denied"

sign_in = limit_passwords(LoginView.as_view(redirect_authenticated_user=True))

#: For pages that name no icon, such as the admin's.
icon = RedirectView.as_view(url=lazy(static, str)("stylesim_app/icon.svg"))

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
    path("favicon.ico", icon),
    path("", include("stylesim_app.urls")),
]
