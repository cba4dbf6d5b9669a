"""Import and export of artworks as tables in the admin, with django-import-export."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.signing import BadSignature, Signer
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.http import urlencode
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from import_export.admin import ExportMixin, ImportMixin
from import_export.forms import ConfirmImportForm, ExportForm, ImportForm

from .artworks import ArtworkAdmin
from .table_formats import CsvFormat, XlsxFormat
from .tables import artwork_resource

FORMATS = (XlsxFormat, CsvFormat)
#: Rows that a preview shows.
MAX_SHOWN = 500


class TableImportForm(ImportForm):  # type: ignore[misc]
    """A table to import; the ending of its name tells the format."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["import_file"].widget.attrs = {"accept": ".csv,.tsv,.txt,.xlsx,.xlsm"}
        self.fields["import_file"].label = _("Table")
        self.fields["format"].required = False
        self.fields["format"].widget = forms.HiddenInput()

    @property
    def media(self) -> forms.Media:
        return forms.Media()

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if upload := cleaned.get("import_file"):
            is_sheet = upload.name.lower().endswith((".xlsx", ".xlsm"))
            cleaned["format"] = str(FORMATS.index(XlsxFormat if is_sheet else CsvFormat))
        return cleaned


class TableConfirmForm(ConfirmImportForm):  # type: ignore[misc]
    """The table that was previewed, under a signed name, so that no other file is read."""

    def clean_import_file_name(self) -> str:
        try:
            return str(_signer().unsign(self.cleaned_data["import_file_name"]))
        except BadSignature as error:
            raise forms.ValidationError(_("Please choose the file again.")) from error


class TableExportForm(ExportForm):  # type: ignore[misc]
    """The format of an export."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        formats: Any = self.fields["format"]
        formats.choices = [("0", _("XLSX, for Excel")), ("1", "CSV")]


class TablesMixin(ImportMixin, ExportMixin):  # type: ignore[misc]
    """Import and export in the admin of an artwork model; list it before the admin's class."""

    import_form_class = TableImportForm
    confirm_form_class = TableConfirmForm
    export_form_class = TableExportForm
    import_template_name = "admin/stylesim_app/table_import.html"
    export_template_name = "admin/stylesim_app/table_export.html"
    #: The list of artworks shows the links itself.
    import_export_change_list_template = None
    formats = FORMATS

    def get_resource_classes(self, request: HttpRequest) -> list[type[Any]]:
        return [_resource()]

    def get_import_resource_kwargs(self, request: HttpRequest, **_options: Any) -> dict[str, Any]:
        def may(action: str, artwork: Any) -> bool:
            if action == "add":
                return bool(self.has_add_permission(request))
            return bool(self.has_change_permission(request, artwork))

        return {"request": request, "may": may}

    def get_export_resource_kwargs(self, request: HttpRequest, **_options: Any) -> dict[str, Any]:
        return {"request": request}

    def get_import_data_kwargs(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        # Either all rows are applied or none.
        return {
            **super().get_import_data_kwargs(*args, **kwargs),
            "rollback_on_validation_errors": True,
        }

    def get_confirm_form_initial(self, request: HttpRequest, import_form: Any) -> dict[str, Any]:
        initial: dict[str, Any] = super().get_confirm_form_initial(request, import_form)
        if name := initial.get("import_file_name"):
            initial["import_file_name"] = _signer().sign(name)
        return {**initial, "format": import_form.cleaned_data["format"]} if import_form else initial

    def has_import_permission(self, request: HttpRequest) -> bool:
        return bool(self.has_change_permission(request) or self.has_add_permission(request))

    def has_export_permission(self, request: HttpRequest) -> bool:
        return bool(self.has_view_permission(request))

    def get_import_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_import_context_data(**kwargs), "shown": f":{MAX_SHOWN}"}

    def add_data_read_fail_error_to_form(self, form: forms.Form, e: Exception) -> None:
        reason = _("This file cannot be read as a table. Save it as XLSX, or as CSV in UTF-8.")
        form.add_error("import_file", reason)

    def process_import(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        try:
            response: HttpResponse = super().process_import(request, **kwargs)
        except FileNotFoundError:
            # It was imported already, or waited too long.
            self.message_user(request, gettext("Please choose the file again."), messages.WARNING)
            return HttpResponseRedirect(self._reverse("import"))
        return response

    def process_result(self, result: Any, request: HttpRequest) -> HttpResponse:
        if not (result.has_errors() or result.has_validation_errors()):
            response: HttpResponse = super().process_result(result, request)
            return response
        form = self.get_import_form_class(request)(
            self.get_import_formats(), self.get_import_resource_classes(request)
        )
        context = {
            **self.admin_site.each_context(request),
            **self.get_import_context_data(),
            "title": gettext("Import"),
            "form": form,
            "opts": self.opts,
            "media": self.media,
            "result": result,
        }
        return TemplateResponse(request, self.import_template_name, context)

    def add_success_message(self, result: Any, request: HttpRequest) -> None:
        count = result.totals["new"] + result.totals["update"]
        said = ngettext("%(count)d work was changed.", "%(count)d works were changed.", count)
        self.message_user(request, said % {"count": count}, messages.SUCCESS)

    def get_valid_export_item_pks(self, request: HttpRequest) -> QuerySet[Any]:
        keys: QuerySet[Any] = self.get_queryset(request).values_list("pk", flat=True)
        return keys

    def init_request_context_data(self, request: HttpRequest, form: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().init_request_context_data(request, form)
        count = self.get_export_queryset(request).count()
        return {**context, "count": count, "media": self.media}

    @admin.action(description=_("Export as a table"), permissions=["export"])
    def export_table(self, request: HttpRequest, artworks: QuerySet[Any]) -> HttpResponseRedirect:
        """Redirect to the export of the chosen works."""
        if not self.has_export_permission(request):
            raise PermissionDenied
        query = request.GET.urlencode()
        if request.POST.get("select_across") != "1":
            keys = ",".join(str(key) for key in artworks.values_list("pk", flat=True))
            query = urlencode({"pk__in": keys})
        return HttpResponseRedirect(f"{self._reverse('export')}?{query}")


class TableArtworkAdmin(TablesMixin, ArtworkAdmin):
    """The admin of the app's own artworks, with import and export."""

    actions: Sequence[Any] = (*ArtworkAdmin.actions, "export_table")


@cache
def _resource() -> type[Any]:
    return artwork_resource()


def _signer() -> Signer:
    return Signer(salt="stylesim.table")
