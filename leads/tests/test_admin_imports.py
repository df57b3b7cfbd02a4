"""A marketer uploads a list, looks, tries, imports and takes back, all with plain forms."""

import csv
import io
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from leads.imports import retention, runner, uploads
from leads.models import CustomField, Import, ImportChunk, ImportRun, Lead
from leads.tests import lists
from leads.tests.lists import people, text

PLAIN = text(*people(3), "no address,,,,,,")


@pytest.fixture
def mark(client, cast):
    client.force_login(cast.mark)
    return client


def page(name, batch=None):
    return reverse(f"admin:leads_import_{name}", args=[batch.pk] if batch else [])


def upload(client, content, name="leads.csv", **more):
    raw = content.encode() if isinstance(content, str) else content
    data = {"file": SimpleUploadedFile(name, raw), "source": "Fair", **more}
    return client.post(page("add"), data)


@pytest.fixture
def batch(mark):
    upload(mark, PLAIN)
    return Import.objects.get()


def chosen(batch, **changes):
    """What the form of the columns posts if nobody touches it, but for these changes."""
    data = {f"column_{number}": target for number, target in enumerate(batch.mapping)}
    return data | changes


def work():
    while claimed := runner.claim(now=timezone.now()):
        runner.work(claimed, clock=timezone.now)


def shown(client, batch):
    return client.get(page("change", batch)).content.decode()


def test_an_upload_is_shown_as_it_is_understood_and_nothing_is_imported(mark, cast):
    answer = upload(mark, PLAIN)
    found = Import.objects.get()
    assert answer.url == page("change", found)
    assert (found.made_by, found.source.name) == (cast.mark, "Fair")
    words = shown(mark, found)
    for part in ("How it is read", "Job Title", "VP 0", "p0@c0.example", "Dry run"):
        assert part in words
    assert not Lead.objects.exists() and not ImportRun.objects.exists()


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7", b"{}", b"\xd0\xcf\x11\xe0"])
def test_a_file_that_is_no_list_is_refused_on_the_form(mark, content):
    answer = upload(mark, content)
    assert answer.status_code == 200 and answer.context["form"].errors["file"]
    assert not Import.objects.exists() and not ImportChunk.objects.exists()


def test_a_workbook_called_csv_says_so(mark):
    upload(mark, lists.workbook(["Email", "Name"], ["a@b.example", "Ana"]))
    assert "it is an Excel workbook" in shown(mark, Import.objects.get())


def test_a_dry_run_then_the_import(mark, batch):
    mark.post(page("mapping", batch), chosen(batch, then="check"))
    assert 'data-again="3"' in shown(mark, batch) and "begins in a moment" in shown(mark, batch)
    work()
    words = shown(mark, batch)
    assert "Would be created" in words and "Not an e-mail address" in words
    assert 'data-again="3"' not in words and not Lead.objects.exists()
    mark.post(page("mapping", batch), chosen(batch, then="load"))
    work()
    assert Lead.objects.count() == 3
    assert "Take this import back" in shown(mark, batch)


def test_columns_are_mapped_anew_and_new_custom_fields_made(mark, batch):
    mark.post(page("mapping", batch), chosen(batch, column_3="new.lead.text", then="load"))
    work()
    assert CustomField.objects.get().key == "job_title"
    assert Lead.objects.get(email="p1@c0.example").attributes == {"job_title": "VP 1"}


def test_a_mapping_without_an_address_is_refused_and_keeps_what_was_chosen(mark, batch):
    answer = mark.post(page("mapping", batch), chosen(batch, column_0="", column_3="region"))
    assert answer.status_code == 422
    assert "by which a lead is known" in answer.content.decode()
    assert answer.context["mapping_form"]["column_3"].value() == "region"
    batch.refresh_from_db()
    assert batch.mapping[0] == "email"


def test_the_file_can_be_read_in_another_way(mark):
    upload(mark, "Mail;Stadt\na@b.example;Łódź\n".encode("cp1250"))
    batch = Import.objects.get()
    data = {"encoding": "cp1252", "delimiter": ";", "heading_line": "1", "dates": "day_first"}
    mark.post(page("reading", batch), data)
    batch.refresh_from_db()
    assert (batch.reading["encoding"], batch.reading["dates"]) == ("cp1252", "day_first")
    answer = mark.post(page("reading", batch), data | {"heading_line": "9"})
    assert answer.status_code == 422 and "Line 9 is no heading" in answer.content.decode()


