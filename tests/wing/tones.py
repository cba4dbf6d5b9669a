"""A kind of work of the wing, and the parts of pages that it adds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from stylesim_app import files
from stylesim_app.collection.adapter import adapter
from stylesim_app.core.images import Picture
from stylesim_app.views.places import Answer, Result
from stylesim_app.work.kinds import WorkKind
from stylesim_app.work.pipeline import ImageFile
from stylesim_app.work.queue import ring

from .models import Tone


def ask_for_tone(artwork: Any, **_: Any) -> None:
    """Enter an artwork in the work list of the wing once it is indexed."""
    Tone.objects.get_or_create(artwork=artwork)
    ring(artwork.pk)


def locate(tone: Tone) -> ImageFile | None:
    image = adapter().image(tone.artwork)
    return image.storage, str(image.name)


def compute(pictures: Sequence[Picture]) -> list[float]:
    return [float(picture.pixels.mean()) for picture in pictures]


def store(tone: Tone, _picture: Picture, value: float) -> None:
    name = files.write("tones", "txt", f"{value:.3f}".encode())
    if not tone.finish(value=value, swatch_name=name):
        files.delete([name])


TONES = WorkKind(
    model=Tone,
    priority=30,
    batch_size=lambda: 2,
    locate=locate,
    compute=compute,
    store=store,
    files=("swatch_name",),
)


def is_staff(request: HttpRequest) -> bool:
    return bool(request.user.is_staff)


def list_tones(request: HttpRequest) -> HttpResponse:
    """The page of the wing."""
    return render(request, "wing/tones.html", {"tones": Tone.objects.order_by("value")})


def show_result(request: HttpRequest, answer: Answer, result: Result) -> str:
    context = {"place": f"result {result.rank}", "artwork": result.artwork}
    return render_to_string("wing/tone.html", context, request)


def show_artwork(request: HttpRequest, artwork: Any) -> str:
    return render_to_string("wing/tone.html", {"place": "page", "artwork": artwork}, request)


def show_record(request: HttpRequest, artwork: Any) -> str:
    return render_to_string("wing/tone.html", {"place": "record", "artwork": artwork}, request)
