"""Workers come and go, and an import is done once; a dry run tells what it will do."""

import tracemalloc

import pytest
from django.utils import timezone

from conftest import NOW
from leads.imports import runner
from leads.models import (
    Campaign,
    Company,
    CustomField,
    Event,
    FieldValue,
    Identity,
    ImportRun,
    Lead,
    NotPossible,
    Pending,
    Score,
)
from leads.tests import lists
from leads.tests.lists import counts, load, messy, people, run, state, text, told, undone, upload

pytestmark = pytest.mark.django_db
CHECK, LOAD = ImportRun.Kind.CHECK, ImportRun.Kind.LOAD


def everything():
    """What must be as before when nothing was to be written."""
    models = (Lead, Company, FieldValue, Identity, Score, Pending, Event, Campaign, CustomField)
    return [list(model.objects.order_by("pk").values()) for model in models]


# Dry runs


@pytest.mark.parametrize("seed", range(6))
def test_a_dry_run_tells_what_the_import_will_do_and_writes_nothing(seed, monkeypatch):
    monkeypatch.setattr(runner, "SIZE", 7 + seed)
    load(text(*people(4)))
    load(messy(seed + 10))
    batch = upload(messy(seed))
    before = everything()
    dry = run(batch, CHECK)
    assert everything() == before
    wet = run(batch, LOAD)
    assert counts(dry) == counts(wet)
    assert sorted(told(dry)) == sorted(told(wet))


def test_a_dry_run_makes_no_custom_field_and_the_import_does():
    batch = upload(text("a@b.example,12", heading="Email,Seats"), create=True)
    assert counts(run(batch, CHECK)) == {"created": 1} and not CustomField.objects.exists()
    run(batch, LOAD)
    assert CustomField.objects.get().kind == "number"
    assert Lead.objects.get().attributes == {"seats": 12}


def test_custom_fields_of_companies_are_read_by_their_type():
    CustomField.objects.create(key="renewal", label="Renewal", on="company", kind="date")
    rows = text(
        "a@b.example,Acme,31.03.2026", "b@b.example,Other,soon", heading="Email,Company,Renewal"
    )
    done = load(rows)
    assert Company.objects.get(name="Acme").attributes == {"renewal": "2026-03-31"}
    assert [line for line, _, _ in told(done)] == [3]


# Workers come and go


class Killed(BaseException):
    """Stands for a worker that is gone from one moment to the next."""


@pytest.mark.parametrize("moment", ["before the commit", "after it"])
def test_a_worker_that_dies_costs_nothing(moment, monkeypatch):
    monkeypatch.setattr(runner, "SIZE", 20)
    rows = text(*people(90), "no address,,,,,,", "", *people(10, start=5))
    with undone():
        ends = counts(load(rows))
        whole = state()
    batch = upload(rows)
    batch.ask_for(LOAD, by=None, now=NOW)
    deaths = 0
    while not ImportRun.objects.filter(batch=batch, state="done").exists():
        deaths += _work_and_die(moment)
        ImportRun.objects.update(lease_until=timezone.now())  # the lease of the dead runs out
    assert deaths >= 4
    assert state() == whole
    assert counts(ImportRun.objects.get(batch=batch)) == ends


def _work_and_die(moment):
    """Work on an import until the second chunk, and die there; return 1, or 0 at the end."""
    claimed = runner.claim(now=NOW)
    with runner.opened(claimed) as job:
        real, done = job._progress, []

        def progress(*args, **kwargs):
            if moment == "before the commit" and done:
                raise Killed
            real(*args, **kwargs)
            done.append(1)

        job._progress = progress
        try:
            while job.step(now=NOW):
                if moment == "after it" and done:
                    raise Killed
        except Killed:
            return 1
    return 0


def test_a_dry_run_that_dies_begins_anew(monkeypatch):
    monkeypatch.setattr(runner, "SIZE", 20)
    batch = upload(messy(1))
    claimed = runner.claim(now=NOW, run=batch.ask_for(CHECK, by=None, now=NOW))
    with runner.opened(claimed) as job:
        job.step(now=NOW)
    ImportRun.objects.update(lease_until=timezone.now())
    runner.work(runner.claim(now=NOW), clock=lambda: NOW)
    dry = batch.latest(CHECK)
    assert dry.state == "done" and counts(dry) == counts(run(batch))
    assert sorted(told(dry)) == sorted(told(batch.latest(LOAD)))


