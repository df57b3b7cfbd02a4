from django.db.models import Aggregate, FloatField


class Median(Aggregate):
    """PostgreSQL's median of an expression (`percentile_cont(0.5)`); NULL without rows."""

    function = "PERCENTILE_CONT"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()
