"""`manage.py config`: what an operator types and reads, and the examples of its documentation."""

import io
import json
import re
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from conftest import publish
from leads.conditions import registry
from leads.conditions.terms import BY_TYPE
from leads.models import CustomField, MQLDefinition, Score, Segment, Signal, Touchpoint
from leads.scoring import scorer
from reporting.models import PreviewRun

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "configuration.md").read_text()
EXAMPLE, SALES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def config(tmp_path):
    """Types `config` with these words, a text instead of a file's name; returns what it says."""

    def type_in(*words):
        out, err = io.StringIO(), io.StringIO()
        file = tmp_path / "config.yaml"
        for text in (word for word in words if "\n" in word):
            file.write_text(text)
        typed = [str(file) if "\n" in word else word for word in words]
        call_command("config", *typed, stdout=out, stderr=err)
        return SimpleNamespace(out=out.getvalue(), err=err.getvalue())

    return type_in


def test_the_example_of_the_page_is_taken_over_and_may_be_signed(db, config):
    said = config("import", EXAMPLE).out
    assert "/definition/1/" in said and "Before it can" not in said
    publish(MQLDefinition.objects.get(), now=timezone.now())


def test_the_example_comes_back_identical(db, config):
    config("import", EXAMPLE)
    text = config("export").out
    assert "Everything is as the file says." in config("import", text).out
    assert config("export").out == text


def test_the_example_of_the_sales_side_comes_back_identical(cast, config):
    said = config("import", EXAMPLE + SALES).out
    assert "Rule set v1 is a new draft" in said and "Standard v1 is a new draft." in said
    assert "Before it can be published" not in said
    text = config("export").out
    assert "Everything is as the file says." in config("import", text).out
    assert config("export").out == text


def test_the_page_names_every_field_operator_and_kind(db):
    operators = {operator for group in BY_TYPE.values() for operator in group}
    names = {*registry.FIELDS, *operators, *Segment.Persona.values, *CustomField.Kind.values}
    missing = {name for name in names - {"", "behaviour"} if f"`{name}`" not in PAGE}
    assert not missing
    api = (Path(__file__).resolve().parents[2] / "docs" / "api.md").read_text()
    assert all(kind in api for kind in Touchpoint.Kind.values)


def test_a_dry_run_says_all_and_writes_nothing(db, config):
    dry = config("import", EXAMPLE, "--dry-run").out
    assert "dry run" in dry
    assert not (MQLDefinition.objects.exists() or Signal.objects.exists())
    assert not (Segment.objects.exists() or CustomField.objects.exists())
    real = config("import", EXAMPLE).out
    first, *said, last = dry.splitlines()
    assert first == "A dry run: this is what the import would do."
    assert last == "Nothing was written."
    would, did = "would make MQL definition v1 a draft", "MQL definition v1 is a draft; nothing"
    assert [one for one in said if would not in one] == [
        one for one in real.splitlines() if did not in one
    ]
    assert (would in dry, did in dry, "/definition/1/" in dry) == (True, False, False)
    assert (would in real, did in real) == (False, True)


def test_the_draft_is_previewed_as_if_it_was_saved_in_the_admin(definition, cast, config):
    config("import", EXAMPLE, "--dry-run", "--as-user", "mark@handoff.example")
    assert not PreviewRun.objects.exists()
    config("import", EXAMPLE, "--as-user", "mark@handoff.example")
    run = PreviewRun.objects.get()
    assert (run.definition.version, run.state, run.requested_by) == (2, "waiting", cast.mark)
    config("import", EXAMPLE)
    assert PreviewRun.objects.count() == 1


def test_the_draft_is_made_by_a_person_and_never_published(definition, cast, config):
    config("import", EXAMPLE, "--as-user", "Mark@handoff.example")
    draft = MQLDefinition.objects.get(version=2)
    assert (draft.created_by, draft.state) == (cast.mark, "draft")
    assert MQLDefinition.objects.live() == definition


def test_a_draft_says_what_it_still_lacks(db, config):
    said = config("import", "version: 1\ndefinition: {note: Empty}\n").out
    assert "Before it can be put up for sign-off: Set a threshold" in said


