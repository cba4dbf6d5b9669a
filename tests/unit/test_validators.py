"""Validation of additional fields, as called from code."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from stylesim_app.models import Artwork


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        ([], "object"),
        ("", "object"),
        (None, "null"),
        ({"a": float("nan")}, "finite"),
        ({"a": [float("-inf")]}, "finite"),
        ({"a": "x\0"}, "Unicode"),
        ({"a": {"\udc80": 1}}, "Unicode"),
        ({"a": "x" * 100_000}, "100 kB"),
        ({"a": {1, 2}}, "JSON"),
    ],
)
def test_what_cannot_be_kept_is_refused_by_the_model(extra, message):
    with pytest.raises(ValidationError) as caught:
        Artwork(title="A", extra=extra).clean_fields(exclude=["image"])
    (said,) = caught.value.message_dict["extra"]
    assert message in said


@pytest.mark.parametrize(
    "extra", [{}, {"a": [1, 2.5, True, None, "\U0001f5bc"]}, {"": {"a": {"b": [[]]}}}]
)
def test_what_can_be_kept(extra):
    Artwork(title="A", extra=extra).clean_fields(exclude=["image"])
