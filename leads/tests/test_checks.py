"""What is odd in a definition is said, and nothing that is in order is."""

import pytest
from django.urls import reverse

from leads.models import MQLDefinition
from leads.scoring.checks import warnings
from leads.tests.pages import fields


def rule(number, kind, points=0, **more):
    """A rule on an attribute; with `days`, one that counts a signal."""
    common = {"id": number, "kind": kind, "label": f"Rule {number}", "points": points}
    if "days" in more:
        counts = {"type": "count", "signal": 1, "signal_name": "S", "per": 1, "cap": None}
        return common | {"group": None} | counts | more
    term = {"field": "country", "operator": "known", "value": None}
    when = {"all": [term], "any": [], "none": []}
    return common | {"group": None, "type": "when", "when": when} | more


def form(*rules, fit=None, interest=None, total=None, groups=(), **more):
    return {
        "thresholds": {"fit": fit, "interest": interest, "total": total},
        "tiers": {"A": 3, "B": 2, "C": 1},
        "borderline": 0,
        "groups": list(groups),
        "rules": list(rules),
    } | more


GROUP = {"id": 7, "name": "Pages", "kind": "interest", "cap": 10}
FINE = (rule(1, "fit", 30), rule(2, "interest", 5, days=30))


def test_nothing_is_odd_in_a_plain_definition():
    assert warnings(form(*FINE, fit=20, interest=20)) == []
    assert warnings(form(*FINE, fit=20, interest=20, total=41)) == []
    assert warnings(form(*FINE, fit=20, total=25)) == []


@pytest.mark.parametrize(
    ("odd", "said"),
    [
        (
            form(*FINE, fit=45),
            "Fit can reach at most 30, and 45 are asked for: nothing could pass.",
        ),
        (
            form(*FINE, rule(3, "fast_track"), fit=45),
            "Fit can reach at most 30, and 45 are asked for: only a fast-track rule could pass a "
            "lead.",
        ),
        (
            form(FINE[0], rule(2, "interest", 5, days=30, group=7), interest=20, groups=[GROUP]),
            "Interest can reach at most 10, and 20 are asked for: nothing could pass.",
        ),
        (
            form(FINE[0], rule(2, "interest", 5, days=30, cap=15), total=50),
            "The total can reach at most 45, and 50 are asked for: nothing could pass.",
        ),
        (
            form(*FINE, fit=0, interest=1),
            "Fit of at least 0 asks for nothing: every lead has it.",
        ),
        (
            form(*FINE, fit=20, interest=20, total=40),
            "The total of at least 40 asks for nothing more: fit of 20 and interest of 20 are 40 "
            "together.",
        ),
        (
            form(FINE[0], rule(2, "interest", 5, days=30, cap=15), fit=10, total=25),
            "Fit of at least 10 asks for nothing more: interest can reach at most 15, and the "
            "total of 25 needs 10 of fit.",
        ),
        (
            form(FINE[0], rule(2, "interest", -5, days=30)),
            "Every interest rule takes points: interest is never above 0.",
        ),
        (
            form(*FINE, tiers={"A": 60, "B": 60, "C": 1}),
            "Tier A must start above B, and B above C.",
        ),
        (
            form(rule(1, "fit", 50), tiers={"A": 80, "B": 60, "C": 40}),
            "The total can reach at most 50: no lead is ever A or B.",
        ),
        (
            form(*FINE, fit=20, borderline=25),
            "The borderline band of 25 begins at no points: a marketer is asked about every lead "
            "that does not pass.",
        ),
        (
            form(*FINE, rule(3, "do_not_pass", when={"all": [], "any": [], "none": []})),
            "“Rule 3” keeps every lead back: its segment has no conditions.",
        ),
        (form(*FINE, rule(3, "fit", 0)), "“Rule 3” gives no points."),
        (
            form(FINE[0], rule(2, "interest", 20, days=30, cap=10)),
            "“Rule 2” never gives its +20: its cap is 10.",
        ),
        (form(*FINE, groups=[GROUP]), "No rule is in the group “Pages”."),
        (
            form(*FINE, rule(1, "fit", 5)),
            "“Rule 1” is the label of 2 rules: give each its own, to tell them apart.",
        ),
    ],
)
def test_what_is_odd_is_said(odd, said):
    assert warnings(odd) == [said]


def test_the_editor_shows_it_after_a_save(client, company):
    client.force_login(company.cast.mark)
    draft = MQLDefinition.draft_from_live(by=company.cast.mark)
    url = reverse("admin:leads_mqldefinition_change", args=[draft.pk])
    data = fields(client.get(url)) | {"fit_threshold": "90", "_continue": ""}
    page = client.post(url, data, follow=True)
    said = "Fit can reach at most 40, and 90 are asked for"
    assert said in str(page.context["odd"]) and said in str(page.context["words"])