def test_problems_are_listed_with_places_and_lines(db, config):
    with pytest.raises(CommandError) as caught:
        config("import", "version: 1\nsegments: {A: {}}\nsignals: {b: {name: B}}\n")
    assert str(caught.value).splitlines() == [
        "2 problems; nothing was written.",
        '  segments["A"]: Give conditions: all, any or none. “all: []” means every lead. (line 2)',
        "  signals.b.kind: This is missing. (line 3)",
    ]
    assert caught.value.returncode == 1


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["import", "/nowhere.yaml"], "cannot be read: No such file"),
        (["import", "/tmp", "--dry-run"], "cannot be read"),
        (["import", "x.yaml", "--as-user", "nobody@handoff.example"], "no active user"),
        (["export", "--definition", "newest"], "live, draft or a number"),
        (["export", "--definition", "9"], "no such version"),
        (["export", "--definition", "9" * 30], "no such version"),
        (["export", "--output", "/nowhere/x.yaml"], "cannot be written"),
    ],
)
def test_what_cannot_be_done_is_said_in_words(db, config, words, part):
    with pytest.raises(CommandError, match=part):
        config(*words)


def test_any_version_can_be_written_to_a_file(definition, config, tmp_path):
    draft = MQLDefinition.draft_from_live(by=None)
    MQLDefinition.objects.filter(pk=draft.pk).update(fit_threshold=77)
    assert "thresholds: {fit: 20, interest: 20}" in config("export", "--definition", "1").out
    assert "thresholds: {fit: 77, interest: 20}" in config("export", "--definition", "draft").out
    assert "definition v2 is newer; --definition draft writes it." in config("export").err
    config("export", "--output", str(tmp_path / "out.yaml"))
    assert (tmp_path / "out.yaml").read_text() == config("export").out


def test_an_older_text_in_a_published_version_is_pointed_out(definition, config):
    assert "older" not in config("export").err
    Segment.objects.get(name="ICP").conditions.update(value="1, 2")
    assert "“ICP” is written as it is now; MQL definition v1 holds an" in config("export").err


def test_a_file_may_come_by_standard_input(db, config, monkeypatch):
    stdin = SimpleNamespace(buffer=io.BytesIO(EXAMPLE.encode()))
    monkeypatch.setattr("sys.stdin", stdin)
    assert "MQL definition v1 is a draft" in config("import", "-").out


# Leads of the example's definition, with the scores that the page's rules give by hand.


class Sender:
    """Sends leads and touchpoints by the API, all of them as of one moment."""

    def __init__(self, client, token):
        self.client, self.now, self.sent = client, timezone.now(), 0
        self.headers = {"Authorization": f"Bearer {token}"}

    def post(self, path, body):
        answer = self.client.post(
            path, json.dumps(body), content_type="application/json", headers=self.headers
        )
        assert answer.status_code in (200, 201, 202), answer.content

    def lead(self, name, *, company, did=(), **contact):
        email = f"{name}@{company.get('domain', f'{name}.example')}"
        asked = {"conversion": {"kind": "demo_request"}} if "demo" in did else {}
        body = {"contact": {"email": email, **contact}, "company": {"name": name, **company}}
        self.post("/api/v1/leads/", body | asked)
        for kind, url, times, ago in (one for one in did if one != "demo"):
            self.post(
                "/api/v1/touchpoints/",
                [self._touchpoint(email, kind, url, ago) for _ in range(times)],
            )

    def _touchpoint(self, email, kind, url, ago):
        self.sent += 1
        when = (self.now - timedelta(days=ago)).isoformat()
        found = {"message_id": f"m{self.sent}", "kind": kind, "email": email, "occurred_at": when}
        return found | ({"url": url} if url else {})

    def score(self):
        while scorer.score_pending(now=self.now):
            pass


def visits(times, ago=0):
    return ("page_view", "https://acme.example/pricing/eu", times, ago)


def opens(times, ago=0):
    return ("email_open", "", times, ago)


@pytest.fixture
def sender(client, source):
    return Sender(client, source.token)


