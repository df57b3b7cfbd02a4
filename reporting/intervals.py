"""How sure a share or a count is that a sample told: 95 % intervals.

Shares: the score interval of Wilson (1927); `cautious` is the same with a correction for
continuity, number 4 in Newcombe, "Two-sided confidence intervals for the single proportion",
Statistics in Medicine 17 (1998), which holds at least 95 % also where hardly anybody, or almost
everybody, counts. Sums over strata combine the distances of those bounds as the hypotenuse, by
Zou and Donner, "Construction of confidence limits about effect measures", Statistics in Medicine
27 (2008).

The difference of two shares: method 10 of Newcombe, "Interval estimation for the difference between
independent proportions", Statistics in Medicine 17 (1998), which does so with the bounds of Wilson.
"""

from dataclasses import dataclass
from math import ceil, floor, hypot, sqrt

Z = 1.959964  # of the normal distribution, for 95 %


def wilson(count, n):
    """Return (low, high) of a share of which `count` of `n` cases are known; (0, 1) for none."""
    if not n:
        return 0.0, 1.0
    share, wide = count / n, Z * Z / n
    middle = share + wide / 2
    spread = Z * sqrt(share * (1 - share) / n + wide / (4 * n))
    return max(0.0, (middle - spread) / (1 + wide)), min(1.0, (middle + spread) / (1 + wide))


def difference(count, n, other, of):
    """Return (low, high) of the share `count` of `n` less the share `other` of `of`.

    Where one of them is of none, nothing is known: (-1, 1).
    """
    if not n or not of:
        return -1.0, 1.0
    first, second = count / n, other / of
    (low, high), (least, most) = wilson(count, n), wilson(other, of)
    gap = first - second
    return gap - hypot(first - low, most - second), gap + hypot(high - first, second - least)


def cautious(count, n):
    """Return (low, high) of a share as `wilson` does, corrected for continuity."""
    if not n:
        return 0.0, 1.0
    share, square = count / n, Z * Z
    below = square - 2 - 1 / n + 4 * share * (n * (1 - share) + 1)
    above = square + 2 - 1 / n + 4 * share * (n * (1 - share) - 1)
    low = (2 * count + square - 1 - Z * sqrt(max(0.0, below))) / (2 * (n + square))
    high = (2 * count + square + 1 + Z * sqrt(max(0.0, above))) / (2 * (n + square))
    return (0.0 if count == 0 else max(0.0, low)), (1.0 if count == n else min(1.0, high))


@dataclass(frozen=True)
class Stratum:
    """A part of the population: its size, how many of it were drawn, and how many of them count."""

    size: int
    drawn: int
    counted: int

    def bounds(self):
        """Return (estimate, low, high) of how many of the part count; exact if all were drawn."""
        if self.drawn == self.size:
            return self.counted, self.counted, self.counted
        if not self.drawn:
            return 0, 0, self.size
        low, high = cautious(self.counted, self.drawn)
        # What was drawn is certain, however the rest is.
        least, most = self.counted, self.size - (self.drawn - self.counted)
        estimate = self.size * self.counted / self.drawn
        return estimate, max(least, self.size * low), min(most, self.size * high)


@dataclass(frozen=True)
class Estimated:
    """A count as a sample tells it, between `low` and `high` in 95 of 100 samples or more."""

    value: int
    low: int
    high: int

    @property
    def is_exact(self):
        return self.low == self.high


def total(strata):
    """Return the Estimated count over all these parts of a population."""
    found = [stratum.bounds() for stratum in strata]
    value = sum(estimate for estimate, _, _ in found)
    below = hypot(*(estimate - low for estimate, low, _ in found))
    above = hypot(*(high - estimate for estimate, _, high in found))
    least, most = sum(low for _, low, _ in found), sum(high for _, _, high in found)
    return Estimated(round(value), floor(max(least, value - below)), ceil(min(most, value + above)))
