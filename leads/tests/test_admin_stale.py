"""Two people on one page of the admin: nobody's work is lost in silence."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier, BrokenBarrierError

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from conftest import segment, user
from leads import roles
from leads.models import MQLDefinition, Segment, Signal, User
from leads.tests.pages import add_row, fields


@pytest.fixture
def mark(client, company):
    client.force_login(company.cast.mark)
    return client


@pytest.fixture
def nora(company):
    """Another marketer, in her own browser."""
    browser = Client()
    browser.force_login(user("nora@handoff.example", "Nora Falk", roles.MARKETER))
    return browser


def change(row):
    return reverse(f"admin:leads_{row._meta.model_name}_change", args=[row.pk])


def save(browser, row, data, **typed):
    return browser.post(change(row), data | {"_continue": ""} | typed)


def test_a_draft_that_somebody_saved_meanwhile_is_not_overwritten(mark, nora, company):
    draft = MQLDefinition.draft_from_live(by=company.cast.mark)
    hers, his = fields(nora.get(change(draft))), fields(mark.get(change(draft)))
    assert save(nora, draft, hers, note="Hers").status_code == 302
    refused = save(mark, draft, his, note="His")
    text = refused.content.decode()
    assert "Changed by Nora Falk at " in text
    assert "<td>Hers</td><td>His</td>" in text
    assert fields(refused)["note"] == "His"
    draft.refresh_from_db()
    assert draft.note == "Hers"


def test_who_has_read_both_texts_may_save_theirs(mark, nora, company):
    draft = MQLDefinition.draft_from_live(by=company.cast.mark)
    hers, his = fields(nora.get(change(draft))), fields(mark.get(change(draft)))
    save(nora, draft, hers, note="Hers")
    refused = save(mark, draft, his, note="His")
    assert save(mark, draft, fields(refused)).status_code == 302
    draft.refresh_from_db()
    assert draft.note == "His"


def test_a_condition_of_a_segment_is_guarded_like_its_name(mark, nora):
    row = segment("Bosses", ("all", "job_title", "is", "CEO"))
    hers, his = fields(nora.get(change(row))), fields(mark.get(change(row)))
    save(nora, row, hers, **{"conditions-0-value": "CFO"})
    refused = save(mark, row, his, **{"conditions-0-value": "COO"})
    assert "<td>CFO</td><td>COO</td>" in refused.content.decode()
    assert row.conditions.get().value == "CFO"


def test_what_somebody_added_meanwhile_is_named_and_stays(mark, nora):
    row = segment("Bosses", ("all", "job_title", "is", "CEO"))
    hers, his = fields(nora.get(change(row))), fields(mark.get(change(row)))
    add_row(hers, "conditions", group="any", field="country", operator="is", value="DE")
    save(nora, row, hers)
    refused = save(mark, row, his, description="Those who sign")
    assert "“Country is DE”" in refused.content.decode()
    save(mark, row, fields(refused))
    assert row.conditions.count() == 2


def test_a_change_that_did_not_come_from_the_page_is_seen_as_well(mark):
    row = segment("Bosses", ("all", "job_title", "is", "CEO"))
    his = fields(mark.get(change(row)))
    row.conditions.update(value="CFO")
    refused = save(mark, row, his, **{"conditions-0-value": "COO"})
    assert "Changed meanwhile, outside this page." in refused.content.decode()


def test_saving_without_changing_anything_stands_in_nobodys_way(mark, nora):
    row = segment("Bosses", ("all", "job_title", "is", "CEO"))
    hers, his = fields(nora.get(change(row))), fields(mark.get(change(row)))
    save(nora, row, hers)
    assert save(mark, row, his, description="Those who sign").status_code == 302


@pytest.mark.parametrize("noun", ["signal", "user", "team"])
def test_other_nouns_of_the_admin_are_guarded_too(noun, client, company):
    client.force_login(User.objects.create_superuser("root@handoff.example", "x"))
    cast = company.cast
    row = {"signal": Signal.objects.first(), "user": cast.ana, "team": cast.emea}[noun]
    page = reverse(f"admin:{row._meta.app_label}_{noun}_change", args=[row.pk])
    column = "first_name" if noun == "user" else "name"
    data = fields(client.get(page)) | {"_continue": ""}
    type(row).objects.filter(pk=row.pk).update(**{column: "Theirs"})
    refused = client.post(page, data | {column: "Mine"})
    assert "<td>Theirs</td><td>Mine</td>" in refused.content.decode()


@pytest.mark.parametrize(
    ("prefix", "row"),
    [
        ("groups", {"name": "Mails", "kind": "interest", "cap": "5"}),
        ("examples", {"name": "Mails", "expected": "fail", "facts": "Country: DE", "why": ""}),
    ],
)
def test_a_name_that_somebody_took_meanwhile_is_a_mistake_in_the_form(mark, company, prefix, row):
    draft = MQLDefinition.draft_from_live(by=company.cast.mark)
    his = fields(mark.get(change(draft)))
    add_row(his, prefix, **row)
    if prefix == "groups":
        draft.groups.create(name="Mails", kind="interest", cap=9)
    else:
        draft.examples.create(name="Mails", expected="fail", facts={})
    refused = save(mark, draft, his, seen="")  # as from a page that was shown both texts
    assert "Somebody has added one with this name meanwhile." in refused.content.decode()
    assert getattr(draft, prefix).filter(name="Mails").count() == 1


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_name_that_is_taken_in_the_same_moment_is_a_mistake_in_the_form(mark, monkeypatch):
    page, asked, both = reverse("admin:leads_segment_add"), Segment.validate_unique, Barrier(2)
    data = fields(mark.get(page)) | {"name": "Bosses", "_continue": ""}
    add_row(data, "conditions", group="all", field="country", operator="is", value="DE")

    def together(row, *args, **kwargs):
        """Both ask whether the name is free before either saves."""
        asked(row, *args, **kwargs)
        if not both.broken:
            with suppress(BrokenBarrierError):
                both.wait(5)
                both.abort()

    def post(_):
        try:
            browser = Client()
            browser.cookies = mark.cookies
            return browser.post(page, data)
        finally:
            connection.close()

    monkeypatch.setattr(Segment, "validate_unique", together)
    with ThreadPoolExecutor(2) as pool:
        first, second = sorted(pool.map(post, range(2)), key=lambda answer: answer.status_code)
    assert (first.status_code, second.status_code) == (200, 302)
    assert "Segment with this Name already exists." in first.content.decode()


@pytest.mark.parametrize("total", ["9" * 5000, "-1", "many", "", "²", "٣"])
def test_the_live_sentence_refuses_a_number_of_rows_that_is_none(mark, total):
    answer = mark.post(reverse("admin:leads_segment_sentence"), {"conditions-TOTAL_FORMS": total})
    assert answer.status_code == 400
    assert "Open it anew." in answer.json()["problem"]


def test_the_live_sentence_reads_no_more_rows_than_a_person_has(mark):
    answer = mark.post(
        reverse("admin:leads_segment_sentence"), {"conditions-TOTAL_FORMS": "9" * 18}
    )
    assert answer.json()["words"] == "every lead."


@pytest.mark.parametrize("known", ["9" * 5000, "9" * 18, "-1", "x"])
def test_the_sentence_of_a_rule_that_is_not_there_is_that_of_a_new_one(mark, company, known):
    draft = MQLDefinition.draft_from_live(by=company.cast.mark)
    page = reverse("admin:leads_mqldefinition_sentence", args=[draft.pk])
    assert mark.post(page, {"id": known, "kind": "fit"}).status_code == 200
