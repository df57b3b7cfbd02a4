"""The versions of the MQL definition that the demo company signed, oldest first."""

from dataclasses import dataclass

from handoff_project.demo import words
from leads.models import Example, MQLDefinition, NurtureTrack


def _rule(kind, label, *, segment=None, signal=None, **columns):
    return {"kind": kind, "label": label, "segment": segment, "signal": signal, **columns}


COMMON_FIT = (
    _rule("fit", "Ideal company size", segment="ICP", points=25),
    _rule("fit", "Decision maker", segment="Decision makers", points=15),
)
INTEREST = (
    _rule("interest", "Pricing page", signal="pricing", window_days=30, points=15, cap=30),
    _rule("interest", "Customer stories", signal="case-study", window_days=60, points=8, cap=16),
    _rule("interest", "Webinar attended", signal="webinar", window_days=90, points=12, cap=24),
    _rule("interest", "Guides", signal="guide", window_days=60, points=6, cap=12),
    _rule("interest", "Trial started", signal="trial", window_days=30, points=25),
    _rule("interest", "Opens our e-mails", signal="open", window_days=60, points=5, per=3, cap=15),
)
NEVER = (
    _rule("do_not_pass", "Competitor", segment="Competitors"),
    _rule("do_not_pass", "Student", segment="Students"),
)
FAST = _rule(
    "fast_track",
    "Demo request",
    field="behaviour",
    operator="happened",
    value="1",
    signal="demo",
    window_days=7,
)

PRICES = (
    *NEVER,
    _rule("do_not_pass", "Customer or partner", segment="Customers and partners"),
    FAST,
    _rule("fast_track", "Pricing page and ICP", segment="Pricing + ICP"),
    *COMMON_FIT,
    _rule("fit", "Enterprise", segment="Enterprise", points=20),
    _rule("fit", "Core market", segment="Core market", points=10),
    _rule(
        "fit",
        "Planning or logistics",
        field="department",
        operator="in",
        value="Planning, Logistics, Supply chain",
        points=5,
    ),
    _rule(
        "fit",
        "Very small company",
        field="company.employees",
        operator="at_most",
        value="20",
        points=-15,
    ),
    *INTEREST,
    _rule(
        "interest",
        "Webinar registration",
        signal="webinar-signup",
        window_days=30,
        points=5,
        cap=5,
    ),
    _rule(
        "interest",
        "Clicks in our e-mails",
        signal="click",
        window_days=60,
        points=4,
        cap=12,
    ),
    _rule(
        "interest",
        "Asked about prices in the chat",
        signal="chat-pricing",
        window_days=30,
        points=15,
        cap=15,
    ),
    _rule("interest", "Looks for a job", signal="careers", window_days=365, points=-20, cap=20),
)

EXAMPLES = (
    # (who, expected, values of fields, what they did: (signal, times, days ago), the lesson)
    (
        "Head of planning who takes their time",
        Example.Expected.PASS,
        {
            "company.employees": 800,
            "country": "DE",
            "job_title": "Head of Planning",
            "seniority": "Director",
        },
        (("webinar", 1, 20), ("pricing", 1, 3), ("guide", 1, 3)),
        "The right person at the right company, over several weeks.",
    ),
    (
        "Small company that asks for a demo",
        Example.Expected.PASS,
        {"company.employees": 12, "job_title": "Operations Manager"},
        (("demo", 1, 0),),
        "Whoever asks for a demo is called, however small.",
    ),
    (
        "Student who reads everything",
        Example.Expected.FAIL,
        {"company.employees": 900, "job_title": "Student, Industrial Engineering"},
        (("pricing", 3, 2), ("guide", 4, 5)),
        "Curiosity is not a purchase.",
    ),
    (
        "Competitor who asks for a demo",
        Example.Expected.FAIL,
        {"company.domain": words.RIVALS[0], "company.employees": 400},
        (("demo", 1, 0),),
        "Nothing lets a vendor of planning software pass.",
    ),
)


@dataclass(frozen=True)
class Agreed:
    """One version: when it was published, and what it holds."""

    days_ago: int
    fit: int
    interest: int
    note: str
    rules: tuple
    borderline: int = 0
    examples: tuple = ()


DEFINITIONS = (
    Agreed(
        400, 15, 25, "The first definition that sales signed.", (FAST, *COMMON_FIT, *INTEREST[:4])
    ),
    Agreed(
        210,
        25,
        30,
        "Students and competitors made up a fifth of the rejections.",
        (
            *NEVER,
            FAST,
            *COMMON_FIT,
            _rule("fit", "Enterprise", segment="Enterprise", points=20),
            *INTEREST,
        ),
    ),
    Agreed(
        75,
        30,
        30,
        "Prices are the best sign we have: the right company passes at once.",
        PRICES,
    ),
    Agreed(
        26,
        30,
        30,
        "Close calls are looked at before they are lost; examples say what we mean.",
        PRICES,
        borderline=4,
        examples=EXAMPLES,
    ),
)


def publish_all(signals, segments, *, by, and_by, at):
    """Publish every version with the signatures of these two; `at(days ago)` is the moment."""
    for agreed in DEFINITIONS:
        draft, moment = MQLDefinition.draft_from_live(by=by), at(agreed.days_ago)
        draft.fit_threshold, draft.interest_threshold = agreed.fit, agreed.interest
        draft.note, draft.borderline = agreed.note, agreed.borderline
        draft.decider, draft.cool_down_days = MQLDefinition.Decider.AUTOMATIC, 30
        draft.reject_track = NurtureTrack.objects.get()
        draft.save()
        _write_rules(draft, agreed.rules, signals, segments)
        for name, expected, fields, did, why in agreed.examples:
            facts = {"fields": fields, "did": [_did(*one) for one in did]}
            draft.examples.create(name=name, expected=expected, facts=facts, why=why)
        draft.submit(by=by, now=moment)
        for signer in (by, and_by):
            draft.approve(by=signer, now=moment)
        draft.publish(by=by, now=moment)


def _did(signal, times, days_ago):
    return {"signal": signal, "times": times, "days_ago": days_ago}


def _write_rules(draft, rules, signals, segments):
    draft.rules.all().delete()
    for position, rule in enumerate(rules):
        related = {
            "segment": segments.get(rule["segment"]),
            "signal": signals.get(rule["signal"]),
        }
        draft.rules.create(**{**rule, **related, "position": position})
