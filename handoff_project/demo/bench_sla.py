"""Measures what keeps a promise: the arithmetic of business time, and the watch over its clocks."""

from handoff_project.demo.bench_hours import business_time

PARTS = (business_time,)  # each takes the command's options and returns its figures


def sla(*, say, **options):
    """Run the parts, one after the other, and return their figures together."""
    found: dict = {}
    for part in PARTS:
        say((part.__doc__ or part.__name__).splitlines()[0])
        found |= part(say=say, **options)
    return found
