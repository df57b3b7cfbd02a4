"""What a finished run of a preview found, ready to read."""

from dataclasses import dataclass
from datetime import date

from handoff_project.portal.bars import Chart, chart
from leads.models import Lead
from reporting.backtest import SIDES
from reporting.models import PreviewLead, PreviewRun
from reporting.preview import SAMPLE, TIERS, Outcomes


@dataclass(frozen=True)
class Kind:
    """The leads of one kind: how many, the first that the reader may see, and their past."""

    key: str
    label: str
    count: int
    sample: list[PreviewLead]
    outcomes: Outcomes | None


@dataclass(frozen=True)
class Row:
    """Leads of one tier now, by their tier with the draft."""

    tier: str
    cells: list[tuple[str, int]]
    total: int


@dataclass(frozen=True)
class Load:
    """What one pool, or all of them, would get a week; per rep where anybody is in rotation."""

    pool: str
    reps: int
    live: float
    draft: float

    @property
    def live_per_rep(self):
        return self.live / self.reps if self.reps else None

    @property
    def draft_per_rep(self):
        return self.draft / self.reps if self.reps else None


@dataclass(frozen=True)
class Report:
    """The exact preview of one text of a draft. `now` are the counts of `reporting.preview`."""

    run: PreviewRun
    now: dict
    kinds: list[Kind]
    tiers: list[Row]
    tiers_after: list[int]
    weeks: list[dict]
    totals: dict
    chart: Chart
    over: int
    load: list[Load]
    load_total: Load


def report(run, user):
    """Return the Report of a run that is done, with the leads that this user may see."""
    now, matrix = run.result["now"], run.result["now"]["matrix"]
    weeks = [week | {"end": date.fromisoformat(week["end"])} for week in run.result["weeks"]]
    over = run.result["over"]
    load = [
        Load(one["pool"], one["reps"], one["live"] / over, one["draft"] / over)
        for one in run.result["load"]
    ]
    return Report(
        run=run,
        now=now,
        kinds=[_kind(run, kind, user) for kind in PreviewLead.Kind],
        tiers=[
            Row(tier, list(zip(TIERS, row, strict=True)), sum(row))
            for tier, row in zip(TIERS, matrix, strict=True)
        ],
        tiers_after=[sum(column) for column in zip(*matrix, strict=True)],
        weeks=weeks,
        totals={side: sum(week[side] for week in weeks) for side in SIDES},
        chart=chart(weeks, SIDES),
        over=over,
        load=load,
        load_total=Load(
            "All",
            sum(one.reps for one in load),
            sum(one.live for one in load),
            sum(one.draft for one in load),
        ),
    )


def leads_of(run, kind, user):
    """Return the leads of a kind that this user may see, best score with the draft first."""
    visible = Lead.objects.visible_to(user)
    rows = PreviewLead.objects.filter(run=run, kind=kind, lead__in=visible)
    return rows.select_related("lead__company").order_by("position")


def _kind(run, kind, user):
    count = run.result["now"][kind]
    past = run.result["now"]["outcomes"].get(kind)
    return Kind(
        key=kind.value,
        label=kind.label,
        count=count,
        sample=list(leads_of(run, kind, user)[:SAMPLE]) if count else [],
        outcomes=Outcomes(**past) if past else None,
    )
