import pytest
from django.urls import reverse

from leads.models import CustomField
from leads.tests.pages import fields

FINANCE = "Banking, Investment And Insurance"


@pytest.fixture
def line(db):
    made = CustomField(key="line", label="Line", kind="choice", choices=["Media", FINANCE])
    made.full_clean()
    made.save()
    return made


def test_a_choice_may_hold_a_comma(client, cast, line):
    client.force_login(cast.mark)
    page = reverse("admin:leads_customfield_change", args=[line.pk])
    data = fields(client.get(page)) | {"label": "Line of business"}
    assert data["choices"] == f'Media, "{FINANCE}"'
    assert client.post(page, data).status_code == 302
    line.refresh_from_db()
    assert (line.label, line.choices) == ("Line of business", ["Media", FINANCE])


def test_a_quotation_mark_that_is_not_closed_is_said(client, cast, line):
    client.force_login(cast.mark)
    page = reverse("admin:leads_customfield_change", args=[line.pk])
    answer = client.post(page, fields(client.get(page)) | {"choices": 'Media, "Banking'})
    assert "not closed" in answer.content.decode()


def test_a_choice_that_cannot_be_stored_is_refused_at_the_field(client, cast, line):
    client.force_login(cast.mark)
    page = reverse("admin:leads_customfield_change", args=[line.pk])
    answer = client.post(page, fields(client.get(page)) | {"choices": "Media, Ban\x00king"})
    assert "choices" in answer.context["adminform"].form.errors
    line.refresh_from_db()
    assert line.choices == ["Media", FINANCE]
