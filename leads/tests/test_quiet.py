"""When mails go: quiet hours, the daily digest, and what somebody chose not to hear."""

from datetime import UTC, datetime, time, timedelta

import pytest
from django.core import mail

from conftest import NOW
from leads import kinds, outbox, quiet
from leads.models import Delivery, Event, NoticeChoice, User

LATE, ROUTED = kinds.topics["late"], kinds.topics["routed"]


def person(zone="Europe/Berlin", begins=time(19), ends=time(7), **values):
    return User(zone=zone, quiet_from=begins, quiet_until=ends, digest_at=time(8), **values)


@pytest.mark.parametrize(
    ("zone", "at", "ends"),
    [
        ("Europe/Berlin", (2026, 3, 4, 10), None),  # 11:00
        ("Europe/Berlin", (2026, 3, 4, 17, 59), None),  # 18:59
        ("Europe/Berlin", (2026, 3, 4, 18), (2026, 3, 5, 6)),  # 19:00, until 07:00
        ("Europe/Berlin", (2026, 3, 5, 5, 59), (2026, 3, 5, 6)),
        ("Europe/Berlin", (2026, 3, 5, 6), None),
        ("Asia/Kathmandu", (2026, 3, 4, 14), (2026, 3, 5, 1, 15)),  # 19:45, 45 minutes off
        # The night in which the clocks go forward is an hour shorter.
        ("Europe/Berlin", (2026, 3, 28, 20), (2026, 3, 29, 5)),
    ],
)
def test_quiet_hours_are_those_of_the_persons_own_zone(zone, at, ends):
    found = quiet.after_quiet(person(zone), datetime(*at, tzinfo=UTC))
    assert found == (datetime(*ends, tzinfo=UTC) if ends else None)


def test_quiet_hours_within_a_day_and_none_at_all():
    noon = person(begins=time(12), ends=time(14))
    assert quiet.after_quiet(noon, datetime(2026, 3, 4, 11, 30, tzinfo=UTC)) == datetime(
        2026, 3, 4, 13, tzinfo=UTC
    )
    assert quiet.after_quiet(noon, NOW.replace(hour=13)) is None
    assert quiet.after_quiet(person(begins=None, ends=None), NOW) is None


def test_a_quiet_end_that_a_change_of_clocks_skips_is_an_hour_later():
    early = person(begins=time(22), ends=time(2, 30))
    assert quiet.after_quiet(early, datetime(2026, 3, 28, 23, tzinfo=UTC)) == datetime(
        2026, 3, 29, 1, 30, tzinfo=UTC
    )


def test_a_late_promise_passes_quiet_hours_for_whoever_wants_that():
    night = datetime(2026, 3, 4, 22, tzinfo=UTC)
    wants, does_not = person(late_at_night=True), person(late_at_night=False)
    assert quiet.mail_goes(wants, LATE, "now", urgent=True, now=night) == (night, False)
    assert quiet.mail_goes(wants, LATE, "now", urgent=False, now=night)[1]
    at, bundled = quiet.mail_goes(does_not, LATE, "now", urgent=True, now=night)
    assert (at, bundled) == (datetime(2026, 3, 5, 6, tzinfo=UTC), True)


def test_the_digest_comes_at_its_time_and_never_in_quiet_hours():
    at, bundled = quiet.mail_goes(person(), ROUTED, "digest", urgent=False, now=NOW)
    assert (at, bundled) == (datetime(2026, 3, 5, 7, tzinfo=UTC), True)
    sleeps = person(begins=time(22), ends=time(9))
    at, _ = quiet.mail_goes(sleeps, ROUTED, "digest", urgent=False, now=NOW)
    assert at == datetime(2026, 3, 5, 8, tzinfo=UTC)


def tell(user, kind="routing.reassigned", *, now, subject="Now yours"):
    event = Event.objects.create(kind=kind, happened_at=now)
    Delivery.objects.tell(user, event=event, subject=subject, body="B.", url="/", now=now)


def send(at):
    while outbox.relay(now=at):
        pass


def test_what_waits_through_the_night_comes_as_one_mail(cast):
    cast.ana.zone, cast.ana.quiet_from, cast.ana.quiet_until = "Europe/Berlin", time(19), time(7)
    cast.ana.save()
    night = datetime(2026, 3, 4, 20, tzinfo=UTC)
    for number in range(3):
        tell(cast.ana, now=night + timedelta(hours=number), subject=f"Lead {number}")
    send(night + timedelta(hours=5))
    assert mail.outbox == []
    assert Delivery.objects.visible_to(cast.ana).count() == 3  # the app does not wait
    send(datetime(2026, 3, 5, 6, 0, 1, tzinfo=UTC))
    (sent,) = mail.outbox
    assert sent.subject == "3 notices from Handoff"
    assert all(f"Lead {number}" in sent.body for number in range(3))


def test_what_somebody_chose_not_to_hear_is_not_written_at_all(cast):
    moved = kinds.topics["moved"]
    NoticeChoice.objects.choose(cast.ana, moved, in_app=False, email="never")
    NoticeChoice.objects.choose(cast.bo, moved, in_app=True, email="never")
    tell(cast.ana, now=NOW)
    tell(cast.bo, now=NOW)
    assert list(Delivery.objects.values_list("recipient", "channel")) == [(cast.bo.pk, "in_app")]
    tell(cast.ana, "routing.routed", now=NOW)
    assert Delivery.objects.filter(recipient=cast.ana).count() == 2


def test_choices_of_many_people_cost_one_question(cast, django_assert_num_queries):
    from leads.models import Notice

    event = Event.objects.create(kind="routing.reassigned", happened_at=NOW)
    people = [cast.ana, cast.bo, cast.carl, cast.tess]
    notices = [Notice(one, event, "S", "B", "/") for one in people]
    with django_assert_num_queries(2):
        Delivery.objects.tell_all(notices, now=NOW)
