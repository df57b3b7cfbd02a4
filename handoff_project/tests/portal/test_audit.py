"""Who, what, when and why: of a lead, of a person and of a setting."""

import csv
from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from conftest import NOW
from handoff_project.portal.audit import Asked, Audit
from leads.models import Event, Lead
from routing.models import Absence, Team

EVER = {"since": "2020-01-01", "until": "2100-01-01"}


def page(client, person, **query):
    client.force_login(person)
    return client.get(reverse("portal:audit"), EVER | query)


def entries(client, person, **query):
    return page(client, person, **query).context["entries"]


def exported(client, person, **query):
    client.force_login(person)
    response = client.get(reverse("portal:audit-export"), EVER | query)
    text = b"".join(response.streaming_content).decode().lstrip("\ufeff")
    return list(csv.DictReader(StringIO(text)))


def rename(client, person, team, **changes):
    """Save a team in the admin with other values."""
    client.force_login(person)
    url = reverse("admin:routing_team_change", args=[team.pk])
    form = client.get(url).context["adminform"].form
    values = {name: form[name].value() for name in form.fields}
    values = {name: value for name, value in values.items() if value not in (None, False)}
    for formset in client.get(url).context["inline_admin_formsets"]:
        management = formset.formset.management_form
        values |= {
            management.add_prefix(name): management[name].value() for name in management.fields
        }
        for one in formset.formset.initial_forms:
            values |= {one.add_prefix(name): one[name].value() or "" for name in one.fields}
    response = client.post(url, values | changes)
    assert response.status_code == 302, response.context["errors"]


def test_of_a_lead_it_says_who_what_when_and_why(client, company):
    handoff = company.handoff_of(company.cast.ana)
    handoff.accept(by=company.cast.ana, now=NOW + timedelta(minutes=5))
    company.handoff()

    found = entries(client, company.cast.ren, lead=handoff.lead_id)

    assert found[0].who == "Ana Ruiz"
    assert (found[0].what, found[0].at) == ("Accepted", NOW + timedelta(minutes=5))
    routed = next(one for one in found if one.what.startswith("Routed to"))
    assert (routed.who, routed.why) == ("Handoff", "Catch-all")
    assert {one.about for one in found} == {str(handoff.lead)}


def test_of_a_setting_it_says_what_each_value_was_and_became(client, company):
    team = company.cast.emea
    rename(client, company.cast.ren, team, name="Europe", manager=company.cast.mia.pk)

    found = entries(client, company.cast.ren, setting="routing.team", of=team.pk)

    assert [(one.who, one.what, one.about) for one in found] == [
        ("Ren Sato", "Team changed", "Europe")
    ]
    assert ["Name", "EMEA", "Europe"] in found[0].values
    assert ["Manager", "Tess Vogel", "Mia Okafor"] in found[0].values


def test_what_an_added_setting_began_with_is_said_too(client, company):
    client.force_login(company.cast.mark)
    client.post(reverse("admin:leads_campaign_add"), {"name": "Spring fair"})
    found = entries(client, company.cast.mark, setting="leads.campaign")
    assert found[0].what == "Campaign added"
    assert ["Name", "nothing", "Spring fair"] in found[0].values


def test_of_a_person_it_says_all_that_they_did(client, company):
    handoff = company.handoff_of(company.cast.ana)
    handoff.accept(by=company.cast.ana, now=NOW)
    rename(client, company.cast.ren, company.cast.emea, name="Europe")

    assert {one.who for one in entries(client, company.cast.ren, who=company.cast.ana.pk)} == {
        "Ana Ruiz"
    }
    theirs = entries(client, company.cast.ren, who=company.cast.ren.pk)
    assert [one.what for one in theirs] == ["Team changed"]


