"""Imports: upload a list, see how it is understood, try it, import it, take it back."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.utils.html import format_html

from leads.admin.base import HandoffModelAdmin, page_of
from leads.admin.import_forms import MappingForm, ReadingForm, UploadForm
from leads.imports import runner, uploads
from leads.imports.files import PIECE, Unreadable
from leads.models import Import, ImportRun, NotPossible
from leads.spreadsheet import BOM, write_csv

Kind = ImportRun.Kind
SHOWN = 50  # problems on the page; the report has the others
REPORT = ("Line", "Column", "Problem", "What happened", "The line")


@admin.register(Import)
class ImportAdmin(HandoffModelAdmin):
    """Whoever may add an import works on all of them; others only look."""

    about = "Lists of leads: upload, try out, import, take back."
    list_display = ("name", "standing", "lines", "source", "made_by", "created_at")
    list_select_related = ("source", "made_by")
    search_fields = ("name", "source__name")
    ordering = ("-pk",)

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("runs")

    @admin.display(description="state")
    def standing(self, batch):
        run = _last(batch)
        if run is None:
            return format_html('<span class="tag tag-draft">{}</span>', "Uploaded")
        words = f"{run.get_kind_display()}: {run.get_state_display().lower()}"
        return format_html('<span class="tag tag-{}">{}</span>', run.state, words)

    @admin.display(description="created, updated, refused")
    def lines(self, batch):
        run = next((run for run in batch.runs.all() if run.kind == Kind.LOAD), None)
        return run and f"{run.created:,}, {run.updated:,}, {run.refused:,}"

    # /admin/leads/import/<pk>/
    def get_urls(self):
        pages = {
            "reading": self.reading_view,
            "mapping": self.mapping_view,
            "runs": self.runs_view,
            "cancellation": self.cancellation_view,
            "report": self.report_view,
        }
        wrap = self.admin_site.admin_view
        return [
            *(
                path(f"<int:pk>/{noun}/", wrap(view), name=f"leads_import_{noun}")
                for noun, view in pages.items()
            ),
            *super().get_urls(),
        ]

    # Pages

    def add_view(self, request, form_url="", extra_context=None):
        """GET: the form for a file. POST: take it in and show how it is understood."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = UploadForm(request.POST or None, request.FILES or None, label_suffix="")
        if request.method == "POST" and form.is_valid():
            batch = self._take_in(request, form)
            if batch:
                self.log_addition(request, batch, f"Uploaded {batch.name}.")
                return redirect(page_of(batch))
        return self._page(request, "upload", "Import a list", form=form)

    def _take_in(self, request, form):
        """Return the Import of an uploaded file, or None with its problem on the form."""
        file = form.cleaned_data["file"]
        try:
            return uploads.take_in(
                file.chunks(PIECE),
                name=file.name,
                by=request.user,
                now=timezone.now(),
                source=form.cleaned_data["source"] or uploads.SOURCE,
                create=form.cleaned_data["create"],
            )
        except Unreadable as error:
            form.add_error("file", str(error))
            return None

    def change_view(self, request, object_id, form_url="", extra_context=None):
        """The page of an import: how it is understood, how far it is, and what became of it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return self._show(request, self._get(request, object_id))

    def _show(self, request, batch, **forms):
        run = batch.latest()
        loaded = batch.latest(Kind.LOAD)
        context = {
            "batch": batch,
            "run": run,
            "is_open": bool(run and run.is_open),
            "before": run.waiting_before() if run else 0,
            "told": run.told.order_by("line", "pk")[:SHOWN] if run else [],
            "may_work": self.has_add_permission(request),
            "is_draft": loaded is None and batch.file_removed_at is None,
            "may_undo": bool(loaded and not loaded.is_open and not batch.latest(Kind.UNDO)),
            "may_go_on": _may_go_on(batch, run),
            "twin": _twin(batch),
            "reading_form": ReadingForm(batch=batch),
            "mapping_form": MappingForm(batch=batch),
        }
        bad = any(form.errors for form in forms.values())
        return self._page(
            request, "import", str(batch), status=422 if bad else 200, **(context | forms)
        )

    def _page(self, request, template, title, *, status=200, **context):
        context |= {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": title,
            "now": timezone.now(),
        }
        name = f"admin/imports/{template}.html"
        return TemplateResponse(request, name, context, status=status)

    # What is done

    def reading_view(self, request, pk):
        """POST: read the file in another way."""
        batch = self._posted(request, pk)
        if batch is None:
            return HttpResponseNotAllowed(["POST"])
        form = ReadingForm(request.POST, batch=batch)
        if not form.is_valid():
            return self._show(request, batch, reading_form=form)
        try:
            batch.check_draft()
            uploads.read_again(batch, runner.pieces(batch), **form.cleaned_data)
        except NotPossible as error:
            self.message_user(request, str(error), messages.WARNING)
        except Unreadable as error:
            form.add_error(None, str(error))
            return self._show(request, batch, reading_form=form)
        return redirect(page_of(batch))

    def mapping_view(self, request, pk):
        """POST: save what the columns mean, and go on with what the button says."""
        batch = self._posted(request, pk)
        if batch is None:
            return HttpResponseNotAllowed(["POST"])
        try:
            batch.check_draft()
        except NotPossible as error:
            self.message_user(request, str(error), messages.WARNING)
            return redirect(page_of(batch))
        form = MappingForm(request.POST, batch=batch)
        if not form.is_valid():
            return self._show(request, batch, mapping_form=form)
        form.save()
        if request.POST.get("then") in (Kind.CHECK, Kind.LOAD):
            self._ask(request, batch, request.POST["then"])
        else:
            self.message_user(request, "Saved. Nothing is imported yet.")
        return redirect(page_of(batch))

    def runs_view(self, request, pk):
        """POST: begin an import or an undo, or let one go on."""
        batch = self._posted(request, pk)
        if batch is None:
            return HttpResponseNotAllowed(["POST"])
        if request.POST.get("kind") in Kind.values:
            self._ask(request, batch, request.POST["kind"])
        return redirect(page_of(batch))

    def _ask(self, request, batch, kind):
        try:
            run = batch.ask_for(kind, by=request.user, now=timezone.now())
        except NotPossible as error:
            self.message_user(request, str(error), messages.WARNING)
        else:
            self.log_change(request, batch, f"{run.get_kind_display()} asked for.")

    def cancellation_view(self, request, pk):
        """POST: stop what is running."""
        batch = self._posted(request, pk)
        if batch is None:
            return HttpResponseNotAllowed(["POST"])
        run = batch.latest()
        if run and run.cancel(now=timezone.now()):
            self.log_change(request, batch, f"{run.get_kind_display()} cancelled.")
            self.message_user(request, f"Stopped after {run.lines:,} lines.")
        return redirect(page_of(batch))

    def report_view(self, request, pk):
        """Everything that was wrong, as CSV."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        batch = self._get(request, pk)
        run = batch.latest()
        response = HttpResponse(
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="import-{batch.pk}.csv"'},
        )
        response.write(BOM)
        told = run.told.order_by("line", "pk").iterator(chunk_size=2_000) if run else []
        write_csv(REPORT, ((o.line, o.field, o.reason, o.what, o.raw) for o in told), response)
        return response

    def _get(self, request, pk):
        batch = self.get_object(request, str(pk))
        if batch is None:
            raise Http404
        return batch

    def _posted(self, request, pk):
        """Return the import, or None if this is no POST. Raise for somebody who may not."""
        if request.method != "POST":
            return None
        if not self.has_add_permission(request):
            raise PermissionDenied
        return self._get(request, pk)


def _last(batch):
    return max(batch.runs.all(), key=lambda run: run.pk, default=None)


def _may_go_on(batch, run):
    stopped = run and run.state in (ImportRun.State.CANCELLED, ImportRun.State.FAILED)
    return bool(stopped and run.kind != Kind.CHECK and not batch.file_removed_at)


def _twin(batch):
    """An import of the very same file that was done before, or None."""
    same = Import.objects.filter(digest=batch.digest, pk__lt=batch.pk)
    done = same.filter(runs__kind=Kind.LOAD, runs__state=ImportRun.State.DONE)
    return done.exclude(runs__kind=Kind.UNDO).order_by("-pk").first()
