"""axe finds nothing serious on any main page, in the light and in the dark."""

import os
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from conftest import NOW, publish, segment
from handoff_project.browser import chromium, find_chromium
from handoff_project.demo import forms
from handoff_project.tests.conftest import session_of
from leads import merging
from leads.duplicates import finding
from leads.models import (
    CaptureForm,
    CustomField,
    Duplicate,
    Endpoint,
    EnrichmentProvider,
    Event,
    Mapping,
    MQLDefinition,
    Qualification,
    RefusedEvent,
    Signal,
    ValueList,
)
from leads.tests import lists
from routing.models import Cadence, FollowUp, Rule, RuleSet
from sla.watch import watch

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(300),  # a busy machine takes its time over so many pages
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
    pytest.mark.skipif(
        find_chromium() is None and os.environ.get("HANDOFF_REQUIRE_BROWSER") != "1",
        reason="No Chromium on this machine.",
    ),
]
STANDARD = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# What depends on the theme; the rest is the same page in other colours.
COLOURS = ["color-contrast", "link-in-text-block"]
ASKED = {
    "light": {"runOnly": {"type": "tag", "values": STANDARD}, "resultTypes": ["violations"]},
    "dark": {"runOnly": {"type": "rule", "values": COLOURS}, "resultTypes": ["violations"]},
}
SETTLED = "Promise.all(document.getAnimations().map(one => one.finished)).then(() => null)"
AXE = Axe().axe_script


class Cast:
    """What the pages are about, and who reads them."""

    def __init__(self, company):
        self.company, self.mark = company, company.cast.mark
        self.handoff = company.handoff_of(company.cast.ana)
        marketer = MQLDefinition.Decider.MARKETER
        publish(self.drafted(decider=marketer, cool_down_days=30, interest_threshold=None))
        company.lead(name="Nora Close", job_title="VP Operations")
        self.asked = Qualification.objects.waiting().get()
        self.draft = self.drafted(note="Both sides mean this.")
        facts = {"fields": {"job_title": "Head of planning"}, "did": []}
        self.draft.examples.create(name="Head of planning", expected="pass", facts=facts)
        self.waiting = self.drafted(note="Waits for both sides.")
        self.waiting.submit(by=self.mark, now=NOW)

    def drafted(self, **columns):
        draft = MQLDefinition.draft_from_live(by=self.mark)
        MQLDefinition.objects.filter(pk=draft.pk).update(**columns)
        draft.refresh_from_db()
        return draft


def rows(*names):
    return [reverse(f"admin:{name}_changelist") for name in names]


def page_of(row, page="change", query=""):
    name = f"admin:{row._meta.app_label}_{row._meta.model_name}_{page}"
    return reverse(name, args=[row.pk]) + query


def admin_pages(cast):
    """`(reader, address)` of the admin's main pages."""
    asked = segment("Bosses", ("all", "job_title", "is", "CEO"), ("any", "country", "is", "DE"))
    field = CustomField.objects.create(key="budget", label="Budget", kind="number")
    batch = lists.upload(lists.text(*lists.people(3)))
    rule = cast.draft.rules.first()
    read_by_mark = [
        reverse("admin:index"),
        *rows("leads_mqldefinition", "leads_segment"),
        reverse("admin:leads_mqldefinition_add"),
        page_of(cast.draft, query=f"?open={rule.pk}"),
        page_of(asked, query="?add=segmentcondition&in=any"),
        page_of(asked, "delete"),
        page_of(ValueList.objects.first()),
        *rows("leads_qualification"),
        page_of(cast.asked),
        page_of(field),
        page_of(Signal.objects.first()),
        reverse("admin:leads_import_add"),
        page_of(batch),
    ]
    ren = cast.company.cast.ren
    return [(cast.mark, url) for url in read_by_mark] + [(ren, page_of(cast.company.source))]


def simulator_pages(cast):
    """`(reader, address)` of the pages on which rules are tried, with their answers."""
    ren, live = cast.company.cast.ren, RuleSet.objects.live()
    draft = RuleSet.draft_from_live()
    draft.rules.update(target=Rule.Target.REP, rep=cast.company.cast.bo.rep)
    for _ in range(2):
        cast.company.handoff(at=timezone.now(), name="Lena Berg", country="US")
    lead = reverse("simulation", args=[live.pk])
    urls = [
        lead,
        f"{lead}?values=Country%3A+US&away={cast.company.cast.carl.rep.pk}",
        f"{lead}?values=Country%3A+DE",
        f"{lead}?who=lena&values=Shoe",
        reverse("past-week", args=[draft.pk]),
        page_of(draft),
    ]
    return [(ren, url) for url in urls]


