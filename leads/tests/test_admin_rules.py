"""The rules of a draft: read as sentences under headings, moved, switched off, edited in place."""

import re

import pytest
from django.urls import reverse

from conftest import NOW, segment
from leads.models import CustomField, MQLDefinition, Segment
from leads.tests.pages import add_row, fields

NEW = {"is_active": "on", "kind": "fit", "label": "", "points": 0, "per": 1}


def page_of(draft, name="change", *more):
    return reverse(f"admin:leads_mqldefinition_{name}", args=[draft.pk, *more])


def order(draft):
    return list(draft.rules.order_by("position", "pk").values_list("label", "position"))


def line_of(page, rule):
    """The markup of one rule's row."""
    text = page.content.decode()
    (row,) = re.findall(rf'<div class="line(?:(?!<div class="line[ "]).)*?value="{rule.pk}".*?'
                        r'class="line-controls"', text, re.DOTALL)  # fmt: skip
    return row


@pytest.fixture
def mark(client, company):
    client.force_login(company.cast.mark)
    return client


@pytest.fixture
def draft(company):
    return MQLDefinition.draft_from_live(by=company.cast.mark)


@pytest.fixture
def send(mark, draft):
    """Send the page of the draft with some fields changed; return the answer."""

    def post(follow=False, **changes):
        data = fields(mark.get(page_of(draft))) | changes
        return mark.post(page_of(draft), data, follow=follow)

    return post


@pytest.fixture
def say(mark, draft):
    def post(**columns):
        return mark.post(page_of(draft, "sentence"), columns).json()

    return post


def rule(draft, label):
    return draft.rules.get(label=label)


def test_rules_stand_under_headings_and_read_as_sentences(mark, draft):
    text = mark.get(page_of(draft)).content.decode()
    headings = ["Never passed on", "Passed on at once", "Fit: who they are", "Interest: what they"]
    places = [text.index(heading) for heading in headings]
    assert places == sorted(places)
    assert places[2] < text.index("Decision maker</span>") < places[3]
    assert "+15 points: Job title contains any of the words VP, head, chief" in text
    assert '<span class="line-gives" data-gives>never</span>' in text


def test_a_closed_rule_is_only_a_line_and_keeps_its_columns_when_it_is_saved(mark, draft, send):
    assert "rules-0-label" not in fields(mark.get(page_of(draft)))
    before = draft.compile()["rules"]
    send(_continue="")
    assert draft.compile()["rules"] == before


def test_moving_up_saves_the_draft_and_passes_the_one_before_of_the_same_kind(draft, send):
    pricing, opened = rule(draft, "Pricing page"), rule(draft, "Opens our mails")
    response = send(_move_up=opened.pk, fit_threshold="18")
    assert response.url == f"{page_of(draft)}#move-{opened.pk}-up"
    draft.refresh_from_db()
    assert draft.fit_threshold == 18
    assert [label for label, _ in order(draft)][-2:] == [opened.label, pricing.label]
    assert [position for _, position in order(draft)] == [1, 2, 3, 4, 5, 6]


def test_a_rule_passes_over_rules_of_other_kinds_which_stay(draft, send):
    draft.rules.filter(label="Decision maker").update(position=6)
    draft.rules.filter(label="Opens our mails").update(position=4)
    page = send(_move_up=rule(draft, "Decision maker").pk, follow=True)
    assert "“Decision maker” is before “ICP company” now." in page.content.decode()
    assert [label for label, _ in order(draft)][2:] == [
        "Decision maker",
        "Opens our mails",
        "Pricing page",
        "ICP company",
    ]


@pytest.mark.parametrize(
    ("button", "label", "said"),
    [
        ("_move_up", "ICP company", "“ICP company” is first already."),
        ("_move_down", "Decision maker", "“Decision maker” is last already."),
        ("_move_down", None, "the rule to move is not there any more."),
    ],
)
def test_where_there_is_nowhere_to_go_the_page_says_so(draft, send, button, label, said):
    before = order(draft)
    page = send(**{button: rule(draft, label).pk if label else 0}, follow=True)
    assert said in page.content.decode()
    assert order(draft) == before


