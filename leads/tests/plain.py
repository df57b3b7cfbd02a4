"""Definitions drawn at random, and the slow, obvious way to judge a lead by one.

A plan has `counts` (rules that count a signal), `asked` (rules that ask for a segment), the
groups' `caps`, and `gaps`: how far above a lead's points each threshold is. A person has
`employees`, `country`, `title` and `rate`, a custom field that nobody can correct; `days` say how
often each signal, by number, was shown so many days ago.
"""

import re
from decimal import Decimal
from types import SimpleNamespace

from hypothesis import strategies as st

from leads.scoring.changes import MOST_TOUCHPOINTS
from leads.tests.test_scoring import measured, obvious, rules

MEASURED = {
    "happened": "times",
    "not_happened": "times",
    "not_since": "times",
    "on_days": "days",
}
NUMBERS, COUNTRIES, WORDS = range(15), ("", "DE", "AT", "US", "FR"), ("VP", "intern")
RATE = {"label": "Rate", "type": "number", "path": "attributes__rate"}
NAMES = {
    "company.employees": "employees",
    "country": "country",
    "job_title": "title",
    "custom.rate": "rate",
}


def numeric(field, low, more):
    """Terms on a number that is one of `low`, in tenths; a range is so many tenths long."""
    return st.builds(
        lambda operator, low, more: (
            field,
            operator,
            [tenths(low), tenths(low + more)] if operator == "between" else tenths(low),
        ),
        st.sampled_from(["at_least", "at_most", "is", "is_not", "between", "known", "unknown"]),
        low,
        more,
    )


def tenths(n):
    return n // 10 if n % 10 == 0 else float(f"{Decimal(n) / 10}")


number_terms = numeric(
    "company.employees",
    st.integers(1, 8).map(lambda n: 10 * n) | st.integers(10, 80),
    st.integers(0, 4).map(lambda n: 10 * n) | st.integers(0, 40),
)
rate_terms = numeric("custom.rate", st.integers(-5, 8), st.integers(0, 5))
country_terms = st.builds(
    lambda operator, names: ("country", operator, names if operator == "in" else names[0]),
    st.sampled_from(["is", "is_not", "in", "known", "unknown"]),
    st.lists(st.sampled_from(COUNTRIES[1:4]), min_size=1, max_size=2, unique=True),
)
title_terms = st.builds(
    lambda words: ("job_title", "contains_any", words),
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=2, unique=True),
)
behaviour_terms = st.builds(
    lambda operator, signal, days, times: (
        "behaviour",
        operator,
        {"signal": signal, "days": days, "times": 1 if operator == "not_since" else times},
    ),
    st.sampled_from(list(MEASURED)),
    st.integers(0, 2),
    st.integers(1, 40),
    st.integers(1, 6),
)
terms = st.one_of(number_terms, rate_terms, country_terms, title_terms, behaviour_terms)
whens = st.builds(
    lambda kind, points, grouped: {
        "kind": kind,
        "points": points,
        "when": {
            group: [term for placed, term in grouped if placed == group]
            for group in ("all", "any", "none")
        },
    },
    st.sampled_from(["do_not_pass", "fast_track", *["fit", "interest"] * 4]),
    st.integers(-20, 30),
    st.lists(st.tuples(st.sampled_from(["all", "any", "none"]), terms), min_size=1, max_size=3),
)
people = st.builds(
    dict,
    employees=st.none() | st.sampled_from(NUMBERS),
    country=st.sampled_from(COUNTRIES),
    title=st.sampled_from(["", "Clerk", "VP of IT", "intern"]),
    rate=st.none() | st.integers(-5, 13).map(tenths),
)
# Most rules give points, and few axes are short of few: much is then near.
# A touchpoint more is neither a visit more nor time.
counting = st.builds(
    lambda rule, gives: rule | {"points": abs(rule["points"]) + 1} if gives else rule,
    rules.filter(lambda rule: rule["counts"] in MEASURED.values()),
    st.sampled_from([True, True, True, False]),
)
plans = st.builds(
    SimpleNamespace,
    counts=st.lists(counting, min_size=1, max_size=4),
    caps=st.tuples(st.integers(0, 60), st.integers(0, 60)),
    asked=st.lists(whens, min_size=1, max_size=5),
    gaps=st.dictionaries(
        st.sampled_from(["fit", "interest", "total"]), st.integers(1, 20), min_size=1, max_size=2
    ),
)


def thresholds(plan, person, days):
    """The thresholds that are as far from what this lead has as the plan says."""
    points, _ = scored(plan, person, days)
    short = {axis: points[axis] + gap for axis, gap in plan.gaps.items()}
    return dict.fromkeys(("fit", "interest", "total")) | short