def test_cancel_and_go_on(mark, batch):
    mark.post(page("mapping", batch), chosen(batch, then="load"))
    mark.post(page("cancellation", batch))
    assert batch.latest().state == "cancelled" and "Go on where it stopped" in shown(mark, batch)
    mark.post(page("runs", batch), {"kind": "load"})
    work()
    assert batch.latest().state == "done"


def test_an_import_is_taken_back(mark, batch):
    mark.post(page("mapping", batch), chosen(batch, then="load"))
    work()
    mark.post(page("runs", batch), {"kind": "undo"})
    work()
    assert not Lead.objects.exists() and "Removed" in shown(mark, batch)
    mark.post(page("mapping", batch), chosen(batch, then="load"))
    assert "taken back" in shown(mark, batch) and not Lead.objects.exists()


def test_the_report_has_every_problem_and_no_formula(mark, batch):
    ImportChunk.objects.filter(batch=batch).update(data=(PLAIN + "=cmd(),@x,,,,,\n").encode())
    mark.post(page("mapping", batch), chosen(batch, then="load"))
    work()
    answer = mark.get(page("report", batch))
    assert "attachment" in answer["Content-Disposition"]
    heading, *rows = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert heading[:3] == ["Line", "Column", "Problem"]
    assert [row[0] for row in rows] == ["5", "6"] and rows[1][4].startswith("'=cmd()")


def test_markup_in_a_list_is_shown_as_text(mark):
    upload(mark, "Email,<script>alert(1)</script>\n<img src=x onerror=alert(2)>,<b>\n")
    batch = Import.objects.get()
    mark.post(page("mapping", batch), chosen(batch, column_0="email", then="check"))
    work()
    for part in ("<script>alert", "<img src=x", "<b>"):
        assert part not in shown(mark, batch)


def test_the_same_file_again_is_pointed_out(mark, batch):
    mark.post(page("mapping", batch), chosen(batch, then="load"))
    work()
    upload(mark, PLAIN)
    assert "very same file was imported before" in shown(mark, Import.objects.first())


@pytest.mark.parametrize("who", ["mia", "ana", "tess", "nobody"])
def test_others_start_nothing(mark, client, cast, batch, who):
    client.logout()
    if who != "nobody":
        client.force_login(getattr(cast, who))
    wanted = 403 if who == "mia" else 302
    assert upload(client, PLAIN).status_code == wanted
    for name in ("reading", "mapping", "runs", "cancellation"):
        assert client.post(page(name, batch), chosen(batch, then="load")).status_code == wanted
    assert client.get(page("change", batch)).status_code == (200 if who == "mia" else 302)
    assert client.get(page("report", batch)).status_code == (200 if who == "mia" else 302)
    assert Import.objects.count() == 1 and not ImportRun.objects.exists()


def test_looking_changes_nothing(mark, batch):
    for name in ("reading", "mapping", "runs", "cancellation"):
        assert mark.get(page(name, batch)).status_code == 405


def test_the_list_shows_how_each_import_ended(mark, batch):
    mark.post(page("mapping", batch), chosen(batch, then="load"))
    work()
    assert "Import: done" in mark.get(page("changelist")).content.decode()


def test_files_are_kept_for_a_week_and_broken_lines_for_a_month(mark, batch):
    mark.post(page("mapping", batch), chosen(batch, then="load"))
    work()
    retention.forget(now=timezone.now() + timedelta(days=6))
    assert ImportChunk.objects.exists()
    retention.forget(now=timezone.now() + timedelta(days=8))
    assert not ImportChunk.objects.exists() and batch.latest().told.exists()
    assert "The file was removed" in shown(mark, batch) and "VP 0" not in shown(mark, batch)
    retention.forget(now=timezone.now() + timedelta(days=31))
    assert not batch.latest().told.exists()
    mark.post(page("runs", batch), {"kind": "undo"})
    work()
    assert not Lead.objects.exists()


def test_a_list_that_is_too_large_is_refused(mark, monkeypatch):
    monkeypatch.setattr("leads.admin.import_forms.MOST_BYTES", 100)
    assert uploads.TOO_LARGE in upload(mark, PLAIN).context["form"].errors["file"]
