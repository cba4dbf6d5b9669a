from typing import Any

from django.db import migrations, models


def list_notes(apps: Any, schema_editor: Any) -> None:
    """Turn the only note of an entry into a list."""
    entries = apps.get_model("stylesim_app", "IndexEntry").objects.using(
        schema_editor.connection.alias
    )
    for note in entries.exclude(note="").values_list("note", flat=True).distinct():
        entries.filter(note=note).update(notes=[note])


def keep_first_note(apps: Any, schema_editor: Any) -> None:
    """Keep the first note of an entry."""
    entries = apps.get_model("stylesim_app", "IndexEntry").objects.using(
        schema_editor.connection.alias
    )
    for entry in entries.exclude(notes=[]).only("notes").iterator():
        entries.filter(pk=entry.pk).update(note=entry.notes[0][:50])


class Migration(migrations.Migration):
    dependencies = [
        ("stylesim_app", "0009_surroundings"),
    ]

    operations = [
        migrations.AddField(
            model_name="indexentry",
            name="notes",
            field=models.JSONField(blank=True, default=list, editable=False, verbose_name="notes"),
        ),
        migrations.RunPython(list_notes, keep_first_note),
        migrations.RemoveField(model_name="indexentry", name="note"),
    ]
