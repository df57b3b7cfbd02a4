"""Gut reads: who may say it, what counts, and how often it was right."""

from datetime import timedelta

import pytest
from django.http import QueryDict

from conftest import NOW
from reporting import gut
from reporting.filters import GutFilter
from routing.models import GutRead, Refused, RejectionReason, Touch

HOUR = timedelta(hours=1)
LATER = NOW + timedelta(days=5)


def worked(company, *, hot):
    """A lead of Ana's that she reached and read; return its handoff."""
    handoff = company.handoff_of(company.cast.ana)
    ana = company.cast.ana
    handoff.accept(by=ana, now=NOW)
    Touch.objects.log(handoff, by=ana, channel="call", outcome="connected", now=NOW + HOUR)
    GutRead.objects.note(handoff, by=ana, hot=hot, now=NOW + HOUR)
    return handoff


def end(handoff, *, sql):
    """How it ended, set by hand: what it takes to get there is not what is counted."""
    state = handoff.State.QUALIFIED if sql else handoff.State.REJECTED
    values = {"state": state, "closed_at": NOW + 2 * HOUR}
    type(handoff).objects.filter(pk=handoff.pk).update(**values)


def asked(user, **said):
    query = QueryDict(mutable=True)
    query.update(said)
    form = GutFilter(query, user=user, now=LATER)
    assert form.is_valid(), form.errors
    return form


@pytest.fixture
def read(company):
    """Hot: two became SQLs, one did not. Cold: one became an SQL, one is still open."""
    for hot, sql in ((True, True), (True, True), (True, False), (False, True)):
        end(worked(company, hot=hot), sql=sql)
    worked(company, hot=False)


def test_brier_and_base_are_those_of_a_hand_computation(company, read):
    found = gut.numbers(asked(company.cast.mia).reads())
    assert (found.hot, found.hot_sql, found.cold, found.cold_sql) == (3, 2, 1, 1)
    assert found.brier == ((1 - 1) ** 2 + (1 - 1) ** 2 + (1 - 0) ** 2 + (0 - 1) ** 2) / 4
    assert found.base == 3 / 4 * 1 / 4
    assert gut.Reads().brier is gut.Reads().base is None


@pytest.mark.parametrize("by", GutFilter.WAYS)
def test_the_lines_add_up_and_each_number_opens_as_many_rows(company, read, by):
    whole = gut.numbers(asked(company.cast.mia).reads())
    lines = gut.lines(asked(company.cast.mia).reads(), by)
    for show in gut.SHOWN:
        assert sum(line.numbers.of(show) for line in lines) == whole.of(show)
        for line in lines:
            rows = asked(company.cast.mia, by=by, key=line.key, show=show).rows()
            assert rows.count() == line.numbers.of(show)


def test_a_rep_counts_their_own_alone(company, read):
    assert gut.numbers(asked(company.cast.ana).reads()).reads == 4
    assert gut.numbers(asked(company.cast.bo).reads()).reads == 0


def test_the_last_word_of_who_works_it_counts_and_is_kept_with_the_score(company):
    handoff = worked(company, hot=True)
    for _ in range(2):
        read = GutRead.objects.note(handoff, by=company.cast.ana, hot=False, now=NOW + 2 * HOUR)
    assert GutRead.objects.get() == read and not read.hot
    assert read.score == handoff.lead.score.total
    told = handoff.lead.events.filter(kind="routing.gut_read").values_list("cause", flat=True)
    assert list(told) == ["Hot", "Cold"]


def test_before_the_first_touch_or_by_anybody_else_it_is_refused(company):
    handoff, cast = company.handoff_of(company.cast.ana), company.cast
    with pytest.raises(Refused, match="works the lead"):
        GutRead.objects.note(handoff, by=cast.ana, hot=True, now=NOW)
    handoff.accept(by=cast.ana, now=NOW)
    with pytest.raises(Refused, match="Reach out first"):
        GutRead.objects.note(handoff, by=cast.ana, hot=True, now=NOW)
    with pytest.raises(Refused, match="works the lead"):
        GutRead.objects.note(handoff, by=cast.bo, hot=True, now=NOW)
    handoff.reject(by=cast.ana, reason=RejectionReason.objects.get(code="too_early"), now=NOW)
    with pytest.raises(Refused, match="works the lead"):
        GutRead.objects.note(handoff, by=cast.ana, hot=True, now=NOW)
