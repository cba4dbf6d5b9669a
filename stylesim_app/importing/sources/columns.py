"""The field of an artwork that each column of a manifest fills."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import PurePath

from django.db.models import FileField, JSONField
from django.utils.translation import gettext as _

from ...collection.adapter import adapter
from ...collection.folding import fold
from ...collection.swapping import get_artwork_model
from ...exceptions import ImportFailed
from ...messages import join_words

#: Names that tables give the accession number, as columns are compared.
_ACCESSION = {
    *("accession", "accession_no", "acc_no", "acc", "acc_nr", "inventory_number", "inventory_no"),
    *("inv_no", "inv_nr", "object_number", "inventarnummer", "numero_d'inventaire"),
    *("总登记号", "登录号", "登记号", "藏品编号", "藏品号", "馆藏编号"),
}

#: The column, or the target of ``--map``, that names the picture.
FILE = "file"


def parse_mapping(texts: Sequence[str]) -> dict[str, str]:
    """Return ``["Maker=artist"]`` as ``{"Maker": "artist"}``. Raises ImportFailed."""
    mapping = {}
    for text in texts:
        column, separator, target = (part.strip() for part in text.rpartition("="))
        if not (column and separator and target):
            raise ImportFailed(_("Write a mapping as COLUMN=FIELD, not %(text)r.") % {"text": text})
        mapping[column] = target
    return mapping


def importable_fields() -> list[str]:
    """Return the fields of the artwork model in use that a cell of text can fill."""
    return [
        field.name
        for field in get_artwork_model()._meta.concrete_fields
        if field.editable
        and not (field.primary_key or field.is_relation)
        and not isinstance(field, (FileField, JSONField))
    ]


def extra_field() -> str | None:
    """Return the JSON field in which the model in use keeps what no field takes, if any."""
    name = adapter().field("extra")
    is_json = name and isinstance(get_artwork_model()._meta.get_field(name), JSONField)
    return name if is_json else None


def _add_accession(targets: dict[str, str], header: Sequence[str]) -> None:
    """Take the first column that is called like an accession number for it, if no other is."""
    field = adapter().text_field("accession_number")
    if field is None or field in targets.values():
        return
    for column in header:
        name = re.sub(r"[\s._-]+", "_", fold(column)).strip("_")
        if column not in targets and name in _ACCESSION:
            targets[column] = field
            return


def resolve_columns(
    path: PurePath, header: Sequence[str], mapping: Mapping[str, str]
) -> dict[str, str]:
    """Return the target, ``file`` or a field, of each column that has one. Raises ImportFailed."""
    fields = importable_fields()
    columns = join_words(name for name in header if name) or _("none")
    for column, target in mapping.items():
        if column not in header:
            raise ImportFailed(
                _("The manifest has no column %(column)r; its columns are: %(columns)s.")
                % {"column": column, "columns": columns}
            )
        if target not in (FILE, *fields):
            raise ImportFailed(
                _("There is no field %(field)r to import into. Available fields: %(fields)s.")
                % {"field": target, "fields": join_words((FILE, *fields))}
            )
    taken = set(mapping.values())
    targets = dict(mapping)
    for column in header:
        target = column.lower().replace(" ", "_")
        if target not in (FILE, *fields):
            # A fact by the name that Artwork has for it.
            target = adapter().field(target) or target
        if column not in mapping and target in (FILE, *fields) and target not in taken:
            targets[column] = target
    _add_accession(targets, header)
    counts = [*Counter(filter(None, header)).items(), *Counter(targets.values()).items()]
    for name, count in counts:
        if count > 1:
            raise ImportFailed(_("More than one column is used for %(name)r.") % {"name": name})
    if FILE not in targets.values():
        raise ImportFailed(
            _(
                "%(path)s has no column “file”; its columns are: %(columns)s. If another column "
                "names the pictures, use --map COLUMN=file."
            )
            % {"path": path, "columns": columns}
        )
    return targets
