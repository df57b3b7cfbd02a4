"""Segments and signals: what rules ask about, said in words."""

import pytest
from django.urls import reverse

from leads.models import Segment, Signal
from leads.tests.pages import add_row, fields


@pytest.fixture
def mark(client, company):
    client.force_login(company.cast.mark)
    return client


def change(row):
    name = f"admin:{row._meta.app_label}_{row._meta.model_name}_change"
    return reverse(name, args=[row.pk])


def test_a_segment_is_made_of_conditions_and_read_in_words(mark):
    url = reverse("admin:leads_segment_add")
    data = fields(mark.get(url)) | {"name": "Nordics", "_continue": ""}
    condition = {"group": "all", "field": "country", "operator": "in", "value": "SE, NO"}
    add_row(data, "conditions", **condition)
    page = mark.post(url, data, follow=True)
    assert "Country is one of SE, NO." in page.content.decode()


def test_a_condition_without_a_field_is_refused(mark):
    url = reverse("admin:leads_segment_add")
    data = fields(mark.get(url)) | {"name": "Empty"}
    number = add_row(data, "conditions", group="all", operator="is", value="x")
    page = mark.post(url, data)
    (formset,) = (inline.formset for inline in page.context["inline_admin_formsets"])
    assert list(formset.forms[number].errors) == ["field"]


def test_its_page_names_the_published_versions_that_keep_the_older_text(mark, definition, rule_set):
    icp = Segment.objects.get(name="ICP")
    page = mark.get(change(icp)).content.decode()
    assert change(definition) in page
    assert change(rule_set) not in page
    states = mark.get(change(Segment.objects.get(name="United States"))).content.decode()
    assert change(rule_set) in states


def test_editing_a_segment_leaves_the_published_version_as_it_was(mark, definition):
    icp = Segment.objects.get(name="ICP")
    before = definition.compiled
    data = fields(mark.get(change(icp))) | {"conditions-0-value": "10, 20"}
    mark.post(change(icp), data)
    definition.refresh_from_db()
    assert icp.sentence() == "Company employees is between 10 and 20"
    assert definition.compiled == before


def test_a_segment_in_use_is_not_deleted(mark):
    icp = Segment.objects.get(name="ICP")
    mark.post(reverse("admin:leads_segment_delete", args=[icp.pk]), {"post": "yes"})
    assert Segment.objects.filter(pk=icp.pk).exists()


def test_a_signal_is_chosen_by_kind_and_never_deleted(mark, signals):
    url = reverse("admin:leads_signal_add")
    data = fields(mark.get(url)) | {"name": "Webinar", "key": "webinar"}
    mark.post(url, data | {"kind": "webinar_attendance"})
    assert Signal.objects.get(key="webinar").kind == "webinar_attendance"
    page = mark.post(url, data | {"key": "other", "kind": "telepathy"})
    assert "kind" in page.context["adminform"].form.errors
    gone = mark.post(reverse("admin:leads_signal_delete", args=[signals.demo.pk]))
    assert gone.status_code == 403
