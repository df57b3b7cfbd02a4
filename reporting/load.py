"""What a definition asks of each pool's reps: its MQLs a week, by the live routing rules."""

from django.db.models import Case, Count, IntegerField, OuterRef, Q, Subquery, Value, When

from leads.conditions import compiler
from leads.models import Lead
from reporting.backtest import WEEKS
from reporting.models import PreviewMeeting
from routing.models import Pool, RuleSet

OVER = 4  # weeks


def by_pool(run):
    """Return `{"pool", "reps", "live", "draft"}` for each pool that got leads, in the last weeks.

    Leads are those that first met the live definition, or the draft, in the last `OVER` weeks;
    each goes where the first rule that holds today sends it. `reps` are in rotation. Empty
    without a live rule set.
    """
    rule_set = RuleSet.objects.live()
    if rule_set is None:
        return []
    rules = rule_set.compiled["rules"]
    found: dict = {}
    for number, live, draft in _by_rule(run, rules):
        sums = found.setdefault(rules[number]["pool"], [0, 0])
        sums[0], sums[1] = sums[0] + live, sums[1] + draft
    pools = Pool.objects.filter(pk__in=found).annotate(
        reps=Count(
            "team__reps", filter=Q(team__reps__in_rotation=True, team__reps__user__is_active=True)
        )
    )
    return [
        {
            "pool": pool.name,
            "reps": pool.reps,
            "live": found[pool.pk][0],
            "draft": found[pool.pk][1],
        }
        for pool in pools.order_by("name")
    ]


def _by_rule(run, rules):
    """Return (rule's place, MQLs with the live definition, with the draft); the first rule wins."""
    asked = [
        When(compiler.to_q(rule["when"], today=run.today), then=Value(place))
        for place, rule in enumerate(rules)
        if rule["id"] is not None
    ]
    met = PreviewMeeting.objects.filter(run=run, lead=OuterRef("pk"))
    late = Q(live_week__gt=WEEKS - OVER) | Q(draft_week__gt=WEEKS - OVER)
    recent = PreviewMeeting.objects.filter(late, run=run).values("lead_id")
    leads = Lead.objects.filter(pk__in=recent).annotate(
        rule=Case(*asked, default=Value(len(rules) - 1), output_field=IntegerField()),
        **{f"{side}_week": Subquery(met.values(f"{side}_week")) for side in ("live", "draft")},
    )
    in_time = {
        side: Count("pk", filter=Q(**{f"{side}_week__gt": WEEKS - OVER}))
        for side in ("live", "draft")
    }
    return leads.order_by().values_list("rule").annotate(**in_time).values_list("rule", *in_time)
