import pytest
from celery.exceptions import SoftTimeLimitExceeded

from leads.models import Campaign
from leads.sweep import one_by_one

pytestmark = pytest.mark.django_db


@pytest.fixture
def claim(db):
    Campaign.objects.bulk_create(Campaign(name=name) for name in "abc")

    def next_one(passed_over):
        left = Campaign.objects.exclude(pk__in=passed_over).order_by("name")
        return left.select_for_update().first()

    return next_one


def test_rows_are_worked_through_and_a_broken_one_is_passed_over(claim):
    def act(campaign):
        Campaign.objects.filter(pk=campaign.pk).delete()
        if campaign.name == "b":
            raise RuntimeError("broken")

    assert one_by_one(claim, act, limit=10) == 2
    assert [campaign.name for campaign in Campaign.objects.all()] == ["b"]


def test_a_sweep_stops_at_its_limit(claim):
    assert one_by_one(claim, lambda campaign: campaign.delete(), limit=2) == 2
    assert Campaign.objects.count() == 1


def test_a_sweep_that_is_told_to_stop_stops(claim):
    def act(campaign):
        raise SoftTimeLimitExceeded

    with pytest.raises(SoftTimeLimitExceeded):
        one_by_one(claim, act, limit=10)