def send_everybody(sender):
    sender.lead(
        "lena",  # 20 size + 10 seats + 5 plan; 2 x 10 visits + 10 in a hurry
        company={"employees": 800, "custom": {"plan": "team"}},
        country="DE",
        job_title="Head of planning",
        custom={"seats": 60, "renewal": "2026-06-30", "partner_led": True, "use_case": "Forecast"},
        did=[visits(2)],
    )
    sender.lead(
        "tom",  # -5 own trial; 4 x 10 visits, at most 30, + 10 in a hurry by three visits
        company={"employees": 800, "custom": {"plan": "Free"}},
        country="FR",
        custom={"seats": 49, "partner_led": False},
        did=[visits(4)],
    )
    sender.lead(  # 20 size; asks for a demo, but never passes
        "uma", company={"employees": 200, "domain": "rival.example"}, country="AT", did=["demo"]
    )
    sender.lead(  # 10 seats; no size, because a student; passes by the demo
        "vic",
        company={"employees": 2000},
        country="CH",
        job_title="Student, intern",
        custom={"seats": 50, "renewal": "2026-07-01"},
        did=["demo"],
    )
    sender.lead(  # 20 size + 5 plan; 7 opens = 2 x 5, + 10 for a visit
        "wes",
        company={"employees": 2000, "custom": {"plan": "Business"}},
        country="ch",
        did=[opens(7), visits(1), visits(1, ago=30)],
    )
    sender.lead(  # as Wes; 12 opens = 20, at most 12 in the group
        "xia",
        company={"employees": 2000, "custom": {"plan": "Team"}},
        country="AT",
        did=[opens(12)],
    )
    sender.lead(  # as Wes; 6 opens 14 days ago = 10, half of that left, + 10 for a visit
        "yao",
        company={"employees": 2000, "custom": {"plan": "Team"}},
        country="AT",
        did=[opens(6, ago=14), visits(1)],
    )


BY_HAND = {
    # name: (fit, interest, tier, passes, just below)
    "lena": (35, 30, "B", True, False),
    "tom": (-5, 40, "C", False, False),
    "uma": (20, 0, "D", False, False),
    "vic": (10, 0, "D", True, False),
    "wes": (25, 20, "C", True, False),
    "xia": (25, 12, "C", False, False),
    "yao": (25, 15, "C", False, True),
}


def found_scores():
    rows = Score.objects.select_related("lead").order_by("lead__email")
    return {
        row.lead.email.partition("@")[0]: (
            row.fit, row.interest, row.tier, row.qualifies, row.borderline,
        )
        for row in rows
    }  # fmt: skip


def test_leads_score_what_the_rules_of_the_file_give_by_hand(db, config, sender):
    config("import", EXAMPLE)
    publish(MQLDefinition.objects.get(), now=sender.now)
    send_everybody(sender)
    sender.score()
    assert found_scores() == BY_HAND


@pytest.mark.parametrize(
    ("thresholds", "passing"),
    [
        ("{fit: 25, interest: 20}", 3),
        ("{fit: 25, interest: 12}", 5),
        ("{fit: 36, interest: 20}", 1),
        ("{total: 35}", 6),
        ("{total: 36}", 5),
        ("{}", 1),
    ],
)
def test_another_threshold_lets_as_many_pass_as_by_hand(db, config, sender, thresholds, passing):
    text, _, _ = EXAMPLE.partition("  examples:")
    config("import", text.replace("{fit: 25, interest: 20}", thresholds))
    publish(MQLDefinition.objects.get(), now=sender.now)
    send_everybody(sender)
    sender.score()
    assert Score.objects.filter(qualifies=True).count() == passing


def test_what_is_odd_is_said_before_and_after_it_is_taken_over(db, config):
    odd = EXAMPLE.replace("{fit: 25, interest: 20}", "{fit: 25, interest: 20, total: 45}")
    said = "Look at this again: The total of at least 45 asks for nothing more: fit of 25 and"
    assert said in config("import", odd, "--dry-run").out
    assert said in config("import", odd).out
    assert "Look at this again" not in config("import", EXAMPLE).out
