"""Who gets a handoff: one pure decision over loaded inputs.

The app, the replay of a stored decision, a preview and every explanation call `decide`. It looks
at nothing but its arguments, which JSON can hold, so a stored decision can be made again.
"""

from hashlib import sha256
from typing import Any

from routing.inputs import Outcome, Turns
from routing.models import Rule
from routing.rotation import after, next_up, seated

Target, Method = Rule.Target, Rule.Method
NO_LIMITS: dict[str, Any] = {
    "open": None,
    "daily": None,
    "hours": False,
    "language": False,
    "skills": [],
}


def decide(form, inputs):
    """Return the Outcome for one lead by a rule set's intermediate form."""
    tried: list[dict] = []
    held = {*inputs.rules, None}  # the catch-all has no id and holds for everybody
    for place, rule in enumerate(form["rules"], 1):
        if rule["id"] not in held:
            continue
        attempt = _Attempt(rule, inputs)
        attempt.run()
        goes_on = not attempt.applies or (
            attempt.nobody and rule.get("otherwise") == Rule.Otherwise.NEXT
        )
        tried.append(attempt.as_json(place, goes_on))
        if not goes_on:
            break
    return Outcome(
        rule_label=rule["label"],
        pool=attempt.pool,
        rep=attempt.winner,
        nobody=attempt.nobody,
        trace={
            "rule": place,
            "target": attempt.target,
            "method": attempt.method,
            "how": attempt.how,
            "tried": tried,
            "turn": attempt.turn,
        },
        turns=attempt.turns,
    )


def needs(form, facts):
    """Return the ids of the `(pools, reps)` that a decision with these facts could look at.

    `facts` are Inputs without reps and pools.
    """
    pools: set[int] = set()
    reps: set[int] = set()
    held = {*facts.rules, None}
    for rule in form["rules"]:
        if rule["id"] not in held:
            continue
        named, pool, by_turns = _sought(rule, facts)
        if named is None:
            continue
        reps.update(rep for rep, _ in named)
        if by_turns and rule["method"] != Method.CLAIM:
            pools.add(pool)
        claimed = by_turns and rule["method"] == Method.CLAIM
        if claimed or rule.get("otherwise") != Rule.Otherwise.NEXT:
            break
    return pools, reps


def _sought(rule, facts):
    """Return `(named reps with their roles, pool, whether the pool is asked, too)` of a rule.

    The named are None where the rule has nobody for this lead at all.
    """
    target = rule.get("target", Target.POOL)
    if target == Target.POOL:
        return [], rule["pool"], True
    if target == Target.REP:
        return [(rule["rep"], "named rep")], rule["pool"], False
    if target == Target.TERRITORY:
        found = next((one for one in rule["territories"] if one["id"] in facts.territories), None)
        if found is None:
            return None, rule["pool"], False
        people = [(found["primary"], "primary"), (found["backup"], "backup")]
        return [one for one in people if one[0]], found["pool"], True
    owner = facts.account_owner if target == Target.ACCOUNT_OWNER else facts.previous_owner
    return [(owner, Target(target).label.lower())] if owner else None, rule["pool"], False


NOBODY = {
    Target.TERRITORY: "It is in no territory.",
    Target.ACCOUNT_OWNER: "Its company has no account owner who is a rep.",
    Target.PREVIOUS_OWNER: "Nobody had the lead before.",
}


