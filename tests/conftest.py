"""Fixtures: a private storage for each test, and a small collection indexed once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, Permission
from django.core.files.base import ContentFile
from django.test import RequestFactory
from django.utils import timezone, translation
from PIL import ImageOps

from stylesim_app import files, tasks
from stylesim_app.core.descriptors import Descriptor
from stylesim_app.index import compact_index, same_picture, scales, sets, storage, upkeep
from stylesim_app.models import Artwork, IndexEntry, StoredDescriptor, WorkItem
from stylesim_app.work import pipeline, signs

from . import pictures, remembered, same_pictures, store_contract, synthetic
from .unit.same_picture.drawn import draw

TESTS = Path(__file__).resolve().parent
SHARED_DATA = TESTS.parents[1] / "shared" / "data"

#: Folders, and the markers of the tests in them. Those whose tests take long come first, so that
#: no core is left alone with one of them at the end of a run.
FOLDERS = ("drills", "acceptance", "browser", "training", "database", "unit")
#: What touches the database in its own way, and so runs on PostgreSQL too.
ON_POSTGRESQL = (
    "acceptance/test_worker.py",
    "database/admin/test_admin_many.py",
    "database/api/test_idempotency.py",
    "database/api/test_known_files.py",
    "database/api/test_facets.py",
    "database/api/test_syncing.py",
    "database/api/test_paging.py",
    "database/api/test_sets.py",
    "database/importing/test_claims.py",
    "database/collection",
    "database/index",
    "database/ranking",
    "database/stores",
    "database/webhooks",
    "database/work",
)
#: Within these folders, what is about files and pictures: on PostgreSQL before a release alone.
NOT_EVERY_DAY = (
    "database/index/test_nearest.py",
    "database/index/test_storage.py",
    "database/index/test_storage_bucket.py",
    "database/index/test_storage_full.py",
    "database/index/test_verify.py",
    "database/work/test_bad_files.py",
    "database/work/test_pipeline.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test as its folder says, and put the longest first."""
    places = {item: item.path.relative_to(TESTS) for item in items if TESTS in item.path.parents}
    for item, place in places.items():
        if place.parts[0] in FOLDERS:
            item.add_marker(place.parts[0])
        if place.name == "test_swapped.py":
            item.add_marker("swapped")
        everyday = place.as_posix() not in NOT_EVERY_DAY
        if everyday and any(place.is_relative_to(name) for name in ON_POSTGRESQL):
            item.add_marker("postgresql")

    def order(item: pytest.Item) -> int:
        folder = places[item].parts[0] if item in places else ""
        return FOLDERS.index(folder) if folder in FOLDERS else len(FOLDERS)

    items.sort(key=order)


