"""The feedback of sales: each answer of a period once, by reason, source, campaign and tier."""

from datetime import UTC, date, timedelta

import pytest
from django.http import QueryDict

from conftest import NOW
from reporting import answers, health
from reporting.filters import AnswerFilter
from routing.models import RejectionReason

DAY = timedelta(days=1)
LATER = NOW + 10 * DAY


def asked(user, *, now=LATER, **said):
    query = QueryDict(mutable=True)
    query.update({"period": "30"} | said)
    form = AnswerFilter(query, user=user, now=now)
    assert form.is_valid(), form.errors
    return form


def numbers(form):
    return answers.numbers(form.answers())


def test_each_answer_counts_once_and_the_advisory_reads_the_same(company, month):
    found = numbers(asked(company.cast.mia))
    assert (found.answered, found.accepted, found.rejected) == (5, 3, 2)
    assert found.share == 2 / 5 == health.rejected(now=LATER).share


def test_what_was_accepted_in_one_period_and_rejected_in_the_next_is_in_both(company, month):
    day = {"period": "dates", "since": "2026-03-04", "until": "2026-03-04"}
    first = numbers(asked(company.cast.mia, **day))
    after = numbers(asked(company.cast.mia, **day | {"since": "2026-03-05", "until": "2026-03-09"}))
    assert (first.accepted, first.rejected) == (4, 0)
    assert (after.accepted, after.rejected) == (0, 2)


@pytest.mark.parametrize("by", answers.BY)
def test_the_lines_add_up_and_each_number_opens_as_many_rows(company, month, by):
    mia = company.cast.mia
    whole, lines = numbers(asked(mia)), answers.lines(asked(mia).answers(), by)
    shown = ("rejected",) if by == "reason" else answers.SHOWN
    for show in shown:
        assert sum(line.numbers.of(show) for line in lines) == whole.of(show)
        for line in lines:
            form = asked(mia, by=by, key=line.key, show=show)
            assert form.rows().count() == line.numbers.of(show)
            assert form.line_label == line.label


def test_a_reason_says_what_it_adds_to_the_rate(company, month):
    lines = answers.lines(asked(company.cast.mia).answers(), "reason")
    reasons = RejectionReason.objects.in_bulk(["too_early", "wrong_company"], field_name="code")
    assert {line.key for line in lines} == {str(reason.pk) for reason in reasons.values()}
    assert [line.numbers.share for line in lines] == [1 / 5, 1 / 5]


def test_the_trend_goes_by_weeks_and_over_a_long_time_by_months(company, month):
    form = asked(company.cast.mia)
    found, (since, until) = form.answers(), form.span()
    weeks = answers.trend(found, since=since, until=until, zone=UTC)
    assert weeks == [answers.Point("week", date(2026, 3, 2), answers.Numbers(5, 2))]
    rejected = asked(company.cast.mia, by="week", key="2026-03-02", show="rejected")
    assert rejected.rows().count() == 2
    months = answers.trend(found, since=until - 300 * DAY, until=until, zone=UTC)
    assert [one.begins for one in months] == [date(2026, 3, 1)]


def test_quotes_are_what_reps_wrote(company, month):
    said = answers.quotes(asked(company.cast.mia).answers(), most=10)
    assert [one.rejection.note for one in said] == ["Wants to read on until autumn."]
    assert not answers.quotes(asked(company.cast.carl).answers(), most=10)
