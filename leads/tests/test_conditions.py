from datetime import date

import pytest

from conftest import NOW, segment
from leads.conditions import judge, registry, terms
from leads.models import Lead, Score, Segment

TODAY = NOW.date()


def matching(*conditions):
    made = segment(f"Segment {Segment.objects.count()}", *conditions)
    return set(made.matching(Lead.objects.all(), today=TODAY).values_list("email", flat=True))


@pytest.fixture
def people(company):
    company.lead("vp@acme.example", job_title="VP Sales", country="DE")
    company.lead("rsvp@acme.example", job_title="RSVP clerk", country="AT")
    company.lead("blank@small.example", employer={"name": "Small", "employees": 5})
    return company


def test_text_is_compared_without_regard_to_case(people):
    assert matching(("all", "country", "is", "de")) == {"vp@acme.example"}


@pytest.mark.parametrize(
    ("operator", "value"),
    [("is", "{}"), ("in", "x, {}"), ("starts_with", "{}"), ("contains_any", "{}")],
)
def test_accents_count_however_they_are_written_and_case_and_width_do_not(company, operator, value):
    for key in ("region", "job_title"):
        company.lead("plain@cafe.example", **{key: "Cafe  Zürich"})
        for number, written in enumerate(
            ("Café Zürich", "CAFÉ ZÜRICH", "Cafe\u0301 Zürich", "Ｃａｆé Zürich")
        ):
            company.lead(f"{number}@cafe.example", **{key: written})
        accented = {f"{number}@cafe.example" for number in range(4)}
        assert matching(("all", key, operator, value.format("café"))) == (
            accented if operator in ("starts_with", "contains_any") else set()
        )
        assert matching(("all", key, operator, value.format("café zürich"))) == accented
        assert matching(("all", key, operator, value.format("cafe\u0301 ZÜRICH"))) == accented
        assert matching(("all", key, operator, value.format("cafe zürich"))) == {
            "plain@cafe.example"
        }


def test_words_match_whole_words_only(people):
    assert matching(("all", "job_title", "contains_any", "vp, head")) == {"vp@acme.example"}


def test_a_word_with_regex_letters_is_only_a_word(people):
    assert matching(("all", "job_title", "contains_any", ".*")) == set()


def test_unknown_is_not_different_from_anything(people):
    assert matching(("all", "country", "is_not", "DE")) == {"rsvp@acme.example"}


def test_only_unknown_sees_what_is_missing(people):
    assert matching(("all", "country", "unknown", "")) == {"blank@small.example"}


def test_none_keeps_leads_whose_value_is_unknown(people):
    assert matching(("none", "country", "is", "DE")) == {
        "rsvp@acme.example",
        "blank@small.example",
    }


def test_groups_combine_all_any_and_none(people):
    found = matching(
        ("all", "company.employees", "at_least", "100"),
        ("any", "country", "is", "DE"),
        ("any", "country", "is", "AT"),
        ("none", "job_title", "starts_with", "rsvp"),
    )
    assert found == {"vp@acme.example"}


def test_behaviour_counts_in_whole_days(people, signals):
    from leads.models import SignalDay

    lead = Lead.objects.get(email="vp@acme.example")
    SignalDay.objects.create(lead=lead, signal=signals.pricing, day=date(2026, 2, 26), n=2)
    ask = ("all", "behaviour", "happened", "2")
    assert matching((*ask, {"signal": signals.pricing, "window_days": 7})) == {lead.email}
    segment_of_six = segment("six", (*ask, {"signal": signals.pricing, "window_days": 6}))
    assert not segment_of_six.matching(Lead.objects.all(), today=TODAY).exists()


@pytest.mark.parametrize(
    ("field", "operator", "value", "column"),
    [
        ("shoe_size", "is", "43", "field"),
        ("country", "between", "1, 2", "operator"),
        ("company.employees", "at_least", "many", "value"),
        ("company.employees", "between", "9, 3", "value"),
        ("opted_out", "is", "perhaps", "value"),
        ("country", "is", " ", "value"),
        ("behaviour", "happened", "1", "signal"),
    ],
)
def test_a_condition_that_makes_no_sense_names_the_column(field, operator, value, column):
    with pytest.raises(terms.BadCondition) as caught:
        terms.parse(field, operator, value)
    assert caught.value.column == column


def test_a_segment_reads_as_a_sentence(db):
    made = segment(
        "DACH",
        ("all", "country", "in", "DE, AT, CH"),
        ("none", "company.relationship", "is", "customer"),
    )
    assert made.sentence() == ("Country is one of DE, AT, CH and not (Relationship is customer)")


def test_a_segment_without_conditions_is_every_lead_wherever_it_is_asked(company):
    lead, empty = company.lead(), segment("Everybody")
    assert list(empty.matching(Lead.objects.all(), today=TODAY)) == [lead]
    assert judge.holds(lead.pk, {1: empty.form()}, today=TODAY) == {1: True}
    assert empty.sentence() == "every lead"


@pytest.mark.parametrize("word", ["Sr.", "C++", ".NET", "(sales)", "#1"])
def test_a_word_may_begin_or_end_with_a_mark(company, word):
    company.lead("marked@acme.example", job_title=f"The {word} lead")
    company.lead("plain@acme.example", job_title="The lead")
    assert matching(("all", "job_title", "contains_any", word)) == {"marked@acme.example"}


def test_news_of_a_company_reach_everybody_who_works_there(company):
    first = company.lead("one@acme.example")
    company.lead("two@acme.example", employer={"domain": "acme.example", "employees": 3})
    assert Score.objects.get(lead=first).fit == 0


def test_a_segment_cannot_ask_for_a_segment_so_none_refers_to_itself(db):
    made = segment("Round")
    with pytest.raises(terms.BadCondition) as refused:
        terms.parse("segment", "is", made.name)
    assert refused.value.column == "field"
    assert not any(key == "segment" or key.startswith("segment.") for key in registry.FIELDS)


def test_a_value_that_holds_a_comma_is_one_value_in_a_sentence(db):
    made = segment("Finance", ("all", "company.industry", "in", 'Media, "Banking, Insurance"'))
    assert made.sentence() == 'Company industry is one of Media, "Banking, Insurance"'
