"""Lists: values under one name, asked for by conditions and written out on publishing."""

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from conftest import NOW, publish, segment
from leads.conditions import judge, words
from leads.conditions.terms import parse
from leads.configuration import transfer
from leads.configuration.document import Invalid
from leads.configuration.sections import sections
from leads.models import CustomField, Lead, MQLDefinition, Segment, ValueList
from leads.tests.pages import add_row, fields

TODAY = NOW.date()


@pytest.fixture
def rivals(db):
    return ValueList.objects.create(name="Rivals", values=["rival.example", "STRASSE.example"])


@pytest.fixture
def mark(client, company):
    client.force_login(company.cast.mark)
    return client


def inside(row):
    return set(row.matching(Lead.objects.all(), today=TODAY).values_list("email", flat=True))


def test_a_country_is_asked_whether_it_is_in_a_group_that_is_there_from_the_start(company):
    for country in ("AT", "FR", ""):
        known = {"country": country} if country else {}
        company.lead(f"{country or 'nowhere'}@acme.example", **known)
    assert inside(segment("In", ("all", "country", "in_list", "DACH"))) == {"at@acme.example"}
    assert inside(segment("Out", ("all", "country", "not_in_list", "DACH"))) == {"fr@acme.example"}


def test_text_is_compared_without_regard_to_case(company, rivals):
    company.lead("a@rival.example", employer={"domain": "rival.example"})
    company.lead("b@strasse.example", employer={"domain": "strasse.example"})
    company.lead("c@acme.example")
    asked = segment("Rivals' people", ("all", "company.domain", "in_list", "Rivals"))
    assert inside(asked) == {"a@rival.example", "b@strasse.example"}


@pytest.mark.parametrize("on", ["lead", "company"])
def test_a_custom_text_is_asked_like_any_other(company, on):
    CustomField.objects.create(key="hobby", label="Hobby", on=on)
    ValueList.objects.create(name="Ball games", values=["Golf", "Tennis"])
    for hobby in ("golf", "Chess", None):
        lead = company.lead(employer={"name": f"{hobby}", "domain": f"{hobby}.example"})
        row = lead if on == "lead" else lead.company
        row.attributes = {"hobby": hobby} if hobby else {}
        row.save()
    field = "custom.hobby"
    assert len(inside(segment("In", ("all", field, "in_list", "Ball games")))) == 1
    assert len(inside(segment("Out", ("all", field, "not_in_list", "Ball games")))) == 1


def test_the_words_name_the_list_and_what_is_in_it(db):
    said = words.sentence_of_term(parse("country", "in_list", "DACH"))
    assert said == "Country is in the list DACH (DE, AT, CH)"
    said = words.sentence_of_term(parse("country", "not_in_list", "European Union"))
    assert said == "Country is not in the list European Union (AT, BE, BG, CY and 23 more)"


def test_why_not_shows_what_was_compared(company):
    lead = company.lead(country="FR")
    form = segment("In", ("all", "country", "in_list", "DACH")).form()
    (found,) = judge.why(form, lead.pk, today=TODAY)
    assert (found["holds"], found["value"]) == (False, "FR")


def test_a_list_that_is_not_there_is_refused_at_the_value(db):
    row = Segment.objects.create(name="Odd").conditions.model(
        field="country", operator="in_list", value="Atlantis"
    )
    with pytest.raises(ValidationError) as refused:
        row.clean()
    assert refused.value.message_dict == {"value": ["There is no list 'Atlantis'."]}


def test_publishing_writes_the_values_out_and_a_change_reaches_drafts_alone(company, rivals):
    draft = MQLDefinition.draft_from_live(by=company.cast.mark)
    draft.rules.create(
        kind="do_not_pass",
        label="Rival",
        field="company.domain",
        operator="in_list",
        value="Rivals",
    )
    live = publish(draft)
    assert not rivals.differs_in(live.compiled)
    rivals.values = ["other.example"]
    rivals.save()
    assert rivals.differs_in(live.compiled)
    assert [one["values"] for one in rivals.frozen_in(live.compiled)] == [
        ["rival.example", "STRASSE.example"]
    ]
    lead = company.lead("a@rival.example", employer={"domain": "rival.example"})
    lead.refresh_from_db()
    assert lead.score.do_not_pass


