import random
from collections import Counter
from datetime import timedelta
from math import sqrt

import pytest

from conftest import NOW
from leads.models import Lead, MQLDefinition, Score
from leads.scoring import statement
from reporting import estimate as module
from reporting.estimate import estimate
from reporting.intervals import Stratum, cautious, total, wilson

TODAY = NOW.date()


def test_the_interval_of_a_share_is_wilsons():
    assert wilson(23, 40) == pytest.approx((0.422, 0.715), abs=0.001)
    assert wilson(45, 240) == pytest.approx((0.143, 0.242), abs=0.001)
    assert wilson(0, 0) == (0, 1)


def test_the_cautious_one_is_wider_and_stays_within_a_share():
    for count, n in ((0, 5), (1, 200), (23, 40), (199, 200), (5, 5)):
        low, high = cautious(count, n)
        assert 0 <= low <= wilson(count, n)[0] + 1e-9
        assert wilson(count, n)[1] - 1e-9 <= high <= 1


def test_a_part_that_was_drawn_whole_has_no_error():
    found = total([Stratum(size=30, drawn=30, counted=7), Stratum(size=0, drawn=0, counted=0)])
    assert (found.value, found.low, found.high, found.is_exact) == (7, 7, 7, True)


def test_what_was_drawn_is_certain():
    found = total([Stratum(size=12, drawn=10, counted=10)])
    assert (found.low, found.high) == (10, 12)


@pytest.mark.parametrize(
    ("passing", "stay", "others", "come"),
    [
        (5_000, 3_500, 95_000, 900),
        (5_000, 5_000, 95_000, 12),  # hardly anybody comes: often none is drawn
        (3_000, 2_999, 97_000, 0),
        (40_000, 39_000, 60_000, 24_000),
        (700, 350, 2_000, 1_000),  # most of them are drawn
    ],
)
def test_in_95_of_100_draws_the_true_count_is_between_the_bounds(passing, stay, others, come):
    chance, hits, runs = random.Random(1), 0, 1_500
    for _ in range(runs):
        parts = [
            Stratum(size, min(size, drawn), _drawn(chance, size, true, min(size, drawn)))
            for size, true, drawn in ((passing, stay, 600), (others, come, 1_400))
        ]
        found = total(parts)
        hits += found.low <= stay + come <= found.high
    assert hits / runs >= 0.95


def _drawn(chance, size, true, drawn):
    """How many that count are in a draw of so many, without replacement."""
    return sum(one < true for one in chance.sample(range(size), drawn))


@pytest.fixture
def crowd(company, monkeypatch):
    """1,200 scored leads, 150 of which pass; the samples are small, so that most are not drawn."""
    monkeypatch.setattr(module, "PASSING", 40)
    monkeypatch.setattr(module, "OTHERS", 120)
    chance = random.Random(7)
    countries = ["DE", "FR", "US", "SE"]
    leads = Lead.objects.bulk_create(
        Lead(
            email=f"c{n}@crowd.example",
            country=chance.choice(countries),
            job_title=chance.choice(["VP Sales", "Intern", "Head of IT", ""]),
            created_at=NOW - timedelta(days=5),
        )
        for n in range(1_500)
    )
    # Gaps between the ids, as merges and refused inserts leave them.
    Lead.objects.filter(pk__in=[lead.pk for lead in leads[::5]]).delete()
    kept = [lead for number, lead in enumerate(leads) if number % 5]
    Score.objects.bulk_create(
        Score(lead=lead, qualifies=chance.random() < 0.125, total=0, tier="D") for lead in kept
    )
    return kept


@pytest.fixture
def form(company):
    """A draft that passes whoever is in Germany, and decision makers in France."""
    draft = MQLDefinition.draft_from_live(by=None)
    draft.rules.all().delete()
    draft.fit_threshold, draft.interest_threshold = 10, None
    draft.save()
    rule = {"kind": "fit", "field": "country", "operator": "is"}
    draft.rules.create(position=1, label="Germany", value="DE", points=10, **rule)
    draft.rules.create(position=2, label="France", value="FR", points=5, **rule)
    draft.rules.create(
        position=3, kind="fit", label="Decides", field="job_title",
        operator="contains_any", value="VP, head", points=5,
    )  # fmt: skip
    return draft.compile()


def passing(form):
    """Return who passes with the draft, and who passes now."""
    ids = list(Score.objects.values_list("pk", flat=True))
    rows = statement.rows(form, today=TODAY, lead_ids=ids)
    passed = set(Score.objects.filter(qualifies=True).values_list("pk", flat=True))
    return {row["lead_id"] for row in rows if row["qualifies"]}, passed


@pytest.mark.parametrize("sparse", [0.1, 1.1], ids=["by guessed ids", "by reading them all"])
def test_the_bounds_hold_for_real_draws_from_the_database(crowd, form, monkeypatch, sparse):
    monkeypatch.setattr(module, "SPARSE", sparse)
    after, before = passing(form)
    # What the statement says of a lead is the same for every draw.
    monkeypatch.setattr(module, "_passes", lambda form, ids, today: after.intersection(ids))
    runs, hits = 400, [0, 0, 0]
    for seed in range(runs):
        found = estimate(form, today=TODAY, seed=seed)
        assert (found.leads, found.before) == (len(crowd), len(before))
        told = (found.passing, found.gained, found.lost)
        true = (len(after), len(after - before), len(before - after))
        for number, one in enumerate(told):
            assert one.low <= one.value <= one.high
            hits[number] += one.low <= true[number] <= one.high
    # Other ids, other draws: three standard errors of 400 draws are left to chance.
    assert min(hits) / runs >= 0.95 - 3 * sqrt(0.95 * 0.05 / runs)


def test_the_same_seed_draws_the_same_leads(crowd, form):
    assert estimate(form, today=TODAY, seed=3) == estimate(form, today=TODAY, seed=3)
    assert len({estimate(form, today=TODAY, seed=seed).after for seed in range(5)}) > 1


def test_every_lead_is_drawn_about_as_often_as_any_other(crowd):
    others = list(Score.objects.filter(qualifies=False).order_by("pk").values_list("pk", flat=True))
    drawn = Counter(pk for seed in range(100) for pk in module._others(len(others), seed))
    size = len(others) // 4
    quarters = [sum(drawn[pk] for pk in others[n * size :][:size]) for n in range(4)]
    assert set(drawn) <= set(others)
    assert max(quarters) / min(quarters) < 1.1


def test_few_leads_are_all_judged_and_there_is_no_error(company):
    company.handoff()
    company.lead("warm@acme.example", job_title="VP Sales")
    draft = MQLDefinition.draft_from_live(by=None)
    draft.interest_threshold = 0
    draft.save()
    found = estimate(draft.compile(), today=TODAY)
    assert (found.leads, found.before, found.after, found.drawn) == (2, 1, 2, 2)
    assert (found.gained.value, found.lost.value, found.is_exact) == (1, 0, True)


def test_without_leads_there_is_nothing_to_say(company):
    found = estimate(MQLDefinition.objects.live().compiled, today=TODAY)
    assert (found.leads, found.after, found.is_exact) == (0, 0, True)


def test_it_asks_the_database_four_times_however_many_leads_there_are(
    crowd, form, django_assert_num_queries
):
    estimate(form, today=TODAY)
    with django_assert_num_queries(4):
        estimate(form, today=TODAY)