@pytest.fixture(autouse=True)
def storages(settings: Any, tmp_path: Path) -> None:
    """Media and descriptors of each test in a folder of its own."""
    backend = "django.core.files.storage.FileSystemStorage"
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.STYLESIM_CACHE_DIR = tmp_path / "cache"
    settings.STORAGES = {
        **settings.STORAGES,
        "stylesim": {"BACKEND": backend, "OPTIONS": {"location": tmp_path / "stylesim"}},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


@pytest.fixture(autouse=True)
def cleared_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is searched while a test switches sets or indexes, but where it says so."""
    monkeypatch.setattr(sets, "CLEARED_AFTER", timedelta(0))
    monkeypatch.setattr(compact_index, "KEPT_FOR", timedelta(0))


@pytest.fixture(autouse=True)
def unknown_process() -> None:
    """Forget between tests what was noted of this process."""
    signs._of.cache_clear()


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine no picture counts as slow, but where a test says so."""
    monkeypatch.setattr(pipeline, "PATIENCE", 120)


@pytest.fixture(autouse=True)
def nothing_known_by_key() -> None:
    """Keys of rows that were rolled back come again."""
    same_picture._postings_of.cache_clear()
    storage.forget()
    scales.forget()


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """A page that was asked for in another language leaves it active in its thread."""
    with translation.override("en"):
        yield


@pytest.fixture(scope="session", autouse=True)
def remembered_network() -> Iterator[None]:
    """Pictures that were described before are not described again; workers in processes of their
    own, and the tests of the core, run the network itself."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "get_network", remembered.remember(pipeline.get_network))
        yield


@pytest.fixture(scope="session")
def described() -> dict[str, Descriptor]:
    """The descriptors of all test pictures by the real network, made once."""
    names = pictures.NAMES
    decoded = [pipeline.decode_picture(pictures.png(name)) for name in names]
    return dict(zip(names, pipeline.describe(decoded), strict=True))


@pytest.fixture
def make_artwork(db: None) -> Callable[..., Artwork]:
    """``make_artwork("disc-a", is_public=False, artist="...")``: saved, not yet indexed."""

    def make(name: str = "disc-a", **fields: Any) -> Artwork:
        subject, manner = name.split("-")
        defaults = {
            "title": name,
            "artist": f"Artist {manner.upper()}",
            "year": str(1800 + 10 * pictures.NAMES.index(name)),
            "collection": subject,
            "is_public": True,
        }
        artwork = Artwork(**{**defaults, **fields})
        artwork.image.save(f"{name}.png", ContentFile(pictures.png(name)), save=False)
        artwork.save()
        return artwork

    return make


@pytest.fixture
def index_artwork(described: dict[str, Descriptor]) -> Callable[[Artwork, str], IndexEntry]:
    """Store a descriptor that was made before, as the worker would."""

    def index(artwork: Artwork, name: str) -> IndexEntry:
        descriptor_set = sets.open_set(described[name].provenance)
        entry, _ = IndexEntry.objects.update_or_create(
            artwork=artwork,
            defaults={
                "state": WorkItem.State.INDEXED,
                "image_name": str(artwork.image.name),
                "image_sha256": hashlib.sha256(pictures.png(name)).hexdigest(),
                "indexed_at": timezone.now(),
            },
        )
        content = described[name].to_bytes(entry.image_sha256)
        StoredDescriptor.objects.create(
            entry=entry,
            descriptor_set=descriptor_set,
            file_name=files.write("descriptors", "safetensors", content),
        )
        return entry

    return index


@pytest.fixture
def collection(
    make_artwork: Callable[..., Artwork], index_artwork: Callable[[Artwork, str], IndexEntry]
) -> dict[str, Artwork]:
    """Twelve public artworks, indexed and calibrated, by the name of their picture."""
    artworks = {name: make_artwork(name) for name in pictures.NAMES}
    for name, artwork in artworks.items():
        index_artwork(artwork, name)
    upkeep.maintain(60, idle=False)
    return artworks


@pytest.fixture
def small_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Descriptors of ``synthetic.draw_small``, so small that hundreds cost nothing."""
    synthetic.shrink_network(monkeypatch)


@pytest.fixture
def eighty(db: None, small_network: None) -> dict[int, Descriptor]:
    """Eighty works of the small network in the store, some of them alike, by artwork key; they
    have no lists of neighbours yet."""
    drawn = synthetic.draw_small(78)
    works = synthetic.store_works([*drawn, drawn[7], drawn[7]])
    upkeep.maintain(60, idle=False)
    return works


@pytest.fixture
def run_worker(django_capture_on_commit_callbacks: Any) -> Callable[[], None]:
    """Do in this process what a worker does when the schedule rings."""

    def run() -> None:
        with django_capture_on_commit_callbacks(execute=True):
            tasks.ring_again()

    return run


@pytest.fixture
def visitor_request(rf: RequestFactory) -> Any:
    request = rf.get("/")
    request.user = AnonymousUser()
    return request


@pytest.fixture
def staff(django_user_model: Any) -> Any:
    """A member of staff with every permission of the app, but no superuser."""
    user = django_user_model.objects.create_user("staff", password="staff", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="stylesim_app"))
    return user


@pytest.fixture
def staff_client(client: Any, staff: Any) -> Any:
    client.force_login(staff)
    return client


@pytest.fixture(scope="session")
def drawn() -> store_contract.Drawn:
    """Descriptors for the tests of stores, drawn once."""
    return store_contract.draw()


@pytest.fixture
def stored_matches(make_artwork: Callable[..., Artwork]) -> tuple[list[Artwork], Artwork]:
    """Four works without artists, and a mirrored part of the first, without any descriptor."""
    works = [make_artwork("disc-a", title=f"work {number}", artist="") for number in range(4)]
    copy = make_artwork("disc-b", title="copy", artist="")
    for number, artwork in enumerate((*works, copy)):
        IndexEntry.objects.create(
            artwork=artwork, state=WorkItem.State.INDEXED, image_sha256=f"{number:064}"
        )
    same_pictures.match(works[0], copy)
    return works, copy


@pytest.fixture
def matched_works(db: None) -> tuple[list[Artwork], Artwork]:
    """Six pictures, and a mirrored crop of the first, indexed by a worker."""
    originals = [same_pictures.upload(draw(seed), f"work {seed}") for seed in range(6)]
    part = same_pictures.crop(draw(0), 0.6)
    copy = same_pictures.upload(ImageOps.mirror(part), "copy")
    same_pictures.work()
    return originals, copy