def intake_pages(cast):
    """`(reader, address)` of the admin's pages about what comes in, and what is made of it."""
    company, ren = cast.company, cast.company.cast.ren
    forms.make()
    one, _ = (company.lead(f"eva{end}@acme.example", name="Eva Stein") for end in ("", "+x"))
    merge = merging.merge(one, company.lead("second@acme.example"), by=ren, now=NOW)
    finding.look(now=NOW)
    provider = EnrichmentProvider.objects.create(
        name="People", url="https://people.example/?email={email}", mapping={}
    )
    mapping = Mapping(field=Mapping.Field.SOURCE, said="Website", means="Web")
    mapping.decide(by=ren, now=NOW)
    company.lead("third@acme.example", conversion=None, department="Sails")
    RefusedEvent.objects.create(
        source=company.source, received_at=NOW, reason="No such kind", payload={"kind": "wish"}
    )
    tables = ("captureform", "enrichmentprovider", "duplicate", "merge", "mapping", "lead")
    urls = [
        *rows(*(f"leads_{table}" for table in tables)),
        reverse("admin:leads_captureform_add"),
        page_of(CaptureForm.objects.first()),
        reverse("admin:leads_enrichmentprovider_add"),
        page_of(provider),
        page_of(Duplicate.objects.proposed().first()),
        page_of(merge),
        page_of(mapping),
        reverse("admin:leads_mapping_add"),
        reverse("admin:leads_mapping_unmapped"),
        reverse("admin:leads_mapping_unmapped") + "?field=department",
        reverse("admin:leads_signal_unnamed"),
        reverse("admin:leads_source_health"),
        reverse("admin:leads_endpoint_add"),
        page_of(an_endpoint()),
        page_of(company.source, "refused"),
        page_of(one),
    ]
    return [(ren, url) for url in urls]


def an_endpoint():
    """One with two secrets and a message that was given up."""
    made = Endpoint.objects.create(
        name="Warehouse", url="https://192.0.2.1/", event_types=["routing.routed"], problem="500."
    )
    made.issue_secret(now=NOW)
    made.issue_secret(now=NOW)
    event = Event.objects.create(kind="routing.routed", happened_at=NOW)
    event.deliveries.update(state="dead", last_error="It answered 500.")
    return made


def portal_pages(cast):
    """`(reader, address)` of the portal's main pages."""
    people, lead = cast.company.cast, cast.handoff.lead_id
    CustomField.objects.create(key="budget", label="Budget", kind="number")
    segment("Germans", ("all", "country", "is", "DE"))
    narrowed = "?where=custom.budget+unknown&columns=custom.budget&columns=score.total&columns=with"
    version = [cast.draft.version]
    watch(now=NOW + timedelta(hours=2))
    at_the_time = "?period=dates&since=2026-03-01&until=2026-03-31"
    mine = cast.company.handoff_of(people.ana)
    mine.accept(by=people.ana, now=NOW)
    call = FollowUp.objects.plan(mine, kind="call", by=people.ana, note="Ask", now=NOW)
    Cadence.objects.create(name="Three mails").steps.create(hours=1, kind="email", text="Thanks")
    return [
        (people.ana, reverse("portal:queue")),
        (people.ana, reverse("portal:lead", args=[lead])),
        (people.ana, reverse("portal:lead", args=[mine.lead_id])),
        (people.ana, reverse("portal:follow-ups") + "?show=overdue"),
        (people.tess, reverse("portal:follow-ups") + "?show=overdue"),
        (people.ana, reverse("portal:follow-up-done", args=[call.pk])),
        (people.ana, reverse("portal:follow-up-time", args=[call.pk])),
        (people.ana, reverse("portal:follow-up-new", args=[mine.pk])),
        (people.mark, reverse("admin:routing_cadence_add")),
        (people.ana, reverse("portal:transfer", args=[cast.handoff.pk])),
        (people.ana, reverse("portal:snooze", args=[mine.pk])),
        (people.ana, reverse("portal:work-next")),
        (people.ana, reverse("portal:absences")),
        (people.tess, reverse("portal:absence-new", args=[people.ana.rep.pk])),
        (people.tess, reverse("portal:team-leads")),
        (people.tess, reverse("portal:workload")),
        (people.ana, reverse("portal:leads")),
        (people.mark, reverse("portal:leads") + narrowed),
        (people.mark, f"{reverse('portal:leads')}{narrowed}&segment=Germans&field=behaviour"),
        (people.ana, reverse("portal:definition")),
        (people.ana, reverse("portal:glossary")),
        (people.mark, reverse("portal:stuck") + "?days=0"),
        (people.mark, reverse("portal:notification-preferences")),
        (people.mia, reverse("portal:board")),
        (people.mia, reverse("portal:escalations")),
        (people.mia, reverse("portal:sla-report") + at_the_time),
        (people.mia, reverse("portal:funnel") + at_the_time),
        (people.mark, reverse("portal:feedback") + at_the_time + "&by=clause"),
        (people.mia, reverse("portal:agreement")),
        (people.mia, reverse("portal:gut-reads")),
        (people.ana, reverse("portal:my-numbers")),
        (people.mia, reverse("portal:joint-reviews")),
        (people.mark, reverse("portal:agreement-draft")),
        (people.mark, reverse("portal:questions")),
        (people.mia, reverse("portal:sla-rows") + at_the_time),
        (people.ana, reverse("portal:promised")),
        (people.mia, reverse("portal:health")),
        (people.mia, reverse("portal:misdirected", args=["absent"])),
        (people.mia, reverse("portal:audit")),
        (people.mia, reverse("portal:definition-version", args=[cast.waiting.version])),
        (people.mark, reverse("portal:definition-version", args=version)),
        (people.mark, reverse("portal:preview", args=version)),
        (people.mark, reverse("portal:definition-lead", args=[*version, lead])),
    ]


