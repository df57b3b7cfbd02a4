"""RevOps edits who gets which lead."""

import pytest
from django.urls import reverse

from conftest import NOW, segment
from leads.models import Segment
from leads.tests.pages import add_row, fields
from routing import checks
from routing.models import Pool, Rep, Rule, RuleSet, Seat, Territory

ADD = "admin:routing_ruleset_add"


def change(version):
    return reverse("admin:routing_ruleset_change", args=[version.pk])


@pytest.fixture
def ren(client, cast):
    client.force_login(cast.ren)
    return client


def test_the_first_rule_set_needs_a_catch_all(ren, cast):
    data = fields(ren.get(reverse(ADD)))
    page = ren.post(reverse(ADD), data)
    assert "catch_all" in page.context["adminform"].form.errors
    pool = Pool.objects.create(name="Everyone", team=cast.emea)
    ren.post(reverse(ADD), data | {"catch_all": pool.pk, "_continue": ""})
    first = RuleSet.objects.get()
    ren.post(change(first), fields(ren.get(change(first))) | {"_publish": ""})
    assert RuleSet.objects.live() == first


def test_a_draft_of_the_live_set_is_edited_and_published(ren, rule_set):
    ren.post(reverse("admin:routing_ruleset_draft", args=[rule_set.pk]))
    draft = RuleSet.objects.get(state="draft")
    data = fields(ren.get(change(draft))) | {"_publish": ""}
    emea = Pool.objects.get(name="EMEA pool")
    rule = {"label": "Claimed", "is_active": "on", "pool": emea.pk, "method": "claim"}
    segment = Segment.objects.create(name="Everyone else")
    add_row(data, "rules", segment=segment.pk, **rule)
    ren.post(change(draft), data)
    live = RuleSet.objects.live()
    assert live == draft
    assert [rule["label"] for rule in live.compiled["rules"]] == [
        "United States",
        "Claimed",
        "Catch-all",
    ]


def test_it_is_read_in_words(client, cast, rule_set):
    client.force_login(cast.mia)
    page = client.get(change(rule_set)).content.decode()
    assert "United States: Country is US. Americas pool, round robin." in page
    assert "Catch-all: every lead. EMEA pool, round robin." in page


def test_the_published_set_stays_as_it_is(ren, rule_set):
    assert ren.post(change(rule_set), {"note": "x"}).status_code == 403
    gone = ren.post(reverse("admin:routing_ruleset_delete", args=[rule_set.pk]))
    assert gone.status_code == 403


@pytest.mark.parametrize("who", ["mark", "mia"])
def test_nobody_else_edits_it(client, cast, rule_set, who):
    client.force_login(getattr(cast, who))
    draft = RuleSet.draft_from_live()
    assert client.post(change(draft), {"_publish": ""}).status_code == 403
    assert client.post(reverse(ADD)).status_code == 403


@pytest.fixture
def draft(ren, rule_set):
    made = RuleSet.draft_from_live()
    emea = Pool.objects.get(name="EMEA pool")
    made.rules.create(position=2, label="Weighted", pool=emea, method=Rule.Method.WEIGHTED)
    return made


def test_a_rule_moves_by_a_button(ren, draft):
    last = draft.rules.get(label="Weighted")
    ren.post(change(draft), fields(ren.get(change(draft))) | {"_move_up": str(last.pk)})
    assert list(draft.rules.values_list("label", flat=True)) == ["Weighted", "United States"]


def test_a_rule_that_is_not_in_force_stays_for_later(ren, draft):
    data = fields(ren.get(change(draft)))
    assert data.pop("rules-1-is_active")
    ren.post(change(draft), data | {"_publish": ""})
    live = RuleSet.objects.live()
    assert [rule["label"] for rule in live.compiled["rules"]] == ["United States", "Catch-all"]
    assert live.rules.count() == 2


def test_it_says_in_words_what_is_different_from_any_version(ren, draft, rule_set):
    page = ren.get(change(draft)).content.decode()
    assert "Different from Rule set v1" in page
    assert "<strong>Added:</strong> Weighted: every lead. EMEA pool, weighted turns." in page
    draft.rules.filter(label="Weighted").update(daily_cap=3, otherwise="next")
    other = draft.draft_from_this()
    other.rules.filter(label="Weighted").update(daily_cap=4)
    page = ren.get(change(other), {"against": draft.version}).content.decode()
    assert "at most 3 leads a day each. When nobody can, the next rule is tried. Now:" in page