def test_nothing_moves_while_something_is_wrong(mark, draft):
    data = fields(mark.get(page_of(draft)))
    add_row(data, "rules", **NEW | {"label": "Odd"})
    before = order(draft)
    page = mark.post(page_of(draft), data | {"_move_up": rule(draft, "Decision maker").pk})
    assert "A rule asks for exactly one of" in page.content.decode()
    assert order(draft) == before


def test_a_new_rule_comes_last(mark, draft):
    data = fields(mark.get(page_of(draft)))
    add_row(data, "rules", **NEW | {"label": "German", "field": "country", "operator": "is",
                                    "value": "DE", "points": 5})  # fmt: skip
    mark.post(page_of(draft), data)
    assert order(draft)[-1] == ("German", 7)


def test_a_rule_that_is_switched_off_stays_and_is_left_out(draft, send, mark):
    off = rule(draft, "Decision maker")
    data = fields(mark.get(page_of(draft)))
    number = next(name for name, value in data.items() if value == str(off.pk))
    del data[number.replace("-id", "-is_active")]
    page = mark.post(page_of(draft), data | {"_continue": ""}, follow=True)
    off.refresh_from_db()
    assert not off.is_active
    assert "Decision maker" in line_of(page, off)
    assert "Decision maker" not in str(page.context["words"])


def test_the_sentence_follows_what_is_typed_and_saves_nothing(draft, say):
    edited = rule(draft, "Decision maker")
    columns = {"id": edited.pk, "is_active": "on", "kind": "fit", "label": "Boss", "points": "12",
               "per": "1", "field": "job_title", "operator": "is", "value": "CEO"}  # fmt: skip
    said = say(**columns)
    assert said == {"words": "+12 points: Job title is CEO", "problem": "", "gives": "+12"}
    assert say(**columns | {"value": ""})["problem"] == "Value: Give a value."
    assert say(**columns | {"id": ""})["words"] == "+12 points: Job title is CEO"
    edited.refresh_from_db()
    assert (edited.label, edited.points) == ("Decision maker", 15)


@pytest.mark.parametrize("columns", [{}, {"id": "x"}, {"id": "0", "segment": "9" * 30}])
def test_the_sentence_of_nonsense_is_a_problem_in_words(say, columns):
    assert say(**columns)["problem"]


def test_the_fields_of_a_rule_come_when_it_is_unfolded(mark, draft):
    edited = rule(draft, "Decision maker")
    text = mark.get(page_of(draft, "rule", edited.pk), {"prefix": "rules-3"}).content.decode()
    assert 'name="rules-3-value" value="VP, head, chief"' in text
    assert 'value="job_title" selected' in text


@pytest.mark.parametrize("who", ["mia", "ren", "ana"])
def test_nobody_else_asks_for_sentences_or_fields(client, company, draft, who):
    client.force_login(getattr(company.cast, who))
    refused = {302} if who == "ana" else {403}
    assert client.post(page_of(draft, "sentence")).status_code in refused
    assert client.get(page_of(draft, "rule", draft.rules.first().pk)).status_code in refused


def test_what_waits_for_sign_off_is_read_only(mark, company, draft):
    draft.decider, draft.cool_down_days = MQLDefinition.Decider.AUTOMATIC, 30
    draft.save()
    draft.submit(by=company.cast.mark, now=NOW)
    page = mark.get(page_of(draft))
    assert b"_move_up" not in page.content and b"In words" in page.content
    assert mark.post(page_of(draft), {"_move_up": 1}).status_code == 403
    assert mark.post(page_of(draft, "sentence")).status_code == 403


def test_without_a_script_a_button_brings_an_empty_rule_of_its_kind(mark, send):
    response = send(_add_row="scoringrule:interest")
    page = mark.get(response.url)
    (new,) = [form for form in page.context["inlines"]["rules"].formset.forms if form.is_new]
    assert new["kind"].value() == "interest"
    assert "errorlist" not in page.content.decode()
    data = fields(page)
    after = mark.post(response.url.partition("#")[0], data | {"_continue": ""})
    assert after.status_code == 302 and "add=" not in after.url


