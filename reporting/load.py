"""What a definition asks of each pool's reps: its MQLs a week, by the live routing rules."""

from datetime import UTC, datetime, time, timedelta

from django.db.models import Case, Count, Exists, IntegerField, OuterRef, Q, Subquery, Value, When

from leads.conditions import compiler
from leads.models import Lead
from reporting.backtest import WEEKS, ends
from reporting.models import PreviewMeeting
from routing.models import Handoff, Pool, Rule, RuleSet

OVER = 4  # weeks


def by_pool(run):
    """Return `{"pool", "reps", "live", "draft"}` for each pool that got leads, in the last weeks.

    Leads are those that first met the live definition, or the draft, in the last `OVER` weeks;
    each goes where the first rule that holds today sends it. What goes to a person counts for the
    pool in which it would wait for them. `reps` are in rotation. Empty without a live rule set.
    """
    rule_set = RuleSet.objects.live()
    if rule_set is None:
        return []
    before = datetime.combine(ends(run.today)[-1 - OVER] + timedelta(days=1), time(), UTC)
    ways = list(_ways(rule_set.compiled["rules"], today=run.today, before=before))
    found: dict = {}
    for number, live, draft in _by_way(run, ways):
        sums = found.setdefault(ways[number][1], [0, 0])
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


def _ways(rules, *, today, before):
    """Yield `(Q, pool)`: which leads a rule, or a territory of it, has somebody for, and where.

    Whoever had a lead before had it before these weeks: what became an MQL in them is with its
    owner today because of that.
    """
    for rule in rules:
        asked = compiler.to_q(rule["when"], today=today)
        target = rule.get("target", Rule.Target.POOL)
        if target == Rule.Target.TERRITORY:
            for one in rule["territories"]:
                yield asked & compiler.to_q(one["when"], today=today), one["pool"]
        elif target == Rule.Target.ACCOUNT_OWNER:
            yield asked & Q(company__account_owner__rep__isnull=False), rule["pool"]
        elif target == Rule.Target.PREVIOUS_OWNER:
            held = Handoff.objects.filter(
                lead=OuterRef("pk"), owner__isnull=False, opened_at__lt=before
            )
            yield asked & Q(Exists(held)), rule["pool"]
        else:
            yield asked, rule["pool"]


def _by_way(run, ways):
    """Return (way's place, MQLs with the live definition, with the draft); the first one wins."""
    asked = [When(q, then=Value(place)) for place, (q, _) in enumerate(ways)]
    met = PreviewMeeting.objects.filter(run=run, lead=OuterRef("pk"))
    late = Q(live_week__gt=WEEKS - OVER) | Q(draft_week__gt=WEEKS - OVER)
    recent = PreviewMeeting.objects.filter(late, run=run).values("lead_id")
    leads = Lead.objects.filter(pk__in=recent).annotate(
        way=Case(*asked, default=Value(len(ways) - 1), output_field=IntegerField()),
        **{f"{side}_week": Subquery(met.values(f"{side}_week")) for side in ("live", "draft")},
    )
    in_time = {
        side: Count("pk", filter=Q(**{f"{side}_week__gt": WEEKS - OVER}))
        for side in ("live", "draft")
    }
    return leads.order_by().values_list("way").annotate(**in_time).values_list("way", *in_time)
