"""Who is away when, who covers, and which absences cannot be."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from conftest import NOW
from routing.models import Absence, Rep

DAY = timedelta(days=1)


def absence(rep, start=0, end=5, **values):
    """An absence from day to day, counted from now, that was checked as forms check it."""
    made = Absence(rep=rep, starts_at=NOW + start * DAY, ends_at=NOW + end * DAY, **values)
    with transaction.atomic():
        made.full_clean()
        made.save()
    return made


@pytest.fixture
def reps(cast):
    return cast.ana.rep, cast.bo.rep, cast.carl.rep


def test_one_query_says_who_of_a_team_is_away_until_when_and_who_covers(
    cast, reps, django_assert_num_queries
):
    ana, bo, carl = reps
    absence(ana, 0, 2, cover=bo)
    absence(ana, 3, 4)
    absence(carl, 0, 2)
    with django_assert_num_queries(1):
        away = list(Absence.objects.away(NOW).filter(rep__team=cast.emea))
    assert [(one.rep_id, one.ends_at, one.cover_id) for one in away] == [
        (ana.pk, NOW + 2 * DAY, bo.pk)
    ]


def test_it_holds_from_its_first_instant_to_just_before_its_last(reps):
    made = absence(reps[0], 0, 1)
    instant = timedelta(microseconds=1)
    for at, is_away in (
        (NOW - instant, False),
        (NOW, True),
        (NOW + DAY - instant, True),
        (NOW + DAY, False),
    ):
        assert Absence.objects.away(at).exists() is is_away
        assert made.is_on(at) is is_away


def test_it_ends_after_it_begins(reps):
    with pytest.raises(ValidationError, match="ends before it begins"):
        absence(reps[0], 1, 1)


def test_one_rep_is_not_away_twice_at_a_time(reps):
    absence(reps[0], 0, 2)
    absence(reps[0], 2, 3)
    absence(reps[1], 0, 2)
    with pytest.raises(ValidationError, match="away already"):
        absence(reps[0], 1, 4)
    with pytest.raises(IntegrityError), transaction.atomic():
        Absence.objects.create(rep=reps[0], starts_at=NOW, ends_at=NOW + DAY)


def test_nobody_covers_for_themselves(reps):
    with pytest.raises(ValidationError, match="cover for themselves"):
        absence(reps[0], cover=reps[0])


def test_open_work_for_the_cover_needs_one(reps):
    with pytest.raises(ValidationError, match="Choose who gets the open work"):
        absence(reps[0], on_open_work=Absence.OpenWork.COVER)


def test_somebody_who_left_covers_for_nobody(reps):
    user = reps[1].user
    user.is_active = False
    user.save()
    with pytest.raises(ValidationError, match="no longer active"):
        absence(reps[0], cover=Rep.objects.get(pk=reps[1].pk))


def test_two_do_not_cover_for_each_other_at_the_same_time(reps):
    ana, bo, _ = reps
    absence(bo, 3, 8, cover=ana)
    with pytest.raises(ValidationError, match="Ana Ruiz covers Bo Chen covers Ana Ruiz"):
        absence(ana, 0, 5, cover=bo)
    absence(ana, 0, 3, cover=bo)


def test_a_circle_of_three_is_one_only_where_all_are_away_together(reps):
    ana, bo, carl = reps
    absence(ana, 0, 4, cover=bo)
    absence(bo, 3, 8, cover=carl)
    absence(carl, 4, 6, cover=ana)
    with pytest.raises(ValidationError, match="at the same time"):
        absence(carl, 2, 4, cover=ana)


def test_an_absence_that_is_changed_does_not_stand_in_its_own_way(reps):
    made = absence(reps[0], 0, 2, cover=reps[1])
    made.ends_at = NOW + 3 * DAY
    with transaction.atomic():
        made.full_clean()
        made.save()
    assert Absence.objects.get().ends_at == NOW + 3 * DAY


def test_who_sees_and_who_changes_an_absence(cast, reps):
    made = absence(reps[0])
    strangers = {cast.carl}
    readers = {cast.bo, cast.mark}
    planners = {cast.ana, cast.tess, cast.mia, cast.ren}
    everybody = strangers | readers | planners
    seen = {one for one in everybody if made in Absence.objects.visible_to(one)}
    changed = {one for one in everybody if made in Absence.objects.changeable_by(one)}
    assert (seen, changed) == (readers | planners, planners)