def test_without_a_script_a_button_brings_the_fields_of_a_rule(mark, draft, send):
    edited = rule(draft, "Decision maker")
    page = mark.get(send(_open=edited.pk).url)
    data = fields(page)
    (name,) = [name for name, value in data.items() if value == "VP, head, chief"]
    mark.post(page_of(draft), data | {name: "chief"})
    edited.refresh_from_db()
    assert (edited.value, edited.points) == ("chief", 15)


def test_enter_in_a_field_saves_and_moves_nothing(mark, draft):
    text = mark.get(page_of(draft)).content.decode()
    form = text[text.index('id="mqldefinition_form"') :]
    first = re.search(r'<button[^>]*|<input type="submit"[^>]*', form)[0]
    assert 'name="_continue"' in first


# What was right once and is not any more


@pytest.fixture
def broken(draft):
    """A rule that asks for a field, and one that asks for a segment; both break under them."""
    CustomField.objects.create(key="budget", label="Budget", kind="number")
    budget = {"field": "custom.budget", "operator": "at_least", "value": "5"}
    segment = Segment.objects.create(name="Rich")
    segment.conditions.create(**budget)
    draft.rules.create(position=7, kind="fit", label="Budget rule", points=5, **budget)
    draft.rules.create(position=8, kind="fit", label="Rich rule", points=5, segment=segment)
    return draft


def test_a_rule_on_a_field_that_is_switched_off_is_shown_and_refused_at_the_field(mark, broken):
    CustomField.objects.update(is_active=False)
    page = mark.get(page_of(broken))
    said = "“Budget” is switched off. Choose another, or switch it on again."
    assert said in line_of(page, rule(broken, "Budget rule"))
    answer = mark.post(page_of(broken), fields(page))
    wrong = [form.errors for form in answer.context["inlines"]["rules"].formset if form.errors]
    assert wrong == [{"field": [said]}]


def test_a_segment_that_makes_no_sense_any_more_is_an_error_of_the_rule(mark, broken):
    CustomField.objects.all().delete()
    page = mark.get(page_of(broken))
    said = "Rich: There is no field &#x27;custom.budget&#x27;."
    assert said in line_of(page, rule(broken, "Rich rule"))
    assert "Not complete yet" in str(page.context["words"])
    answer = mark.post(page_of(broken), fields(page))
    wrong = [form.errors for form in answer.context["inlines"]["rules"].formset if form.errors]
    assert [list(errors) for errors in wrong] == [["field"], ["segment"]]


def test_a_broken_rule_can_be_deleted(mark, broken):
    CustomField.objects.all().delete()
    data = fields(mark.get(page_of(broken)))
    for label in ("Budget rule", "Rich rule"):
        pk = str(rule(broken, label).pk)
        number = next(name for name, value in data.items() if value == pk)
        data[number.replace("-id", "-DELETE")] = "on"
    assert mark.post(page_of(broken), data).status_code == 302
    assert broken.rules.count() == 6


def test_a_rule_that_somebody_deleted_meanwhile_is_said(mark, draft):
    data = fields(mark.get(page_of(draft)))
    rule(draft, "Decision maker").delete()
    page = mark.post(page_of(draft), data)
    assert "Somebody has deleted this row meanwhile." in page.content.decode()


def test_a_rule_is_not_offered_the_score_that_it_makes(mark, draft):
    scored = segment("Hot", ("all", "score.tier", "is", "A"))
    page = mark.get(f"{page_of(draft)}?open={rule(draft, 'ICP company').pk}").content.decode()
    assert '<option value="country">' in page and f">{scored}</option>" not in page
    assert '<option value="score.' not in page
    states = segment("States", ("all", "country", "is", "US"))
    page = mark.get(page_of(draft)).content.decode()
    assert f'<option value="{states.pk}">States</option>' in page


def test_a_new_rule_says_no_points_until_it_has_some(mark, draft, say):
    page = mark.get(page_of(draft)).content.decode()
    assert '<span class="line-gives" data-gives>+0</span>' not in page
    asked = {"kind": "fit", "label": "German", "field": "country", "operator": "is"}
    assert say(**asked, points="")["gives"] == ""
    typing = say(**asked, points="15")
    assert typing["problem"] and typing["gives"] == "+15"
    odd = say(**asked, value="DE", per="1", points="2.5")
    assert (odd["gives"], odd["problem"]) == ("", "Points: Enter a whole number.")
