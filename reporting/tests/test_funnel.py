"""The funnel: every MQL of a period once, by how far it came, with rows that say so."""

from datetime import timedelta

import pytest
from django.http import QueryDict

from conftest import NOW
from leads.models import MQLDefinition, Qualification
from reporting import funnel
from reporting.filters import FunnelFilter
from routing.models import Handoff, Opportunity, OpportunityReason

DAY = timedelta(days=1)
LATER = NOW + 10 * DAY


def asked(user, *, now=LATER, **said):
    query = QueryDict(mutable=True)
    query.update({"period": "30"} | said)
    form = FunnelFilter(query, user=user, now=now)
    assert form.is_valid(), form.errors
    return form


def counts(form):
    return funnel.numbers(form.mqls(), now=form.now).counts


def test_each_mql_is_counted_as_far_as_it_came(company, month):
    found = funnel.numbers(asked(company.cast.mia).mqls(), now=LATER)
    ended = {"open": 2, "rejected": 2, "recycled": 1, "withdrawn": 0}
    assert found.counts == {"mqls": 6, "accepted": 4, "sqls": 1, "won": 0, "lost": 0, **ended}
    mqls, accepted, sqls, won = found.steps
    assert (won.of_all, won.of_before, won.median) == (0, 0, None)
    assert (mqls.count, mqls.median) == (6, None)
    assert (accepted.of_all, accepted.median) == (4 / 6, timedelta(hours=1))
    assert (sqls.of_all, sqls.of_before, sqls.median) == (1 / 6, 1 / 4, 3 * DAY)


@pytest.mark.parametrize("by", funnel.BY)
def test_the_lines_add_up_and_each_number_opens_as_many_rows(company, month, by):
    mia = company.cast.mia
    whole = counts(asked(mia))
    lines = funnel.lines(asked(mia).mqls(), by, now=LATER)
    for show in funnel.SHOWN:
        assert sum(line.numbers.of(show) for line in lines) == whole[show]
        for line in lines:
            form = asked(mia, by=by, key=line.key, show=show)
            assert form.rows().count() == line.numbers.of(show)
            assert form.line_label == line.label


def test_an_sql_is_won_by_any_of_its_opportunities_and_lost_once_all_are(company, month):
    ana, mia = company.cast.ana, company.cast.mia
    reasons = {reason.code: reason for reason in OpportunityReason.objects.all()}
    deals = [Opportunity.objects.open_for(month.sql, by=ana, now=NOW + 4 * DAY) for _ in range(2)]

    def stands(**said):
        found = counts(asked(mia, **said))
        assert asked(mia, show="lost", **said).rows().count() == found["lost"]
        return found["sqls"], found["won"], found["lost"]

    deals[0].close("lost", by=ana, reason=reasons["price"], now=NOW + 5 * DAY)
    assert stands() == (1, 0, 0)
    deals[1].close("lost", by=ana, reason=reasons["price"], now=NOW + 6 * DAY)
    assert stands() == (1, 0, 1)
    assert stands(at=(NOW + 5.5 * DAY).isoformat()) == (1, 0, 0)
    deals[0].reopen(by=ana, now=NOW + 7 * DAY)
    deals[0].close("won", by=ana, reason=reasons["best_fit"], now=NOW + 8 * DAY)
    assert stands() == (1, 1, 0)
    *_, won = funnel.numbers(asked(mia).mqls(), now=LATER).steps
    assert (won.of_all, won.of_before, won.median) == (1 / 6, 1, 8 * DAY)
    # A deal of the handoff to an account executive is one of the MQL that it began with.
    theirs = {"lead": month.sql.lead, "owner": month.sql.owner, "previous": month.sql}
    told = {"state": "qualified", "packet": {}, "score": 1, "tier": "A", "opened_at": NOW}
    closing = Handoff.objects.create(kind="closing", closed_at=NOW + 4 * DAY, **theirs, **told)
    Opportunity.objects.update(handoff=closing)
    assert stands() == (1, 1, 0)
    assert list(funnel.numbers(asked(mia).mqls(), now=LATER).steps)[-1].median == 8 * DAY


def test_an_earlier_moment_knows_nothing_of_what_came_later(company, month):
    then = counts(asked(company.cast.mia, at=(NOW + 26 * timedelta(hours=1)).isoformat()))
    assert (then["mqls"], then["sqls"], then["rejected"], then["open"]) == (6, 0, 1, 5)
    assert (
        asked(company.cast.mia, show="open", at=(NOW + DAY * 1.5).isoformat()).rows().count() == 5
    )


def test_who_waits_for_a_marketer_or_was_declined_is_no_mql(company, month):
    Qualification.objects.filter(handoff=month.waiting).update(state="waiting", decided_at=None)
    Qualification.objects.filter(handoff=month.taken).update(state="declined")
    assert counts(asked(company.cast.mia))["mqls"] == 4


def test_everybody_reads_their_own_and_managers_their_teams(company, month):
    cast = company.cast
    assert counts(asked(cast.ana))["mqls"] == counts(asked(cast.tess))["mqls"] == 6
    assert counts(asked(cast.bo))["mqls"] == counts(asked(cast.carl))["mqls"] == 0


def test_the_filters_narrow_it_and_days_are_the_readers(company, month):
    version = MQLDefinition.objects.live()
    mia = company.cast.mia
    assert counts(asked(mia, tier=month.sql.tier, source="Website"))["mqls"] == 6
    assert counts(asked(mia, source="Elsewhere"))["mqls"] == 0
    assert asked(mia, by="definition", key=str(version.pk)).line_label == str(version)
    day = {"period": "dates", "since": "2026-03-04", "until": "2026-03-04"}
    assert counts(asked(mia, **day))["mqls"] == 6
    assert counts(asked(mia, **day | {"since": "2026-03-05", "until": "2026-03-06"}))["mqls"] == 0
