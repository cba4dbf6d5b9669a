"""The pages of the app; include them where you like, with the namespace ``stylesim``."""

from django.urls import path, re_path

from .api.metrics import metrics
from .collection.thumbnails import SIZES
from .views import artworks, health, pairs, pictures, searches

app_name = "stylesim"
urlpatterns = [
    path("", artworks.gallery, name="gallery"),
    path("upload/", artworks.upload, name="upload"),
    path("artworks/<str:pk>/", artworks.artwork, name="artwork"),
    path("artworks/<str:pk>/index/", artworks.index_again, name="index-again"),
    re_path(
        rf"^artworks/(?P<pk>[^/]+)/(?P<size>{'|'.join(SIZES)})\.jpg$",
        pictures.thumbnail,
        name="thumbnail",
    ),
    path("search/", searches.search, name="search"),
    path("search/<uuid:pk>/", searches.results, name="search-results"),
    path("search/<uuid:pk>/preview.jpg", pictures.search_preview, name="search-preview"),
    path("pairs/", pairs.closest_pairs, name="pairs"),
    path("metrics", metrics, name="metrics"),
    re_path(r"^health/live/?$", health.live, name="health-live"),
    re_path(r"^health/(?:ready/?)?$", health.ready, name="health-ready"),
]