def compiled(plan, keys, needed):
    """The definition in its intermediate form."""
    groups = [
        {"id": 2 * number + side, "name": "", "kind": kind, "cap": cap}
        for number, cap in enumerate(plan.caps)
        for side, kind in enumerate(("fit", "interest"))
    ]
    plain = {"label": "", "signal_name": "", "group": None}
    counts = [
        plain
        | {"id": number, "type": "count", **rule, "signal": keys[rule["signal"]]}
        | {"group": group_of(rule)}
        for number, rule in enumerate(plan.counts)
    ]
    whens = [
        plain
        | {"id": 100 + number, "type": "when", "kind": rule["kind"], "points": rule["points"]}
        | {
            "when": {
                group: [
                    {"field": field, "operator": operator, "value": in_full(operator, value, keys)}
                    | ({"custom": RATE} if field == "custom.rate" else {})
                    for field, operator, value in rule["when"][group]
                ]
                for group in ("all", "any", "none")
            }
        }
        for number, rule in enumerate(plan.asked)
    ]
    tiers = {"A": 60, "B": 30, "C": 10}
    return {
        "thresholds": needed,
        "tiers": tiers,
        "groups": groups,
        "rules": [*counts, *whens],
    }


def group_of(rule):
    return None if rule["group"] is None else 2 * rule["group"] + (rule["kind"] == "interest")


def in_full(operator, value, keys):
    if operator in ("known", "unknown"):
        return None
    if isinstance(value, dict):
        return value | {"signal": keys[value["signal"]], "signal_name": ""}
    return value


def every_change(plan, person, days):
    """Yield `(size, person, days)` for all that is one change, without knowing any edge."""
    fields = {
        field for rule in plan.asked for group in rule["when"].values() for field, *_ in group
    }
    shown = {rule["signal"] for rule in plan.counts} | {
        value["signal"]
        for rule in plan.asked
        for group in rule["when"].values()
        for field, _, value in group
        if field == "behaviour"
    }
    for signal in shown:
        for n in range(1, MOST_TOUCHPOINTS + 1):
            yield n, person, more(days, signal, n)
    title = person["title"]
    options = {
        "company.employees": ("employees", [None, *NUMBERS]),
        "country": ("country", COUNTRIES),
        "job_title": ("title", ["", "else", *WORDS, *(f"{title} {word}" for word in WORDS)]),
    }
    for field in fields & set(options):
        name, values = options[field]
        for value in values:
            if value != person[name]:
                yield size(person[name], value), person | {name: value}, days


def size(old, new):
    if old in (None, ""):
        return 1
    if new in (None, ""):
        return 3
    if isinstance(old, str):
        return 2
    return 2 + abs(new - old) / (abs(new - old) + old + 1)


def more(days, signal, n):
    return days | {(signal, 0): days.get((signal, 0), 0) + n}


def told(change, keys, person, days):
    """The person and the history after a change that was stated."""
    if change.kind == "touchpoints":
        return person, more(days, keys.index(change.subject), change.value)
    return person | {NAMES[change.subject]: change.value}, days


def stated(sentence):
    """All numbers in the range that a change's sentence names."""
    words = re.search(r"(between|at least|at most) (\d+)(?: and (\d+))?", sentence)
    if not words:
        return []
    how, edge, other = words[1], int(words[2]), int(words[3] or words[2])
    lowest, highest = {
        "between": (edge, other),
        "at least": (edge, max(NUMBERS)),
        "at most": (0, edge),
    }[how]
    return range(lowest, highest + 1)


def scored(plan, person, days):
    """The points of each axis and in total, the slow, obvious way, and the kinds that hold."""
    counted = obvious(plan.counts, plan.caps, days)
    points = {axis: counted[axis] for axis in ("fit", "interest")}
    holding = [rule for rule in plan.asked if segment_holds(rule["when"], person, days)]
    for rule in holding:
        if rule["kind"] in points:
            points[rule["kind"]] += rule["points"]
    points["total"] = points["fit"] + points["interest"]
    return points, {rule["kind"] for rule in holding}


def verdict(plan, person, days, needed):
    """Whether the lead passes with these thresholds."""
    points, kinds = scored(plan, person, days)
    if "do_not_pass" in kinds:
        return False
    asked = {axis: n for axis, n in needed.items() if n is not None}
    reached = bool(asked) and all(points[axis] >= n for axis, n in asked.items())
    return "fast_track" in kinds or reached


def segment_holds(when, person, days):
    def holds(term):
        return term_holds(*term, person, days)

    return (
        all(map(holds, when["all"]))
        and (not when["any"] or any(map(holds, when["any"])))
        and not any(map(holds, when["none"]))
    )


def term_holds(field, operator, asked, person, days):
    if field == "behaviour":
        seen = [
            measured(n, MEASURED[operator])
            for (signal, ago), n in days.items()
            if signal == asked["signal"] and ago < asked["days"]
        ]
        enough = sum(seen) >= asked["times"]
        return not enough if operator in ("not_happened", "not_since") else enough
    value = person[NAMES[field]]
    if value in (None, ""):
        return operator == "unknown"
    value, asked = exact(value), exact(asked)
    compare = {
        "known": lambda: True,
        "unknown": lambda: False,
        "is": lambda: value == asked,
        "is_not": lambda: value != asked,
        "in": lambda: value in asked,
        "at_least": lambda: value >= asked,
        "at_most": lambda: value <= asked,
        "between": lambda: asked[0] <= value <= asked[1],
        "contains_any": lambda: any(re.search(rf"\b{w}\b", value, re.I) for w in asked),
    }
    return compare[operator]()


def exact(value):
    """A number, or the numbers of a range, as they are written."""
    if isinstance(value, list):
        return [exact(one) for one in value]
    return Decimal(str(value)) if isinstance(value, int | float) else value
