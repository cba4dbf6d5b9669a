"""The pages of the app; include them where you like, with the namespace ``stylesim``."""

from django.urls import path, re_path

from .api.metrics import metrics
from .collection.thumbnails import SIZES
from .views import (
    artworks,
    downloads,
    figures,
    health,
    keeping,
    pairs,
    pictures,
    rankings,
    searches,
    sets,
    uploads,
)

app_name = "stylesim"
urlpatterns = [
    path("", artworks.gallery, name="gallery"),
    path("upload/", uploads.upload, name="upload"),
    path("artworks/<str:pk>/", artworks.artwork, name="artwork"),
    path("artworks/<str:pk>/index/", artworks.index_again, name="index-again"),
    path("artworks/<str:pk>/download/", downloads.download, name="download"),
    re_path(
        rf"^artworks/(?P<pk>[^/]+)/(?P<size>{'|'.join(SIZES)})\.jpg$",
        pictures.thumbnail,
        name="thumbnail",
    ),
    path("search/", searches.search, name="search"),
    path("search/<uuid:pk>/", searches.results, name="search-results"),
    path("search/<uuid:pk>/preview.jpg", pictures.search_preview, name="search-preview"),
    path("artworks/<str:pk>/similar.csv", rankings.of_artwork, name="artwork-csv"),
    path("search/<uuid:pk>/similar.csv", rankings.of_search, name="search-csv"),
    path("about-figures/", figures.figures, name="figures"),
    path("sets/", sets.sets, name="sets"),
    path("sets/keep/", keeping.keep, name="set-keep"),
    path("sets/import/", sets.import_set, name="set-import"),
    path("sets/<int:pk>/edit/", sets.edit, name="set-edit"),
    path("sets/<int:pk>/share/", sets.share, name="set-share"),
    path("sets/<int:pk>/works/", sets.change_works, name="set-works"),
    path("sets/<int:pk>/delete/", sets.delete, name="set-delete"),
    path("sets/<str:reference>/", sets.show, name="set"),
    re_path(
        r"^sets/(?P<reference>[^/]+)/export\.(?P<kind>csv|xlsx)$", sets.export, name="set-export"
    ),
    path("pairs/", pairs.closest_pairs, name="pairs"),
    path("metrics", metrics, name="metrics"),
    re_path(r"^health/live/?$", health.live, name="health-live"),
    re_path(r"^health/(?:ready/?)?$", health.ready, name="health-ready"),
]
