"""Segments and signals: what rules ask about, said in words."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from conftest import publish, segment
from leads.conditions import census
from leads.models import CustomField, Lead, MQLDefinition, Segment, Signal
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


def test_a_segment_in_use_is_not_deleted_and_says_who_uses_it(mark):
    icp = Segment.objects.get(name="ICP")
    page = mark.post(reverse("admin:leads_segment_delete", args=[icp.pk]), {"post": "yes"})
    assert Segment.objects.filter(pk=icp.pk).exists()
    text = page.content.decode()
    assert "“ICP” cannot be deleted, because these ask for it:" in text
    assert "MQL definition v1 (published): rule “ICP company”" in text


def test_a_renamed_segment_is_still_known_by_those_who_hold_it(mark, definition):
    icp = Segment.objects.get(name="ICP")
    Segment.objects.filter(pk=icp.pk).update(name="Ideal customers")
    segment("ICP", ("all", "country", "is", "DE"))
    assert change(definition) in mark.get(change(icp)).content.decode()
    other = Segment.objects.get(name="ICP")
    assert change(definition) not in mark.get(change(other)).content.decode()


def test_a_version_of_before_is_known_by_the_name(mark, definition):
    for rule in definition.compiled["rules"]:
        rule.get("when", {}).pop("id", None)
    MQLDefinition.objects.filter(pk=definition.pk).update(compiled=definition.compiled)
    icp = Segment.objects.get(name="ICP")
    assert change(definition) in mark.get(change(icp)).content.decode()


def test_a_segment_may_be_a_persona(mark):
    icp = Segment.objects.get(name="ICP")
    data = fields(mark.get(change(icp))) | {"persona": "buyer"}
    mark.post(change(icp), data)
    icp.refresh_from_db()
    assert icp.persona == "buyer"
    listed = mark.get(reverse("admin:leads_segment_changelist"), {"persona__exact": "buyer"})
    assert [row.name for row in listed.context["cl"].result_list] == ["ICP"]


def test_its_page_says_how_many_leads_are_in_it_now(mark, company):
    company.lead("a@acme.example", employer={"name": "A", "employees": 300})
    company.lead("b@small.example", employer={"name": "B", "employees": 3})
    page = mark.get(change(Segment.objects.get(name="ICP")))
    assert "Leads in it now, as it was saved: 1." in page.content.decode()


def test_the_sentence_of_the_whole_follows_what_is_typed(mark):
    url = reverse("admin:leads_segment_sentence")
    data = {"conditions-TOTAL_FORMS": "0"}
    add_row(data, "conditions", group="all", field="country", operator="in", value="SE, NO")
    number = add_row(data, "conditions", group="none", field="job_title", operator="is", value="")
    add_row(data, "conditions", group="any")
    said = mark.post(url, data).json()
    assert said["words"] == ""
    assert said["rows"] == {
        "conditions-0": {"words": "Country is one of SE, NO", "problem": ""},
        "conditions-1": {"words": "", "problem": "Value: Give a value."},
    }
    said = mark.post(url, data | {f"conditions-{number}-value": "Intern"}).json()
    assert said["words"] == "Country is one of SE, NO and not (Job title is Intern)."
    said = mark.post(url, data | {f"conditions-{number}-DELETE": "on"}).json()
    assert said["words"] == "Country is one of SE, NO."


def test_a_rep_asks_for_no_sentence(client, company):
    client.force_login(company.cast.ana)
    assert client.post(reverse("admin:leads_segment_sentence")).status_code == 302


def test_a_condition_that_makes_no_sense_any_more_is_shown_at_its_field(mark, definition):
    CustomField.objects.create(key="budget", label="Budget", kind="number")
    rich = segment("Rich", ("all", "custom.budget", "at_least", "5"))
    CustomField.objects.all().delete()
    page = mark.get(change(rich))
    assert "There is no field" in page.content.decode()
    answer = mark.post(change(rich), fields(page))
    (formset,) = (inline.formset for inline in answer.context["inline_admin_formsets"])
    assert list(formset.forms[0].errors) == ["field"]


def test_its_page_asks_the_database_as_often_however_many_conditions_there_are(mark, definition):
    def queries(*conditions):
        made = segment(f"Asked {len(conditions)}", *conditions)
        with CaptureQueriesContext(connection) as asked:
            mark.get(change(made))
        return len(asked)

    CustomField.objects.create(key="budget", label="Budget", kind="number")
    asking = ("all", "custom.budget", "at_least", "5")
    assert queries(asking) == queries(*[asking] * 9) <= 25


# How many


def test_what_takes_too_long_to_count_is_not_waited_for(company):
    company.lead()
    slow = Lead.objects.extra(where=["pg_sleep(0.5) IS NOT NULL"])
    assert census.count(slow, patience=100) is None
    assert census.count(Lead.objects.all(), patience=1000) == census.Count(1, exact=True)


def test_an_estimate_of_few_rows_looks_at_all_of_them(company):
    for number in range(4):
        company.lead(f"a{number}@acme.example", country="DE" if number else "AT")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE leads_lead")
    assert census._estimate(Lead.objects.filter(country="DE")) == 3


# Custom fields


def test_the_page_of_a_custom_field_says_who_asks_for_it_and_how_often_it_is_known(mark, company):
    budget = CustomField.objects.create(key="budget", label="Budget", kind="number")
    assert "No segment and no rule asks for it." in mark.get(change(budget)).content.decode()
    company.lead(custom={"budget": 5})
    company.lead()
    segment("Rich", ("all", "custom.budget", "at_least", "5"))
    first = MQLDefinition.draft_from_live(by=company.cast.mark)
    asking = {"field": "custom.budget", "operator": "at_least", "value": "9"}
    first.rules.create(position=9, kind="fit", label="Big budget", points=5, **asking)
    publish(first)
    MQLDefinition.draft_from_live(by=company.cast.mark)
    text = mark.get(change(budget)).content.decode()
    assert "Leads that have a value now: 1." in text
    assert ">Rich</a>" in text
    assert "MQL definition v3 (draft): rule “Big budget”" in text
    assert change(first) in text


def test_a_signal_is_chosen_by_kind_and_never_deleted(mark, signals):
    url = reverse("admin:leads_signal_add")
    data = fields(mark.get(url)) | {"name": "Webinar", "key": "webinar"}
    mark.post(url, data | {"kind": "webinar_attendance"})
    assert Signal.objects.get(key="webinar").kind == "webinar_attendance"
    page = mark.post(url, data | {"key": "other", "kind": "telepathy"})
    assert "kind" in page.context["adminform"].form.errors
    gone = mark.post(reverse("admin:leads_signal_delete", args=[signals.demo.pk]))
    assert gone.status_code == 403