class _Attempt:
    """One rule that fits the lead, asked for somebody who takes it."""

    def __init__(self, rule, inputs):
        self.rule, self.inputs = rule, inputs
        self.target = rule.get("target", Target.POOL)
        self.method, self.limits = rule["method"], rule.get("limits", NO_LIMITS)
        self.named, self.pool, self.by_turns = _sought(rule, inputs)
        self.applies, self.nobody = self.named is not None, False
        self.winner: int | None = None
        self.how = ""
        self.turns: Turns | None = None
        self.turn: dict | None = None
        self.asked: list[list] = []  # [rep, role, why not, who takes it instead]

    def run(self):
        if not self.applies:
            return
        for rep, role in self.named:
            self.winner = self.winner or self._ask(rep, role)
        if self.winner:
            self.how = self.asked[-1][1]
        elif not self.by_turns:
            self.nobody = True
        elif self.method == Method.CLAIM:
            self.how = "claim"
        else:
            self._take_turn()
            self.nobody = self.winner is None

    def as_json(self, place, goes_on):
        found = {"rule": place, "goes_on": goes_on, "asked": self.asked}
        return found if self.applies else found | {"nobody": NOBODY[self.target]}

    def _ask(self, rep, role):
        """Note why this rep cannot take the lead, or return who does: they, or their cover."""
        why = self._refusal(self.inputs.reps[rep])
        taker = None if why else rep
        if self.inputs.reps[rep].away:
            taker = self._cover_of(rep)
        self.asked.append([rep, role, why, taker if taker != rep else None])
        return taker

    def _cover_of(self, rep):
        """Return who covers for somebody away; a cover who is away has one, too, or nobody does."""
        passed = {rep}
        cover = self.inputs.reps[rep].cover
        while cover is not None and cover not in passed:
            found = self.inputs.reps[cover]
            if not found.away:
                return None if self._refusal(found) else cover
            passed.add(cover)
            cover = found.cover
        return None

    def _take_turn(self):
        turns = self.inputs.pools[self.pool]
        takers, present = {}, set()
        for place in turns.places:
            candidate = self.inputs.reps[place.rep]
            why = _out_of_turns(candidate, place)
            if not why:
                present.add(place.rep)
                why = self._refusal(candidate)
            taker = place.rep if not why else None
            if candidate.away and candidate.in_rotation and place.weight:
                taker = self._cover_of(place.rep)
                present.update([place.rep] if taker else [])
            if taker:
                takers[place.rep] = taker
            self.asked.append([place.rep, "turn", why, taker if taker != place.rep else None])
        self._give(turns, takers, present)

    def _give(self, turns, takers, present):
        places = seated(turns.places, present)
        load = {rep: self.inputs.reps[taker].open for rep, taker in takers.items()}
        won = next_up(places, takers, method=self.method, load=load, lot=self._lot)
        if won is None:
            return
        self.winner, self.how = takers[won.rep], "turn"
        number = turns.number + 1
        after_it = after(places, takers, won, method=self.method, number=number)
        self.turns = turns._replace(number=number, places=after_it)
        self.turn = {
            "pool": self.pool,
            "number": number,
            "seat": won.rep,
            "credits": [round(place.credit, 6) for place in after_it],
        }

    def _lot(self, rep):
        return sha256(f"{self.inputs.handoff} {rep}".encode()).digest()

    def _refusal(self, candidate):
        """Return why this rep cannot take this lead by this rule, in words, or nothing."""
        limits = self.limits
        if candidate.away:
            return candidate.away
        for held, said, caps in (
            (candidate.open, "open leads", (candidate.open_cap, limits["open"])),
            (candidate.today, "leads today", (candidate.daily_cap, limits["daily"])),
        ):
            for cap in caps:
                if cap is not None and held >= cap:
                    return _full(held, cap, said)
        if limits["hours"] and candidate.closed:
            return candidate.closed
        language = self.inputs.language
        if limits["language"] and language and language not in candidate.languages:
            return f"Does not speak {language}"
        lacking = [skill for skill in limits["skills"] if skill not in candidate.skills]
        return f"Does not know {', '.join(lacking)}" if lacking else ""


def _out_of_turns(candidate, place):
    """Return why somebody takes no turns at all now, whatever the rule asks for, or nothing."""
    if candidate.away:
        return candidate.away
    if not candidate.in_rotation:
        return "Out of rotation"
    if not place.weight:
        return "Weight 0: gets nothing by turns"
    if candidate.open_cap is not None and candidate.open >= candidate.open_cap:
        return _full(candidate.open, candidate.open_cap, "open leads")
    if candidate.daily_cap is not None and candidate.today >= candidate.daily_cap:
        return _full(candidate.today, candidate.daily_cap, "leads today")
    return ""


def _full(held, cap, said):
    return f"Has {held} {said} of at most {cap}" if cap else "Gets nothing: the cap is 0"
