"""The clauses that let in what sales sent back: who is to blame, and a draft without it."""

from datetime import timedelta

import pytest
from django.http import QueryDict

from conftest import NOW, publish
from leads.models import MQLDefinition
from reporting import clauses, intervals
from reporting.filters import AnswerFilter
from reporting.models import PreviewRun
from routing.models import RejectionReason

HOUR = timedelta(hours=1)
LATER = NOW + timedelta(days=10)
BAD = "French speakers"


def asked(user, **said):
    query = QueryDict(mutable=True)
    query.update({"period": "30", "by": "clause"} | said)
    form = AnswerFilter(query, user=user, now=LATER)
    assert form.is_valid(), form.errors
    return form


@pytest.fixture
def planted(company):
    """A clause that gives points to French leads, of whom all are sent back; others are taken."""
    draft = MQLDefinition.draft_from_live(by=company.cast.mark)
    draft.rules.create(
        position=90, kind="fit", label=BAD, points=5, field="country", operator="is", value="FR"
    )
    publish(draft)
    why = RejectionReason.objects.get(code="wrong_company")
    for country in ("FR", "DE", "FR", "DE", "FR", "DE", "FR", "DE", "DE"):
        handoff = company.handoff(country=country)
        by = handoff.owner.user
        if country == "FR":
            handoff.reject(by=by, reason=why, now=NOW + HOUR)
        else:
            handoff.accept(by=by, now=NOW + HOUR)
    return draft


def found(company, **said):
    form = asked(company.cast.mia, **said)
    return form.lines(form.answers())


def test_a_planted_bad_clause_ranks_first(company, planted):
    first, *others = found(company)
    held = first.numbers
    assert (first.label, held.answered, held.rejected) == (BAD, 4, 4)
    assert (held.others.answered, held.others.rejected) == (5, 0)
    assert held.is_worse and held.excess == 4
    assert not any(one.numbers.is_worse for one in others)
    assert first.sentence.startswith("+5 points")


def test_a_clause_that_all_leads_have_is_compared_with_nobody(company, planted):
    demo = next(one for one in found(company) if one.label == "Demo request")
    assert (demo.numbers.answered, demo.numbers.excess) == (9, None)
    assert demo.numbers.alone == 9  # without it, none of them has the interest


def test_each_number_opens_its_leads(company, planted):
    for line in found(company):
        for show in ("answered", "rejected"):
            rows = asked(company.cast.mia, key=line.key, show=show).rows()
            assert rows.count() == line.numbers.of(show)
            if line.label == BAD:
                assert {row.lead.country for row in rows} == {"FR"}


def test_of_another_reason_it_is_to_blame_for_nothing(company, planted):
    other = RejectionReason.objects.get(code="too_early")
    line = next(one for one in found(company, reason=other.pk) if one.label == BAD)
    assert (line.numbers.answered, line.numbers.rejected) == (4, 0)


def test_a_rep_sees_what_their_own_leads_tell(company, planted):
    mine = asked(company.cast.ana)
    demo = next(one for one in mine.lines(mine.answers()) if one.label == "Demo request")
    assert demo.numbers.answered == mine.answers().count() < 9


def test_a_draft_without_it_is_made_once_and_not_published(company, planted):
    mark = company.cast.mark
    drafts = [
        clauses.draft_without(BAD, by=mark, because="4 of 4 were sent back.", now=LATER)
        for _ in range(2)
    ]
    draft = drafts[0]
    assert drafts[1] == draft and draft.is_draft and MQLDefinition.objects.live() == planted
    assert list(draft.rules.filter(is_active=False).values_list("label", flat=True)) == [BAD]
    assert draft.note == f"Without “{BAD}”: 4 of 4 were sent back."
    assert PreviewRun.objects.filter(definition=draft).exists()


def test_a_clause_that_is_gone_cannot_be_left_out(company, planted):
    with pytest.raises(LookupError):
        clauses.draft_without("Long gone", by=company.cast.mark, because="", now=LATER)


def test_the_interval_of_a_difference_is_the_published_one():
    # The examples (a) and (e) of Newcombe 1998, method 10.
    for given, low, high in (
        ((56, 70, 48, 80), 0.0524, 0.3339),
        ((9, 10, 3, 10), 0.1705, 0.8090),
        ((10, 10, 0, 10), 0.6075, 1.0),
    ):
        assert intervals.difference(*given) == pytest.approx((low, high), abs=5e-5)
    assert intervals.difference(0, 0, 1, 2) == (-1, 1)