def test_an_earlier_version_comes_back_as_a_new_draft(ren, draft, rule_set):
    ren.post(change(draft), fields(ren.get(change(draft))) | {"_publish": ""})
    rule_set.refresh_from_db()
    assert rule_set.state == "retired"
    ren.post(reverse("admin:routing_ruleset_draft", args=[rule_set.pk]))
    newest = RuleSet.objects.order_by("-version").first()
    assert newest.is_draft and newest.rules.count() == 1


@pytest.mark.parametrize(
    ("columns", "column"),
    [
        ({"target": "rep", "pool": ""}, "rep"),
        ({"target": "pool", "pool": ""}, "pool"),
        ({"target": "sofa"}, "target"),
        ({"method": "magic"}, "method"),
        ({"open_cap": "-1"}, "open_cap"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_at_its_column(ren, draft, columns, column):
    data = fields(ren.get(change(draft)))
    data |= {f"rules-1-{name}": value for name, value in columns.items()}
    page = ren.post(change(draft), data)
    formset = page.context["inline_admin_formsets"][0].formset
    assert column in formset.forms[1].errors


def test_a_rule_may_have_a_person_limits_and_skills(ren, draft, cast):
    data = fields(ren.get(change(draft)))
    rep = Rep.objects.get(user=cast.carl)
    said = {"target": "rep", "rep": rep.pk, "pool": "", "skills": "Healthcare, public sector"}
    data |= {f"rules-1-{name}": value for name, value in said.items()}
    ren.post(change(draft), data)
    rule = draft.rules.get(label="Weighted")
    assert (rule.rep, rule.pool, rule.skills) == (rep, None, ["healthcare", "public sector"])
    page = ren.get(change(draft)).content.decode()
    assert "To Carl Diaz, only who knows healthcare and public sector." in page


class TestWarnings:
    def of(self, draft):
        return " ".join(checks.warnings(draft.compile(), today=NOW.date()))

    def test_a_rule_after_one_for_every_lead_is_never_tried(self, ren, draft, cast):
        emea = Pool.objects.get(name="EMEA pool")
        draft.rules.create(position=3, label="Late", pool=emea)
        assert "“Late” is never tried: “Weighted” has its leads before it." in self.of(draft)
        assert "never tried" in ren.get(change(draft)).content.decode()
        draft.rules.filter(label="Weighted").update(otherwise="next")
        assert "never tried" not in self.of(draft)

    def test_a_segment_that_no_lead_is_in(self, draft, company):
        company.lead(country="DE")
        assert "“United States” fits none of the newest 1 leads." in self.of(draft)

    def test_a_pool_without_anybody_and_a_cap_of_0(self, draft, cast):
        Rep.objects.filter(team=cast.americas).update(in_rotation=False)
        draft.rules.filter(label="Weighted").update(open_cap=0)
        said = self.of(draft)
        assert "Nobody in “Americas pool” is in rotation: what goes there waits." in said
        assert "“Weighted” has a cap of 0: it gives nobody anything." in said

    def test_territories_that_overlap(self, draft, company):
        company.lead(country="DE")
        emea = Pool.objects.get(name="EMEA pool")
        for name, value in (("Germany", "DE"), ("DACH", "DE, AT, CH")):
            part = segment(name, ("all", "country", "in", value))
            Territory.objects.create(name=name, segment=part, pool=emea)
        draft.rules.filter(label="Weighted").update(target=Rule.Target.TERRITORY)
        assert (
            "1 of the newest 1 lead is in the territories “Germany” and “DACH”: “Germany” has "
            "them, because it comes first." in self.of(draft)
        )


def test_weights_are_set_with_the_pool_and_not_all_of_them_zero(ren, rule_set, cast):
    pool = Pool.objects.get(name="EMEA pool")
    url = reverse("admin:routing_pool_change", args=[pool.pk])
    data = fields(ren.get(url))
    ren.post(url, data | {"seats-0-weight": "3"})
    assert list(Seat.objects.filter(pool=pool).values_list("weight", flat=True)) == [3, 1]
    page = ren.post(url, fields(ren.get(url)) | {"seats-0-weight": "0", "seats-1-weight": "0"})
    assert "Every weight is 0" in page.content.decode()


def test_a_territory_that_overlaps_is_saved_with_a_warning(ren, company):
    company.lead(country="DE")
    emea = Pool.objects.get(name="EMEA pool")
    dach = segment("DACH", ("all", "country", "in", "DE, AT"))
    Territory.objects.create(name="DACH", segment=dach, pool=emea)
    url = reverse("admin:routing_territory_add")
    said = {"name": "Germany", "position": 2, "pool": emea.pk}
    said["segment"] = segment("Germany", ("all", "country", "is", "DE")).pk
    page = ren.post(url, fields(ren.get(url)) | said, follow=True)
    assert "is in the territories “DACH” and “Germany”" in page.content.decode()
    assert Territory.objects.count() == 2
