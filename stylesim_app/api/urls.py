"""The URLs of the API; include them under a path of their own, such as ``api/``."""

from django.urls import path, re_path

from ..collection.thumbnails import SIZES
from .artworks import ArtworkDetailView, ArtworkListView, ThumbnailView
from .facets import FacetsView
from .index import IndexView
from .pairs import PairsView
from .rankings import CompareView, SearchDetailView, SearchView, SimilarView
from .removals import RemovalsView
from .sets import SetDetailView, SetListView, SetWorksView, SetWorkView
from .site import DocsView, NowhereView, RootView, SchemaView

app_name = "stylesim-api"
urlpatterns = [
    path("", RootView.as_view(), name="root"),
    path("artworks/", ArtworkListView.as_view(), name="artwork-list"),
    path("artworks/facets/", FacetsView.as_view(), name="facets"),
    path("artworks/removed/", RemovalsView.as_view(), name="removals"),
    path("artworks/<str:pk>/", ArtworkDetailView.as_view(), name="artwork-detail"),
    path("artworks/<str:pk>/similar/", SimilarView.as_view(), name="artwork-similar"),
    re_path(
        rf"^artworks/(?P<pk>[^/]+)/(?P<size>{'|'.join(SIZES)})\.jpg$",
        ThumbnailView.as_view(),
        name="artwork-thumbnail",
    ),
    path("search/", SearchView.as_view(), name="search"),
    path("search/<uuid:pk>/", SearchDetailView.as_view(), name="search-detail"),
    path("compare/", CompareView.as_view(), name="compare"),
    path("pairs/", PairsView.as_view(), name="pairs"),
    path("index/", IndexView.as_view(), name="index"),
    path("sets/", SetListView.as_view(), name="set-list"),
    path("sets/<str:pk>/", SetDetailView.as_view(), name="set-detail"),
    path("sets/<str:pk>/artworks/", SetWorksView.as_view(), name="set-works"),
    path("sets/<str:pk>/artworks/<str:artwork>/", SetWorkView.as_view(), name="set-work"),
    path("schema/", SchemaView.as_view(), name="schema"),
    path("docs/", DocsView.as_view(), name="docs"),
    re_path(r"", NowhereView.as_view()),
]
