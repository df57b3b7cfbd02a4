"""An operator imports a list at the command line."""

import pytest
from django.core.management import CommandError, call_command

from leads.imports.files import Unreadable
from leads.models import Lead, Source
from leads.tests.lists import people, text, upload

pytestmark = pytest.mark.django_db


def test_the_command_imports_with_the_suggested_mapping(tmp_path, capsys):
    path = tmp_path / "leads.csv"
    path.write_text(text(*people(3), "no address,,,,,,"))
    call_command("import_leads", str(path), "--dry-run")
    shown = capsys.readouterr().out
    assert "Job Title: job_title" in shown and not Lead.objects.exists()
    assert "4 lines would be: 3 created, 0 updated, 0 unchanged, 1 refused, 0 blank." in shown
    call_command("import_leads", str(path), "--source", "Fair", "--create-custom-fields")
    shown = capsys.readouterr().out
    assert "line 5, Email: Not an e-mail address" in shown and "3 created" in shown
    assert Source.objects.filter(name="Fair").exists() and Lead.objects.count() == 3


def test_the_command_takes_a_mapping_file(tmp_path, capsys):
    path, said = tmp_path / "list.csv", tmp_path / "map.yaml"
    path.write_bytes("Wer;Rolle;Egal\na@b.example;Größe;x\n".encode("cp1252"))
    said.write_text("delimiter: ';'\ncolumns:\n  Wer: email\n  Rolle: job_title\nsource: Messe\n")
    call_command("import_leads", str(path), "--mapping", str(said))
    assert Lead.objects.get().job_title == "Größe"
    said.write_text("columns:\n  Wen: email\n")
    with pytest.raises(CommandError, match="no column “Wen”"):
        call_command("import_leads", str(path), "--mapping", str(said))


@pytest.mark.parametrize("content", ["", "Name,City\nAna,Berlin\n", "%PDF-1"])
def test_the_command_says_what_is_wrong_with_a_file(tmp_path, content):
    path = tmp_path / "leads.csv"
    path.write_text(content)
    with pytest.raises(CommandError):
        call_command("import_leads", str(path))
    with pytest.raises(CommandError):
        call_command("import_leads", str(tmp_path / "none.csv"))


def test_a_file_that_is_too_large_is_not_kept(monkeypatch):
    monkeypatch.setattr("leads.imports.uploads.MOST_BYTES", 1_000)
    with pytest.raises(Unreadable, match="larger than"):
        upload(text(*people(200)))
