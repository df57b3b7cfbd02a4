"""Turns are fair to within one, whoever comes and goes."""

from collections import Counter
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as some

from routing.rotation import LEAST_OPEN, ROUND_ROBIN, WEIGHTED, Place, after, next_up, seated


class Pool:
    """A pool's turns in memory."""

    def __init__(self, weights):
        self.places = [Place(rep, w, 0.0, 0, 0, None) for rep, w in enumerate(weights)]
        self.number = 0

    def turn(self, present, *, method, able=None):
        self.number += 1
        able = present if able is None else able
        places = seated(self.places, present)
        won = next_up(places, able, method=method, load=Counter(), lot=lambda rep: rep)
        if won is not None:
            self.places = after(places, able, won, method=method, number=self.number)
        return won and won.rep


@given(some.lists(some.integers(1, 9), min_size=1, max_size=8), some.integers(1, 200))
def test_weights_are_kept_within_one_turn_at_every_moment(weights, turns):
    pool, got, everybody = Pool(weights), Counter(), set(range(len(weights)))
    for number in range(1, turns + 1):
        got[pool.turn(everybody, method=WEIGHTED)] += 1
        for rep, weight in enumerate(weights):
            assert abs(got[rep] - number * weight / sum(weights)) < 1 + 1e-6


@given(some.integers(1, 9), some.integers(1, 60))
def test_round_robin_goes_round_in_order(reps, turns):
    pool, everybody = Pool([1] * reps), set(range(reps))
    got = [pool.turn(everybody, method=ROUND_ROBIN) for _ in range(turns)]
    assert got == [number % reps for number in range(turns)]


@settings(max_examples=200)
@given(
    some.integers(2, 6),
    some.lists(some.tuples(some.sets(some.integers(0, 5), min_size=1), some.integers(1, 25))),
)
def test_from_whatever_came_before_the_next_stretch_is_shared_equally(reps, stretches):
    """In each stretch the same reps are there; nobody gets two turns more than another."""
    pool = Pool([1] * reps)
    for who, turns in stretches:
        present = {rep for rep in who if rep < reps}
        got = Counter(dict.fromkeys(present, 0))
        for _ in range(turns):
            won = pool.turn(present, method=ROUND_ROBIN)
            assert (won in present) if present else won is None
            got[won] += 1
        if present:
            assert max(got.values()) - min(got.values()) <= 2


def test_weighted_turns_are_spread_instead_of_taken_in_bursts():
    pool = Pool([5, 1, 1])
    got = [pool.turn({0, 1, 2}, method=WEIGHTED) for _ in range(7)]
    assert got == [0, 0, 1, 0, 2, 0, 0]


def test_somebody_back_after_a_long_time_takes_every_third_turn_like_the_others():
    pool = Pool([1, 1, 1])
    for _ in range(2):
        pool.turn({0, 1, 2}, method=ROUND_ROBIN)
    for _ in range(100):
        pool.turn({0, 1}, method=ROUND_ROBIN)
    got = [pool.turn({0, 1, 2}, method=ROUND_ROBIN) for _ in range(9)]
    assert Counter(got) == {0: 3, 1: 3, 2: 3}
    assert all(one != other for one, other in pairwise(got))


def test_somebody_new_takes_an_equal_share_from_now_on():
    pool = Pool([1, 1, 1])
    for _ in range(50):
        pool.turn({0, 1}, method=WEIGHTED)
    got = Counter(pool.turn({0, 1, 2}, method=WEIGHTED) for _ in range(30))
    assert set(got.values()) == {10}


def test_leads_that_somebody_cannot_take_are_not_made_up_for():
    pool, everybody = Pool([1, 1]), {0, 1}
    for _ in range(20):
        assert pool.turn(everybody, method=ROUND_ROBIN, able={1}) == 1
    got = [pool.turn(everybody, method=ROUND_ROBIN) for _ in range(6)]
    assert Counter(got) == {0: 3, 1: 3}


def test_going_away_after_each_turn_gains_nothing():
    pool, got = Pool([1, 1, 1]), Counter()
    gone = False
    for _ in range(90):
        won = pool.turn({1, 2} if gone else {0, 1, 2}, method=ROUND_ROBIN)
        got[won] += 1
        gone = won == 0
    assert got[0] <= 30


def test_least_open_work_prefers_who_waited_longest_among_equals():
    pool = Pool([1, 1, 1])
    got = [pool.turn({0, 1, 2}, method=LEAST_OPEN) for _ in range(9)]
    assert all(len(set(got[n : n + 3])) == 3 for n in range(0, 9, 3))


def test_nobody_there_means_no_turn():
    pool = Pool([1, 1])
    assert pool.turn(set(), method=ROUND_ROBIN) is None