def test_a_cancelled_import_stops_and_can_go_on(monkeypatch):
    monkeypatch.setattr(runner, "SIZE", 10)
    batch = upload(text(*people(35)))
    claimed = runner.claim(now=NOW, run=batch.ask_for(LOAD, by=None, now=NOW))
    with runner.opened(claimed) as job:
        job.step(now=NOW)
        assert claimed.cancel(now=NOW)
        with pytest.raises(runner.Lost):
            job.step(now=NOW)
    stopped = batch.latest()
    assert (stopped.state, stopped.lines, Lead.objects.count()) == ("cancelled", 10, 10)
    assert not stopped.cancel(now=NOW)
    done = run(batch)
    assert done.pk == stopped.pk and counts(done) == {"created": 35}


def test_two_workers_never_work_on_the_same_import():
    batch = upload(text(*people(3)))
    asked = batch.ask_for(LOAD, by=None, now=NOW)
    first = runner.claim(now=NOW)
    assert first.pk == asked.pk and runner.claim(now=NOW) is None
    with runner.opened(first) as job:
        ImportRun.objects.update(lease_until=timezone.now())
        assert runner.claim(now=NOW).lease != first.lease
        with pytest.raises(runner.Lost):
            job.step(now=NOW)
    assert not Lead.objects.exists()


def test_imports_wait_for_each_other_in_the_order_in_which_they_were_asked_for():
    asked = [upload(text(*people(1))).ask_for(LOAD, by=None, now=NOW) for _ in range(2)]
    ImportRun.objects.filter(pk=asked[1].pk).update(asked_at=NOW.replace(hour=11))
    asked[1].refresh_from_db()
    assert asked[1].waiting_before() == 1
    assert runner.claim(now=NOW).pk == asked[0].pk and runner.claim(now=NOW) is None


def test_an_import_that_kills_every_worker_is_given_up_with_a_word():
    batch = upload(text(*people(3)))
    batch.ask_for(LOAD, by=None, now=NOW)
    for _ in range(runner.MOST_ATTEMPTS):
        assert runner.claim(now=NOW)
        ImportRun.objects.update(lease_until=timezone.now())
    assert runner.claim(now=NOW) is None
    assert batch.latest().state == "failed" and "stopped 5 times" in batch.latest().problem


def test_a_file_that_turns_out_damaged_fails_its_run():
    book = lists.workbook(["Email"], *[[f"p{n}@x.example"] for n in range(5_000)])
    batch = upload(book, name="leads.xlsx")
    piece = batch.chunks.first()
    piece.data = bytes(piece.data[:-3_000])
    piece.save()
    assert run(batch).state == "failed" and "workbook" in batch.latest().problem


def test_only_one_thing_at_a_time_and_never_twice():
    batch = upload(text(*people(3)))
    batch.ask_for(LOAD, by=None, now=NOW)
    with pytest.raises(NotPossible, match="already"):
        batch.ask_for(LOAD, by=None, now=NOW)
    runner.work(runner.claim(now=NOW), clock=lambda: NOW)
    with pytest.raises(NotPossible, match="done already"):
        batch.ask_for(LOAD, by=None, now=NOW)
    with pytest.raises(NotPossible, match="dry run"):
        batch.ask_for(CHECK, by=None, now=NOW)


# Size and speed


def test_memory_stays_flat(monkeypatch):
    """Four times the lines need about the memory of one time, not four times as much."""

    def peak(count, start):
        batch = upload(text(*people(count, start=start)))
        tracemalloc.start()
        try:
            assert counts(run(batch)) == {"created": count}
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(500, 0)
    small, large = peak(1_250, 10_000), peak(5_000, 20_000)
    assert large < 2 * small + 2_000_000


def test_a_chunk_costs_the_same_number_of_queries_however_long_it_is(django_assert_max_num_queries):
    for count, start in ((5, 0), (400, 100)):
        batch = upload(text(*people(count, start=start)))
        claimed = runner.claim(now=NOW, run=batch.ask_for(LOAD, by=None, now=NOW))
        with runner.opened(claimed) as job, django_assert_max_num_queries(34):
            assert job.step(now=NOW)
        claimed.cancel(now=NOW)
