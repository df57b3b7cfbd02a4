"""What senders call things, and what Handoff calls them."""

import re
from functools import lru_cache

from leads.models import CustomField, Touchpoint
from leads.models.touchpoint import LONGEST_STAY
from leads.text import fold

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Za-z][a-z]*|\d+")
KIND = Touchpoint.Kind

# Event names of common tracking plans, in small letters and without marks between the words.
KINDS = {
    "demo requested": KIND.DEMO_REQUEST,
    "demo request": KIND.DEMO_REQUEST,
    "requested demo": KIND.DEMO_REQUEST,
    "form submitted": KIND.FORM_SUBMIT,
    "form submit": KIND.FORM_SUBMIT,
    "submitted form": KIND.FORM_SUBMIT,
    "content downloaded": KIND.CONTENT_DOWNLOAD,
    "asset downloaded": KIND.CONTENT_DOWNLOAD,
    "file downloaded": KIND.CONTENT_DOWNLOAD,
    "ebook downloaded": KIND.CONTENT_DOWNLOAD,
    "whitepaper downloaded": KIND.CONTENT_DOWNLOAD,
    "webinar registered": KIND.WEBINAR_REGISTRATION,
    "webinar registration": KIND.WEBINAR_REGISTRATION,
    "registered for webinar": KIND.WEBINAR_REGISTRATION,
    "webinar attended": KIND.WEBINAR_ATTENDANCE,
    "attended webinar": KIND.WEBINAR_ATTENDANCE,
    "event attended": KIND.EVENT_ATTENDANCE,
    "attended event": KIND.EVENT_ATTENDANCE,
    "email opened": KIND.EMAIL_OPEN,
    "email link clicked": KIND.EMAIL_CLICK,
    "email clicked": KIND.EMAIL_CLICK,
    "ad clicked": KIND.AD_CLICK,
    "trial started": KIND.TRIAL_START,
    "started trial": KIND.TRIAL_START,
    "live chat conversation started": KIND.CHAT,
    "live chat message sent": KIND.CHAT,
    "chat started": KIND.CHAT,
    "page viewed": KIND.PAGE_VIEW,
    "viewed page": KIND.PAGE_VIEW,
}
LEAD = {
    # trait, in small letters with _ between the words: the lead's attribute
    "name": "name",
    "phone": "phone",
    "phone_number": "phone",
    "title": "job_title",
    "job_title": "job_title",
    "position": "job_title",
    "seniority": "seniority",
    "department": "department",
    "country": "country",
    "country_code": "country",
    "region": "region",
    "state": "region",
    "language": "language",
    "locale": "language",
    "postal_code": "postal_code",
    "zip": "postal_code",
    "opted_out": "opted_out",
    "unsubscribed": "opted_out",
    "email_opt_out": "opted_out",
    "email_consent": "email_consent",
    "phone_consent": "phone_consent",
    "do_not_contact": "do_not_contact",
}
# Where a client may say which visit an event belongs to, and how long it took: in seconds, or by
# names that say so in thousandths.
SESSION = ("session_id", "ga_session_id")
SECONDS = ("seconds", "duration", "duration_seconds", "time_on_page", "engagement_time")
MILLISECONDS = ("duration_ms", "engagement_time_msec", "time_on_page_ms")
COMPANY = {
    "name": "name",
    "domain": "domain",
    "website": "domain",
    "employees": "employees",
    "employee_count": "employees",
    "company_size": "employees",
    "size": "employees",
    "industry": "industry",
    "country": "country",
    "revenue": "revenue",
    "annual_revenue": "revenue",
}


LONGEST_NAME = 120  # characters: nothing that we know is called by a longer one


def words_of(name):
    """Return a name's words in small letters: "Demo Requested", demo_requested, demoRequested."""
    return [word.lower() for word in _WORD.findall(fold(name))]


@lru_cache(maxsize=4_096)
def kind_of(event):
    """Return the touchpoint kind of a tracked event by its name; `custom` for one of its own."""
    return KINDS.get(" ".join(words_of(event)), KIND.CUSTOM)


def named(traits):
    """Return the traits by their names in small letters with _ between the words."""
    return {_key_of(name[:LONGEST_NAME]): value for name, value in traits.items()}


@lru_cache(maxsize=4_096)
def _key_of(name):
    return "_".join(words_of(name))


def attributes_of(traits):
    """Return what an identify's traits say of `(the lead, the company)`, and all of them by name.

    Values are unchecked: `leads.intake.profile` reads each by the shapes of the API.
    """
    said = named(traits)
    lead = {LEAD[name]: value for name, value in said.items() if name in LEAD}
    first, last = said.get("first_name"), said.get("last_name")
    full = " ".join(part for part in (first, last) if isinstance(part, str))
    if full and not lead.get("name"):
        lead["name"] = full
    address = said.get("address")
    if isinstance(address, dict):
        inner = named(address)
        lead |= {LEAD[k]: v for k, v in inner.items() if k in LEAD and LEAD[k] not in lead}
    company = said.get("company") or said.get("organization")
    if isinstance(company, str):
        company = {"name": company}
    return lead, company_attributes_of(company if isinstance(company, dict) else {}), said


def company_attributes_of(traits):
    """Return the company attributes that the traits of a group, or of a person's company, say."""
    said = named(traits)
    return {COMPANY[name]: value for name, value in said.items() if name in COMPANY}


def visit_of(properties, context):
    """Return `(session, seconds)` as a client names them; empty and None where it does not.

    A number that cannot be a duration, below nought or above a day, says nothing.
    """
    said, around = named(properties), named(context)
    sessions = [found.get(name) for found in (around, said) for name in SESSION]
    sessions.append(around.get("session"))
    session = next((text for text in map(_id, sessions) if text), "")
    for names, unit in ((SECONDS, 1), (MILLISECONDS, 1000)):
        for value in (said.get(name) for name in names):
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            if is_number and 0 <= value / unit <= LONGEST_STAY:
                return session, int(value / unit)
    return session, None


def _id(said):
    """A session's id as text; some clients send numbers, or an object that has it as `id`."""
    said = said.get("id") if isinstance(said, dict) else said
    if isinstance(said, bool) or not isinstance(said, str | int):
        return ""
    return str(said).strip()[:100]


def custom_fields(on):
    """Return the active custom fields of leads or companies by key."""
    return {row.key: row for row in CustomField.objects.filter(on=on, is_active=True)}
