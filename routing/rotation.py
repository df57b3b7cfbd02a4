"""Whose turn it is in a pool. Pure: seats in, the winner and the seats as they are then out.

Every turn that is taken is worth 1 in all. It is shared out among those who could have taken it,
by their weights, as *credit*; whoever takes it pays 1. The highest credit has the next turn, among
equals whoever has waited longest. So turns of heavier seats are spread, not taken in bursts, and
while the same seats can take turns nobody is ever a whole turn ahead of their share or behind it.

Who cannot take a turn (away, out of rotation, at a cap, weight 0) neither earns nor pays. Coming
back, a seat stands at the average of those who stayed, or at its own credit if that is lower: what
came while it was away is not made up for, and a turn taken just before leaving is not forgotten. A
new seat begins at that average. A limit of one rule alone (language, skills, working hours, a
tighter cap) is no absence: for such a lead the seat earns nothing and keeps what it has.
"""

from typing import NamedTuple

ROUND_ROBIN, WEIGHTED, LEAST_OPEN = "round_robin", "weighted", "least_open"
EXACT = 9  # decimals in which two credits differ; further ones are dust of the arithmetic


class Place(NamedTuple):
    """A seat as the rotation sees it; `last_turn` is the number of the pool's turn, 0 is none."""

    rep: int
    weight: int
    credit: float
    turns: int
    last_turn: int
    present: bool | None  # when the latest turn was taken; None: never asked


def seated(places, present):
    """Return the places with those who came and went since the latest turn, by `present` reps."""
    stayed = [place.credit for place in places if place.present and place.rep in present]
    average = sum(stayed) / len(stayed) if stayed else None
    return [_entered(place, place.rep in present, average) for place in places]


def _entered(place, is_present, average):
    if not is_present:
        return place._replace(present=False) if place.present is not None else place
    if place.present:
        return place
    credit = place.credit
    if average is not None:
        credit = average if place.present is None else min(place.credit, average)
    return place._replace(present=True, credit=credit)


def next_up(places, able, *, method, load=None, lot=None):
    """Return the place whose turn it is among the reps who are `able`, or None.

    `load` says by rep how much open work the taker of the turn has; `lot` draws by rep among those
    who never had a turn and have equally little to do.
    """
    asked = [place for place in places if place.rep in able]
    if not asked:
        return None
    if method == LEAST_OPEN:
        return min(asked, key=lambda one: (load[one.rep], one.last_turn, lot(one.rep)))
    earned = _earned(asked, method)
    # Of equals, `min` returns the first: in the order of the seats.
    return min(asked, key=lambda one: (-round(one.credit + earned[one.rep], EXACT), one.last_turn))


def after(places, able, winner, *, method, number):
    """Return the places as they are when the winner has taken the pool's turn of this number."""
    asked = [place for place in places if place.rep in able]
    earned = {} if method == LEAST_OPEN else _earned(asked, method)
    paid = 0 if method == LEAST_OPEN else 1
    return [_later(place, earned, winner.rep, paid=paid, number=number) for place in places]


def _later(place, earned, winner, *, paid, number):
    # Made whole: `_replace`, of every place at every turn, was a twentieth of routing.
    rep, weight, credit, turns, last_turn, present = place
    credit += earned.get(rep, 0)
    if rep == winner:
        return Place(rep, weight, credit - paid, turns + 1, number, present)
    return Place(rep, weight, credit, turns, last_turn, present) if rep in earned else place


def _earned(asked, method):
    """By rep, their share of one turn."""
    if method == ROUND_ROBIN:
        return {place.rep: 1 / len(asked) for place in asked}
    total = sum(place.weight for place in asked)
    return {place.rep: place.weight / total for place in asked}