def test_absences_planned_in_the_portal_are_in_it(client, company):
    ana = company.cast.ana
    client.force_login(ana)
    begins = timezone.now() + timedelta(days=3)
    values = {
        "starts_at": begins.strftime("%Y-%m-%dT%H:%M"),
        "ends_at": (begins + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M"),
        "on_open_work": "stays",
        "seen": "",
    }
    response = client.post(reverse("portal:absence-new", args=[ana.rep.pk]), values)
    assert response.status_code == 302, response.context["form"].errors
    absence = Absence.objects.get()
    client.post(reverse("portal:absence-end", args=[absence.pk]))

    found = entries(client, company.cast.ren, setting="routing.absence")
    assert [(one.who, one.what) for one in found] == [
        ("Ana Ruiz", "Absence changed"),
        ("Ana Ruiz", "Absence added"),
    ]


def test_the_file_has_as_many_rows_as_the_page_says(client, company):
    for _ in range(12):
        company.handoff()
    rename(client, company.cast.ren, company.cast.emea, name="Europe")
    for query in ({}, {"kind": "leads"}, {"kind": "settings"}, {"who": company.cast.ren.pk}):
        count = page(client, company.cast.ren, **query).context["count"]
        assert count == len(exported(client, company.cast.ren, **query)) > 0


def test_page_after_page_shows_each_entry_once_in_order(company):
    for _ in range(8):
        company.handoff()  # all at one moment
    LogEntry.objects.log_actions(company.cast.ren.pk, Team.objects.all(), 2, "Looked at.")
    LogEntry.objects.update(action_time=NOW)
    asked = Asked(since=NOW - timedelta(days=90), until=NOW + timedelta(days=1))
    audit, seen, after, more = Audit(company.cast.ren, asked), [], "", True
    while more:
        found, more = audit.page(7, after)
        seen += found
        after = found[-1].place
    assert len(seen) == audit.count() == len({(one.table, one.pk) for one in seen})
    assert len(seen) == Event.objects.count() + Team.objects.count()
    assert [one.at for one in seen] == sorted((one.at for one in seen), reverse=True)


def test_a_page_costs_the_same_however_much_there_is(client, company):
    def queries():
        client.force_login(company.cast.ren)
        with CaptureQueriesContext(
            connection,
        ) as caught:
            client.get(reverse("portal:audit"), EVER)
        return len(caught)

    company.handoff()
    queries()
    few = queries()
    for _ in range(10):
        company.handoff()
    assert queries() == few


def test_a_manager_of_a_team_sees_the_leads_of_that_team_alone(client, company):
    theirs = company.handoff_of(company.cast.ana)
    others = company.handoff(country="US")
    Lead.objects.filter(pk=others.lead_id).update(name="Other Lead")

    leads = {one.about for one in entries(client, company.cast.tess)}
    assert str(theirs.lead) in leads
    assert "Other Lead" not in leads
    assert not {one["About"] for one in exported(client, company.cast.tess)} & {"Other Lead"}


def test_a_marketer_sees_settings_and_no_lead(client, company):
    company.handoff()
    rename(client, company.cast.ren, company.cast.emea, name="Europe")
    found = entries(client, company.cast.mark)
    assert "Team changed" in {one.what for one in found}
    assert not [one for one in found if one.url.startswith("/leads/")]


@pytest.mark.parametrize("who", ["mark", "mia"])
def test_rights_of_users_are_for_those_who_see_users(client, company, who):
    ren, bo = company.cast.ren, company.cast.bo
    LogEntry.objects.log_actions(ren.pk, [bo], 2, "Deactivated.", single_object=True)
    assert "User changed" in {one.what for one in entries(client, ren)}
    person = getattr(company.cast, who)
    assert "User changed" not in {one.what for one in entries(client, person)}
    assert page(client, person, setting="leads.user").status_code == 422


def test_a_period_that_ends_before_it_begins_is_refused_with_words(client, company):
    response = page(client, company.cast.ren, since="2026-02-01", until="2026-01-01")
    assert response.status_code == 422
    assert "before the first one" in response.content.decode()
    assert page(client, company.cast.ren, since="soon").status_code == 422


def test_a_place_that_is_made_up_shows_the_newest(client, company):
    company.handoff()
    for after in ("x", "2026-01-01_e_1", "2026-01-01T00:00:00+00:00_z_1"):
        assert entries(client, company.cast.ren, after=after)
