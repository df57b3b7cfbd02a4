"""Stores stories as intake would have left them: leads, identities, touchpoints, aggregates."""

from bisect import bisect_right, insort
from collections import defaultdict
from datetime import UTC, date, timedelta
from zlib import crc32

from handoff_project.demo import words
from handoff_project.demo.stories import Story
from leads.consents import Consent
from leads.intake.touchpoints import Arrival, shows
from leads.models import (
    SCOPES,
    Campaign,
    Company,
    Conversion,
    Event,
    FieldValue,
    Identity,
    Lead,
    Score,
    Signal,
    Source,
    Touchpoint,
    TouchpointKey,
    User,
)
from leads.models.touchpoint import digest_of_message
from leads.partitions import make_partitions
from leads.scoring.aggregate import recount

SYSTEMS = ("Website", "Mailings", "Webinars", "Chat")
ON_THE_WAY = timedelta(seconds=2)  # from what happened to when we stored it


class Arrivals:
    """Turns stories into rows of the ledger.

    `leads` maps story numbers to leads, `days` a UTC day to the stories that showed a signal on it
    (as the keys of a dict, which keeps their order).
    """

    def __init__(self, ledger):
        self.ledger = ledger
        self.leads = {}
        self.days: dict[date, dict[Story, None]] = defaultdict(dict)
        self.sources = {
            name: Source.objects.create(name=name, scopes=list(SCOPES)) for name in SYSTEMS
        }
        self._signals = list(Signal.objects.filter(is_active=True))
        self._shown: dict[tuple[str, str, str], list[int]] = {}
        self._companies = {}
        self._owner = User.objects.filter(email="dele@handoff.example").first()
        self._joined = defaultdict(list)
        self._campaigns = {}

    def tell(self, stories):
        """Store these stories; what they did is aggregated by day, as the scorer would have."""
        days = set()
        for story in stories:
            lead = self._lead(story)
            self.leads[story.number] = lead
            named, traced = self._identities(story, lead)
            for index, step in enumerate(story.steps):
                touchpoint = self._touchpoint(
                    step, traced if step.anonymous else named, lead, f"{story.number}.{index}"
                )
                if step is story.conversion:
                    touchpoint.properties = {"answers": answers_of(story)}
                days.add((lead.pk, utc_day(step.at)))
                if touchpoint.signals:
                    self.days[utc_day(step.at)][story] = None
        self.ledger.store()
        recount(days)

    def wander(self, visits):
        """Store visits of strangers, each a list of steps; they wait for somebody's name."""
        for number, steps in enumerate(visits):
            identity = self._identity(Identity.Kind.ANONYMOUS, f"visitor-{number:05}", None)
            for index, step in enumerate(steps):
                self._touchpoint(step, identity, None, f"visitor.{number}.{index}")
        self.ledger.store()

    def colleagues(self, lead, at):
        """Return how many other leads of the lead's company had come by this moment."""
        return bisect_right(self._joined[lead.company_id], at) - 1

    def _lead(self, story):
        source, at = self.sources[story.conversion.system], story.created_at
        values = self._attributes(story, source, at)
        lead = self.ledger.new(
            Lead,
            email=story.email,
            created_at=at,
            opted_out=story.opted_out,
            **{name: value for name, value in values.items() if value is not None},
        )
        insort(self._joined[lead.company_id], at)
        self._learned(values, source, at, lead=lead)
        self.ledger.new(Score, lead=lead)
        self.ledger.new(
            Event,
            lead=lead,
            kind="leads.received",
            cause=f"Sent by {source}",
            data={"source": source.name},
            happened_at=at,
        )
        self.ledger.new(
            Conversion,
            lead=lead,
            kind=story.conversion.kind,
            **said_of(story),
            answers=answers_of(story),
            page_url=url_of(story.conversion),
            referrer=story.referrer,
            campaign=lead.campaign,
            lead_source=story.source,
            occurred_at=story.conversion.at,
        )
        return lead

    def _attributes(self, story, source, at):
        return {
            "name": story.name,
            "phone": story.phone,
            "job_title": story.title[0],
            "seniority": story.title[1],
            "department": story.title[2],
            "country": story.country.code,
            "region": story.region,
            "language": story.language,
            "postal_code": story.postal_code,
            "lead_source": story.source,
            "channel": story.channel,
            "company": self._company(story.firm, source, at),
            "campaign": self._campaign(story.campaign),
            "email_consent": Consent.WITHDRAWN if story.opted_out else "",
        }

    def _company(self, firm, source, at):
        if firm is None or firm in self._companies:
            return self._companies.get(firm)
        values = {
            "employees": firm.employees,
            "industry": firm.industry,
            "country": firm.country.code,
            "relationship": firm.relationship,
            **firm.more,
        }
        owner = self._account_owner(firm)
        company = self.ledger.new(
            Company, name=firm.name, domain=firm.domain, account_owner=owner, **values
        )
        values["relationship"] = "" if firm.relationship == "none" else firm.relationship
        self._learned(values, source, at, company=company)
        return self._companies.setdefault(firm, company)

    def _account_owner(self, firm):
        """Every third company where we have no office belongs to somebody already."""
        if firm.country.names != "europe" or len(self._companies) % 3:
            return None
        return self._owner

    def _learned(self, values, source, at, **owner):
        for name, value in values.items():
            if value not in (None, "", False):
                self.ledger.new(
                    FieldValue,
                    **owner,
                    field=name,
                    value=getattr(value, "pk", value),
                    source=source,
                    observed_at=at,
                    known_at=at,
                )

    def _campaign(self, name):
        if name and name not in self._campaigns:
            self._campaigns[name] = self.ledger.new(Campaign, name=name)
        return self._campaigns.get(name)

    def _identities(self, story, lead):
        named = self._identity(Identity.Kind.EMAIL, story.email, lead)
        if not story.is_traced:
            return named, None
        return named, self._identity(Identity.Kind.ANONYMOUS, f"browser-{story.number:05}", lead)

    def _identity(self, kind, value, lead):
        return self.ledger.new(Identity, kind=kind, value=value, lead=lead)

    def _touchpoint(self, step, identity, lead, message):
        source = self.sources[step.system]
        digest = digest_of_message(source.pk, message)
        self.ledger.new(TouchpointKey, digest=digest, month=utc_day(step.at).replace(day=1))
        return self.ledger.new(
            Touchpoint,
            occurred_at=step.at,
            digest=digest,
            received_at=step.at + ON_THE_WAY,
            source=source,
            lead=lead,
            identity=identity,
            kind=step.kind,
            event=step.event,
            url=url_of(step),
            campaign=self._campaign(step.campaign),
            seconds=_stay(step, message),
            signals=self._signals_of(step, identity),
        )

    def _signals_of(self, step, identity):
        key = (step.kind, step.event, step.path)
        if key not in self._shown:
            arrival = Arrival("", step.kind, step.at, identity, step.event, url_of(step))
            self._shown[key] = [signal.pk for signal in self._signals if shows(signal, arrival)]
        return self._shown[key]


def _stay(step, message):
    """How long a page was read, as the site's script measures it: some seconds to minutes."""
    if step.kind != Touchpoint.Kind.PAGE_VIEW:
        return None
    return 15 + crc32(f"{message}{step.path}".encode()) % 210


def make_room(first, last):
    """Make the partitions for touchpoints of these days, before any row is written."""
    make_partitions(first, last)


def utc_day(at):
    return at.astimezone(UTC).date()


def url_of(step):
    """Return the page of a step, as the browser sent it."""
    return f"{words.SITE}{step.path}" if step.path else ""


def said_of(story):
    """Return form and asset of the conversion, as the sender named them."""
    form = story.conversion.event if story.conversion.kind == "demo_request" else ""
    return {"form": form, "asset": "" if form else story.conversion.event}


def answers_of(story):
    """Return what they wrote into the form."""
    asked = story.conversion.kind == "demo_request" and story.need
    return {"What are you looking for?": story.need} if asked else {}