def test_countries_are_kept_as_codes_however_they_are_written(db):
    row = ValueList(name="Mine", kind="country", values=["Germany", "de", " CHE ", "Österreich"])
    row.full_clean()
    assert row.values == ["DE", "CH", "AT"]
    row.values = ["Narnia", "DE", "Utopia"]
    with pytest.raises(ValidationError) as refused:
        row.full_clean()
    assert refused.value.message_dict["values"] == [
        "This is no country that we know: “Narnia”, “Utopia”."
    ]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([], "This field cannot be blank."),
        ([" "], "Give the values, one a line."),
        ([str(n) for n in range(5001)], "A list has at most 5,000 values; this has 5,001."),
        (["x" * 201], "Item 1 in the array did not validate"),
    ],
)
def test_values_that_cannot_be_kept_are_refused(db, values, said):
    with pytest.raises(ValidationError) as refused:
        ValueList(name="Mine", values=values).full_clean()
    assert refused.value.message_dict["values"][0].startswith(said)


def test_a_long_list_costs_one_parameter(company):
    ValueList.objects.create(name="Long", values=[f"{n}.example" for n in range(5000)])
    asked = segment("Known", ("all", "company.domain", "in_list", "Long"))
    assert len(asked.matching(Lead.objects.all(), today=TODAY).query.sql_with_params()[1]) < 5


# In the admin


def test_mark_pastes_a_list_and_reads_who_asks_for_it(mark):
    page = reverse("admin:leads_valuelist_add")
    data = fields(mark.get(page)) | {
        "name": "Targets",
        "values": "acme.example\r\n\r\nACME.example\r\nb.example",
    }
    assert mark.post(page, data).status_code == 302
    made = ValueList.objects.get(name="Targets")
    assert made.values == ["acme.example", "b.example"]
    segment("Wanted", ("all", "company.domain", "in_list", "Targets"))
    text = mark.get(reverse("admin:leads_valuelist_change", args=[made.pk])).content.decode()
    assert ">Wanted</a>" in text


def test_a_list_that_somebody_asks_for_is_not_deleted(mark, rivals):
    segment("Rivals' people", ("all", "company.domain", "in_list", "Rivals"))
    page = reverse("admin:leads_valuelist_delete", args=[rivals.pk])
    answer = mark.post(page, {"post": "yes"})
    assert answer.status_code in (200, 403)
    assert ValueList.objects.filter(pk=rivals.pk).exists()


def test_a_published_version_with_older_values_is_named(mark, company, rivals):
    draft = MQLDefinition.draft_from_live(by=company.cast.mark)
    draft.rules.create(
        kind="do_not_pass",
        label="Rival",
        field="company.domain",
        operator="in_list",
        value="Rivals",
    )
    publish(draft)
    ValueList.objects.filter(pk=rivals.pk).update(values=["other.example"])
    text = mark.get(reverse("admin:leads_valuelist_change", args=[rivals.pk])).content.decode()
    assert f"{draft}</a>, with older values" in text


def test_the_segment_editor_takes_a_list_by_its_name(mark):
    row = segment("Region", ("all", "country", "is", "DE"))
    page = reverse("admin:leads_segment_change", args=[row.pk])
    opened = mark.get(page)
    assert '"European Union"' in opened.content.decode()
    data = fields(opened) | {"_continue": ""}
    add_row(data, "conditions", group="any", field="country", operator="in_list", value="Nordics")
    assert mark.post(page, data).status_code == 302
    assert "Country is in the list Nordics (DK, FI, IS, NO, SE)" in row.sentence()


# In the file


def test_export_and_import_give_the_same_lists_and_conditions(company, rivals):
    segment("Rivals' people", ("all", "company.domain", "in_list", "Rivals"))
    text = transfer.export(sections())
    assert "  Rivals:\n    values: [rival.example, STRASSE.example]\n" in text
    assert "{field: company.domain, operator: in_list, value: Rivals}" in text
    Segment.objects.filter(name="Rivals' people").delete()
    rivals.delete()
    transfer.load(text.encode(), sections(), by=None, now=NOW)
    assert transfer.export(sections()) == text


def test_a_list_that_the_file_does_not_have_is_named_by_its_place(db):
    text = """
version: 1
lists:
  Rivals: {values: [rival.example]}
segments:
  Odd: {all: [{field: country, operator: in_list, value: Rival}]}
"""
    with pytest.raises(Invalid) as refused:
        transfer.load(text.encode(), sections(), by=None, now=NOW)
    assert str(refused.value) == (
        "segments[\"Odd\"].all[0].value: There is no list 'Rival'. Did you mean 'Rivals'? (line 6)"
    )
