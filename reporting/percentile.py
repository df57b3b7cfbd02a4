from django.db.models import Aggregate, FloatField


class Percentile(Aggregate):
    """PostgreSQL's `percentile_cont` of an expression: 0.5 is the median; NULL without rows."""

    function = "PERCENTILE_CONT"
    template = "%(function)s(%(share)s) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()

    def __init__(self, expression, share, **extra):
        super().__init__(expression, share=share, **extra)
