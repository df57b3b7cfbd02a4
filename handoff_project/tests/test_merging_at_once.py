"""Merges that meet: of two people who merge the same leads one wins, and the other is told."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from conftest import NOW
from leads import merging
from leads.intake import receive
from leads.merging import NotMergeable
from leads.models import Lead, Merge, SignalDay
from leads.scoring import scorer

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def at_once(*calls):
    """Run these at the same time; return what each returned or refused."""

    def run(call):
        try:
            return call()
        except NotMergeable as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


@pytest.mark.parametrize("crossing", [False, True], ids=["the same", "crossing"])
def test_of_two_who_merge_the_same_pair_one_wins(company, crossing):
    for number in range(5):
        one, two = (company.lead(f"{name}{number}@acme.example") for name in "ab")
        second = (two, one) if crossing else (one, two)
        ends = at_once(
            lambda: merging.merge(one, two, by=None, now=NOW),  # noqa: B023
            lambda: merging.merge(*second, by=None, now=NOW),  # noqa: B023
        )
        refused = [end for end in ends if isinstance(end, NotMergeable)]
        assert len(refused) == 1 and "already" in str(refused[0])
        assert Merge.objects.filter(survivor__in=[one, two]).count() == 1
        assert Lead.objects.unmerged().filter(pk__in=[one.pk, two.pk]).count() == 1


def test_nothing_is_lost_or_counted_twice_while_events_arrive_and_are_scored(company, source):
    one, two = company.lead("a@acme.example"), company.lead("b@acme.example")

    def send(name):
        for number in range(30):
            item = {"kind": "page_view", "url": "/pricing", "email": f"{name}@acme.example"}
            item["message_id"] = f"{name}{number}"
            receive.receive_touchpoints([item], source=source, now=NOW)

    def score():
        for _ in range(40):
            scorer.score_pending(now=NOW)

    def back_and_forth():
        for _ in range(6):
            merging.undo(merging.merge(one, two, by=None, now=NOW), by=None, now=NOW)
        merging.merge(one, two, by=None, now=NOW)

    at_once(lambda: send("a"), lambda: send("b"), score, back_and_forth)
    company.score()
    assert one.touchpoints.count() == 60
    assert SignalDay.objects.get(lead=one).n == 60
    assert not SignalDay.objects.filter(lead=two).exists()
