"""Artworks as rows of a table: what an export writes, and what an import changes.

An exported table that is imported again changes nothing: a cell that reads as it was written keeps
the stored value.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from import_export.fields import Field
from import_export.resources import ModelResource

from ..collection.adapter import adapter
from ..collection.spreadsheets import protect, unprotect
from ..collection.swapping import get_artwork_model
from ..collection.visibility import visible_artworks
from ..conf import conf
from .table_formats import CONTROL, PROBLEM, ROW

_YES = ("yes", "y", "true", "t", "1", "是")
_NO = ("no", "n", "false", "f", "0", "否")


class CellField(Field):  # type: ignore[misc]
    """A fact as a cell, by the kind of its model field."""

    def __init__(self, model_field: models.Field[Any, Any]) -> None:
        super().__init__(attribute=model_field.attname, column_name=model_field.name)
        self.model_field = model_field

    def export(self, instance: Any, **_options: Any) -> Any:
        """Return the cell: a number, or a text that no spreadsheet takes for a formula."""
        cell = self.shown(instance)
        return protect(cell) if isinstance(cell, str) else cell

    def shown(self, instance: Any) -> Any:
        """Return the value as a person reads it."""
        value = None if instance is None else self.get_value(instance)
        if value is None:
            return ""
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, dict):
            return json.dumps(value, ensure_ascii=False, sort_keys=True) if value else ""
        return value if isinstance(value, int) else str(value)

    def save(self, instance: Any, row: Any, is_m2m: bool = False, **options: Any) -> None:
        """Set the value of a cell, unless the cell reads as the stored value is exported."""
        cell = str(row[self.column_name])
        if _normal(cell) != _normal(str(self.export(instance))):
            setattr(instance, self.attribute, self._parse(unprotect(cell)))

    def _parse(self, text: str) -> Any:
        """Return the value of a cell. Raises ValueError."""
        field = self.model_field
        if isinstance(field, models.BooleanField):
            if text.lower() not in (*_YES, *_NO):
                raise ValueError(_("Enter yes or no."))
            return text.lower() in _YES
        if isinstance(field, models.JSONField):
            try:
                return json.loads(text) if text else {}
            except (ValueError, RecursionError) as error:
                raise ValueError(_("Enter a valid JSON object, or nothing.")) from error
        if text == "" and field.null:
            return None
        try:
            return field.to_python(text)
        except ValidationError as error:
            raise ValueError(" ".join(error.messages)) from error


class ArtworkResource(ModelResource):  # type: ignore[misc]
    """The facts of artworks, found by key or accession number, within what a person may do.

    ``may`` tells whether the person may ``change`` an artwork, or ``add`` one.
    """

    def __init__(
        self,
        request: HttpRequest | None = None,
        may: Callable[[str, Any], bool] = lambda _action, _artwork: True,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.request = request
        self.may = may
        self.seen: dict[Any, str] = {}
        self.numbers: list[str] = []

    def get_queryset(self) -> QuerySet[Any]:
        if self.request is None:
            artworks: QuerySet[Any] = self._meta.model._default_manager.all()
            return artworks
        return visible_artworks(self.request)

    def before_import(self, dataset: Any, **options: Any) -> None:
        """Refuse a table without a column by which works are found. Raises ValidationError."""
        if not {self._key, self._number} & set(dataset.headers):
            raise ValidationError(
                _("The table needs one of these columns: %(names)s.")
                % {"names": ", ".join(filter(None, (self._key, self._number)))}
            )
        self.seen.clear()
        self.numbers = [str(row[dataset.headers.index(ROW)]) for row in dataset]

    def before_import_row(self, row: Any, **options: Any) -> None:
        if row.get(PROBLEM):
            raise ValidationError(row[PROBLEM])

    def get_instance(self, instance_loader: Any, row: Any) -> Any:
        """Return the artwork of a row, or None for a new one. Raises ValidationError."""
        key = str(row.get(self._key, "")).strip()
        if key:
            return self._find_by_key(key)
        number = unprotect(str(row.get(self._number, "")).strip()) if self._number else ""
        if not number:
            return None
        found = list(self.get_queryset().filter(**{self._number: number})[:2])
        if len(found) > 1:
            raise ValidationError(
                _("Several works have the accession number %(number)s; add the column %(key)s.")
                % {"number": number, "key": self._key}
            )
        return found[0] if found else None

    def init_instance(self, row: Any = None) -> Any:
        """Return a new artwork where it needs no picture. Raises ValidationError."""
        image = self._meta.model._meta.get_field(conf.artwork_image_field)
        if not image.blank:
            raise ValidationError(
                _("No work that you can see has this number. Upload its picture first.")
            )
        if not self.may("add", None):
            raise ValidationError(_("You may not add works."))
        return self._meta.model()

    def after_init_instance(self, instance: Any, new: bool, row: Any, **options: Any) -> None:
        if new:
            return
        if instance.pk in self.seen:
            raise ValidationError(
                _("Row %(row)s is about the same work.") % {"row": self.seen[instance.pk]}
            )
        self.seen[instance.pk] = row.get(ROW, "")

    def import_instance(self, instance: Any, row: Any, **options: Any) -> None:
        super().import_instance(instance, row, **options)
        # The preview shows the number that will be saved with a new year.
        follow = getattr(instance, "_follow_year", None)
        if follow is not None and {"year", "year_number"} & set(row):
            follow()

    def before_save_instance(self, instance: Any, row: Any, **options: Any) -> None:
        if instance.pk is not None and not self.may("change", instance):
            raise ValidationError(_("You may not change this work."))

    def after_import_row(self, row: Any, row_result: Any, **options: Any) -> None:
        """Note what changes in a row, for the preview."""
        row_result.number = row.get(ROW, "")
        row_result.changes = []
        if row_result.instance is not None and row_result.import_type in ("new", "update"):
            row_result.title = adapter().title(row_result.instance)
            row_result.changes = list(self._changes(row_result.original, row_result.instance))

    def after_import(self, dataset: Any, result: Any, **options: Any) -> None:
        for invalid in result.invalid_rows:
            invalid.number = self.numbers[invalid.number - 1]

    def _changes(self, before: Any, after: Any) -> Iterator[tuple[str, Any, Any]]:
        for field in self.get_import_fields():
            old, new = field.shown(before), field.shown(after)
            if old != new and field.column_name != self._key:
                yield adapter().label(field.column_name), old, new

    def _find_by_key(self, key: str) -> Any:
        try:
            value = self._meta.model._meta.pk.to_python(key)
        except ValidationError:
            value = None
        found = None if value is None else self.get_queryset().filter(pk=value).first()
        if found is None:
            raise ValidationError(
                _("No work that you can see has the %(name)s %(key)s.")
                % {"name": self._key, "key": key}
            )
        return found

    @property
    def _key(self) -> str:
        return str(self._meta.model._meta.pk.name)

    @property
    def _number(self) -> str:
        return adapter().text_field("accession_number") or ""


def artwork_resource() -> type[ArtworkResource]:
    """Return the resource of the artwork model in use, with the facts that are not relations."""
    model = get_artwork_model()
    options = model._meta
    number = adapter().text_field("accession_number")
    editable = [name for name in adapter().editable_fields() if name != conf.artwork_image_field]
    names = dict.fromkeys([options.pk.name, *([number] if number else []), *editable])
    fields = {
        name: options.get_field(name) for name in names if not options.get_field(name).is_relation
    }
    meta = type(
        "Meta",
        (),
        {
            "model": model,
            "fields": list(fields),
            "export_order": list(fields),
            "import_order": [name for name in fields if name != options.pk.name],
            "import_id_fields": [options.pk.name],
            "skip_unchanged": True,
            "report_skipped": True,
            "skip_html_diff": True,
            "store_instance": True,
            "clean_model_instances": True,
            "use_transactions": True,
        },
    )
    cells = {name: CellField(field) for name, field in fields.items()}
    return type("ArtworkTable", (ArtworkResource,), {**cells, "Meta": meta})


def _normal(cell: str) -> str:
    """Return a cell as every way through a file leaves it."""
    return CONTROL.sub("", cell.replace("\r\n", "\n").replace("\r", "\n")).strip()
