"""Measures what keeps a promise: the arithmetic of business time, and the watch over its clocks."""

from handoff_project.demo.bench_hours import business_time
from handoff_project.demo.bench_watch import watch_over_clocks

# Each takes the command's options and returns its figures.
PARTS = (business_time, watch_over_clocks)


def sla(*, say, **options):
    """Run the parts, one after the other, and return their figures together."""
    found: dict = {}
    for part in PARTS:
        say((part.__doc__ or part.__name__).splitlines()[0])
        found |= part(say=say, **options)
    return found
