"""The definition of `bench scoring`: 20 rules, 8 of them on behaviour, and what they ask about."""

from leads.models import MQLDefinition, Segment, Signal

SIGNALS = {
    # key: (touchpoint kind, share of all rows)
    "pricing": ("page_view", 0.14),
    "case-study": ("page_view", 0.20),
    "careers": ("page_view", 0.03),
    "demo": ("demo_request", 0.01),
    "webinar": ("webinar_attendance", 0.06),
    "open": ("email_open", 0.38),
    "click": ("email_click", 0.12),
    "guide": ("content_download", 0.06),
}
# One of the leads' departments, whose points differ from version to version.
CHANGING = "Planning"
CHANGING_SHARE = 0.03
CHANGING_RULE = "Planning department"

RULES = (
    # (kind, label, points, what is asked): a term, a segment's name, or what is counted
    ("do_not_pass", "Competitor", 0, ("company.domain", "in", "firm7.example, firm77.example")),
    ("do_not_pass", "Student", 0, ("job_title", "contains_any", "student, intern, trainee")),
    ("do_not_pass", "Has its own contacts", 0, ("company.relationship", "in", "customer, partner")),
    ("fast_track", "Demo request", 0, {"signal": "demo", "window_days": 7}),
    ("fit", "Ideal company", 25, "ICP"),
    ("fit", "Decision maker", 15, "Decision makers"),
    ("fit", "Core market", 10, ("country", "in", "DE, AT, CH, GB, IE, US, CA")),
    ("fit", "Large account", 10, ("company.employees", "at_least", "2001")),
    ("fit", "Very small company", -15, ("company.employees", "at_most", "20")),
    ("fit", "Right industry", 8, ("company.industry", "in", "Manufacturing, Logistics, Retail")),
    ("fit", "Head office nearby", 4, ("company.country", "in", "DE, AT, CH, NL")),
    ("fit", CHANGING_RULE, 5, ("department", "is", CHANGING)),
    ("fit", "Cannot be written to", -5, ("opted_out", "is", "yes")),
    ("interest", "Pricing page", 15, {"signal": "pricing", "window_days": 30, "cap": 30}),
    ("interest", "Customer stories", 8, {"signal": "case-study", "window_days": 60, "cap": 16}),
    ("interest", "Webinar attended", 12, {"signal": "webinar", "window_days": 90, "cap": 24}),
    ("interest", "Guides", 6, {"signal": "guide", "window_days": 60, "cap": 12}),
    ("interest", "Opens", 5, {"signal": "open", "window_days": 30, "per": 3, "cap": 15}),
    ("interest", "Clicks", 4, {"signal": "click", "window_days": 90, "half_life_days": 14}),
    ("interest", "Looks for a job", -20, {"signal": "careers", "window_days": 90, "cap": 20}),
)
SEGMENTS = {
    "ICP": [
        ("all", "company.employees", "between", "200, 2000"),
        ("none", "job_title", "contains_any", "student, intern, trainee"),
    ],
    "Decision makers": [
        ("any", "seniority", "in", "C-level, VP, Director"),
        ("any", "job_title", "contains_any", "chief, head, director"),
    ],
}
FIT, INTEREST = 25, 30  # the thresholds


def make_signals():
    """Make the signals; return them by key."""
    return {
        key: Signal.objects.create(key=key, name=key, kind=kind)
        for key, (kind, _) in SIGNALS.items()
    }


def make_live(signals, *, now):
    """Make the definition and put it live, without the ceremony; return it."""
    made = _draft(signals)
    put_live(made, now=now)
    return made


def put_live(draft, *, now):
    draft.go_live(draft.compile(), instead_of=MQLDefinition.objects.all(), by=None, now=now)


def edited(*, points):
    """Return a draft of the live version with other points for leads of one department."""
    draft = MQLDefinition.draft_from_live(by=None)
    draft.rules.filter(label=CHANGING_RULE).update(points=points)
    return draft


def _draft(signals):
    made = MQLDefinition.draft_from_live(by=None)
    made.fit_threshold, made.interest_threshold = FIT, INTEREST
    made.decider = MQLDefinition.Decider.AUTOMATIC
    made.save()
    segments = {}
    for name, conditions in SEGMENTS.items():
        segments[name] = Segment.objects.create(name=name)
        for group, field, operator, value in conditions:
            segments[name].conditions.create(
                group=group, field=field, operator=operator, value=value
            )
    for position, (kind, label, points, asked) in enumerate(RULES):
        if isinstance(asked, str):
            columns: dict = {"segment": segments[asked]}
        elif isinstance(asked, tuple):
            columns = dict(zip(("field", "operator", "value"), asked, strict=True))
        elif isinstance(asked, dict):
            columns = asked | {"signal": signals[asked["signal"]]}
            if kind == "fast_track":
                columns |= {"field": "behaviour", "operator": "happened", "value": "1"}
        made.rules.create(position=position, kind=kind, label=label, points=points, **columns)
    return made
