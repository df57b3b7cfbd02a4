"""How past days go on when leads go to others: whose turn it is then, and who has how much to do.

A replay decides one record after the other. As long as a pool's turns go as they went, its state is
in the records. Once they go otherwise it is kept here, and so is the work that somebody would have
had more or less.
"""

from collections import Counter
from dataclasses import replace


class Course:
    """What is otherwise by now than the records say."""

    def __init__(self):
        self._apart: dict = {}  # pools whose turns went otherwise, as they stand
        self._open: Counter = Counter()  # leads more than there were, by rep
        self._today: Counter = Counter()  # the same by rep and day

    def inputs(self, inputs):
        """Return these inputs as they would have been."""
        day = inputs.now[:10]
        pools = {pool: self._turns(pool, turns) for pool, turns in inputs.pools.items()}
        reps = {key: self._rep(one, day) for key, one in inputs.reps.items()}
        return replace(inputs, pools=pools, reps=reps)

    def note(self, decision, inputs, outcome):
        """Go on with an outcome instead of the stored decision."""
        was, now = decision.trace.get("turn"), outcome.trace["turn"]
        if was != now or (now and now["pool"] in self._apart):
            # Whose turn it really was has it still; who has it now has taken it.
            if was and was["pool"] in inputs.pools:
                self._apart.setdefault(was["pool"], inputs.pools[was["pool"]])
            if outcome.turns:
                self._apart[outcome.pool] = outcome.turns
        if decision.rep_id != outcome.rep:
            for rep, more in ((decision.rep_id, -1), (outcome.rep, 1)):
                self._open[rep] += more
                self._today[rep, inputs.now[:10]] += more

    def _turns(self, pool, turns):
        """The turns as they stand, of those who are in the pool now, by the weights of now."""
        apart = self._apart.get(pool)
        if apart is None:
            return turns
        known = {place.rep: place for place in apart.places}
        places = [
            known[place.rep]._replace(weight=place.weight) if place.rep in known else place
            for place in turns.places
        ]
        return apart._replace(places=places)

    def _rep(self, one, day):
        more, today = self._open[one.rep], self._today[one.rep, day]
        if not more and not today:
            return one
        return one._replace(open=max(0, one.open + more), today=max(0, one.today + today))