@pytest.mark.parametrize(
    "pages",
    [admin_pages, simulator_pages, intake_pages, portal_pages],
    ids=["admin", "simulator", "intake", "portal"],
)
def test_axe_finds_nothing_serious_on_the_main_pages_in_either_theme(running, company, pages):
    wanted = pages(Cast(company))
    running.web()
    found = []
    with chromium() as browser:
        readers = {reader: reading(browser, running, reader) for reader, _ in wanted}
        for reader, url in wanted:
            answer = readers[reader].goto(running.url + url)
            assert answer.status == 200, url
            found += problems(readers[reader], url)
        connection.close()  # under the browser's event loop Django has one of its own
    assert "\n".join(found) == ""


def test_axe_finds_nothing_serious_on_a_page_that_was_overtaken(running, company):
    draft = MQLDefinition.draft_from_live(by=company.cast.mark)
    running.web()
    with chromium() as browser:
        page = reading(browser, running, company.cast.mark)
        page.goto(running.url + page_of(draft))
        page.get_by_label("Note").fill("Mine")
        MQLDefinition.objects.filter(pk=draft.pk).update(note="Theirs")
        page.get_by_role("button", name="Save the draft").click()
        page.get_by_role("heading", name="Changed meanwhile, outside this page.").wait_for()
        assert page.get_by_role("cell", name="Theirs").is_visible()
        assert page.get_by_label("Note").input_value() == "Mine"
        found = list(problems(page, "overtaken"))
        connection.close()
    assert "\n".join(found) == ""


def test_axe_finds_nothing_serious_where_a_list_of_leads_cannot_be_read(running, company):
    CustomField.objects.create(key="budget", label="Budget", kind="number")
    address = reverse("portal:leads") + "?where=custom.gone+is+3&where=country+is+DE"
    running.web()
    with chromium() as browser:
        page = reading(browser, running, company.cast.mark)
        page.goto(running.url + address)
        page.get_by_text("Filter", exact=True).click()
        page.get_by_label("Field", exact=True).select_option(label="Budget")
        page.get_by_role("button", name="Choose").click()
        page.get_by_label("Value").fill("much")
        page.get_by_role("button", name="Add the filter").click()
        page.get_by_role("heading", name="There is a problem").wait_for()
        page.get_by_text("Columns", exact=True).click()
        assert page.get_by_label("Value").input_value() == "much"
        found = list(problems(page, "a list that cannot be read"))
        connection.close()
    assert "\n".join(found) == ""


def reading(browser, running, reader):
    """A page of a browser in which this person is logged in, without motion."""
    context = browser.new_context(reduced_motion="reduce", viewport={"width": 1280, "height": 900})
    cookie = {"name": "sessionid", "value": session_of(reader), "url": running.url}
    context.add_cookies([cookie])
    return context.new_page()


def problems(page, url):
    """What axe calls serious or critical on the page as it is open, in words, in both themes."""
    page.evaluate(AXE)
    for theme, asked in ASKED.items():
        page.emulate_media(color_scheme=theme)
        page.evaluate(SETTLED)  # some of the admin's colours fade into each other
        answer = page.evaluate("asked => axe.run(asked).then(found => found.violations)", asked)
        for broken in answer:
            if broken["impact"] in ("serious", "critical"):
                where = ", ".join(str(node["target"]) for node in broken["nodes"][:3])
                yield f"{url} ({theme}): {broken['id']}, {broken['help']}: {where}"
