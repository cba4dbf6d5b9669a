from django.urls import include, path

from project.urls import urlpatterns as site
from tests.wing import tones

wing = ([path("tones/", tones.list_tones, name="tones")], "wing")
urlpatterns = [*site, path("wing/", include(wing))]
