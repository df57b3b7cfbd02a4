"""How far two sides agree, beyond what chance would give.

Cohen, "A coefficient of agreement for nominal scales", Educational and Psychological Measurement 20
(1960): kappa = (po - pe) / (1 - pe), where po is the share on which both said the same, and pe the
share on which they would by chance, each with their own rate of yes.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Agreement:
    """How often both said yes, both no, and each alone yes."""

    both: int = 0
    neither: int = 0
    first: int = 0
    second: int = 0

    @property
    def n(self):
        return self.both + self.neither + self.first + self.second

    @property
    def same(self):
        """The share on which both said the same, 0 to 1; None before any."""
        return (self.both + self.neither) / self.n if self.n else None

    @property
    def kappa(self):
        """1 is full agreement, 0 is chance; None where chance alone would agree on all."""
        if not self.n:
            return None
        first = (self.both + self.first) / self.n
        second = (self.both + self.second) / self.n
        by_chance = first * second + (1 - first) * (1 - second)
        return (self.same - by_chance) / (1 - by_chance) if by_chance < 1 else None


def agreement(pairs):
    """Return the Agreement of `(yes of the first, yes of the second)` pairs."""
    pairs = list(pairs)
    return Agreement(
        both=pairs.count((True, True)),
        neither=pairs.count((False, False)),
        first=pairs.count((True, False)),
        second=pairs.count((False, True)),
    )
