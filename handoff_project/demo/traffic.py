"""Leads that arrive at a running server like real ones: page views, a form, later steps."""

import random
import time
import uuid
from datetime import timedelta

from django.utils import timezone

from handoff_project.demo.arrivals import answers_of, said_of, url_of
from handoff_project.demo.stories import Imagination

FIRMS = 400
REMEMBERED = 40  # leads that may come back


class Traffic:
    """Sends visitors through a client, one after the other."""

    def __init__(self, client, *, rng=None):
        self.client = client
        self.rng = rng or random.Random()
        self.imagination = Imagination(self.rng, firms=FIRMS)
        self.known = []  # (story, habit) of those who came lately

    def run(self, *, per_minute, seconds=None):
        """Yield a line for each lead that arrived, until the time is over."""
        ends = None if seconds is None else time.monotonic() + seconds
        while ends is None or time.monotonic() < ends:
            yield self.arrive(now=timezone.now())
            # Like real traffic: now two at once, now none for a while.
            pause = self.rng.expovariate(per_minute / 60)
            time.sleep(pause if ends is None else max(0, min(pause, ends - time.monotonic())))

    def arrive(self, *, now):
        """Have one visitor become a lead, and somebody else come back; return a line about it."""
        story, habit = self.imagination.visitor(now)
        browser = f"browser-{uuid.UUID(int=self.rng.getrandbits(128), version=4)}"
        views = [step for step in story.steps if step.anonymous]
        if views:
            names = [touchpoint_of(step, anonymous_id=browser) for step in views]
            self.client.post("/api/v1/touchpoints/", names)
        lead = self.client.post("/api/v1/leads/", lead_of(story, browser))
        self._come_back(now)
        self.known = [*self.known, (story, habit)][-REMEMBERED:]
        where = f" at {story.firm.name}" if story.firm else ""
        what = story.conversion.event or story.conversion.kind
        return f"{now:%H:%M:%S}  lead {lead['id']}: {story.name}, {story.title[0]}{where}: {what}"

    def _come_back(self, now):
        if self.known:
            story, habit = self.rng.choice(self.known)
            seconds = (self.rng.uniform(1, 20) for _ in range(self.rng.randint(1, 3)))
            steps = [
                self.imagination.next_step(habit, now - timedelta(seconds=ago)) for ago in seconds
            ]
            said = [touchpoint_of(step, email=story.email) for step in steps]
            self.client.post("/api/v1/touchpoints/", said)


def touchpoint_of(step, **who):
    """Return a step as a sender of touchpoints would put it."""
    return {
        **who,
        "message_id": str(uuid.uuid4()),
        "kind": step.kind,
        "event": step.event,
        "url": url_of(step),
        "occurred_at": step.at.isoformat(),
    }


def lead_of(story, browser):
    """Return a story's lead and conversion as a website's form would send them."""
    firm = story.firm
    company = {
        "name": firm.name,
        "domain": firm.domain,
        "employees": firm.employees,
        "industry": firm.industry,
        "country": firm.country.code,
        **firm.more,
    }
    contact = {
        "email": story.email,
        "name": story.name,
        "phone": story.phone,
        "job_title": story.title[0],
        "seniority": story.title[1],
        "department": story.title[2],
        "country": story.country.code,
        "region": story.region,
        "language": story.language,
        "postal_code": story.postal_code,
        "anonymous_id": browser,
    }
    conversion = {
        "kind": story.conversion.kind,
        "message_id": str(uuid.uuid4()),
        **said_of(story),
        "page_url": url_of(story.conversion),
        "referrer": story.referrer,
        "answers": answers_of(story),
    }
    return {
        "contact": contact,
        "company": {name: value for name, value in company.items() if value is not None},
        "source": story.source,
        "channel": story.channel,
        "campaign": story.campaign,
        "conversion": conversion,
    }
