"""What two leads have in common, and how likely it makes them one person."""

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers
from rapidfuzz import fuzz
from rapidfuzz.utils import default_process

from leads.intake.addresses import normal_email, untagged
from leads.text import fold

ENOUGH = 60  # out of 100: from here on a pair is proposed
ALIKE, CLOSE = 92, 80  # of names, out of 100: one letter in a long name; a short form
# Mailboxes of functions say nothing of a person.
SHARED = frozenset(
    (
        *("admin", "billing", "contact", "hello", "help", "hr", "info", "jobs", "mail"),
        *("marketing", "office", "press", "sales", "service", "support", "team", "webmaster"),
    )
)
DOTLESS = ("gmail.com", "googlemail.com")  # where dots in an address mean nothing
SHORTEST = 4  # letters of a local part that may name a person


@dataclass(frozen=True)
class Traits:
    """What is compared of a lead."""

    mailbox: str  # its address without a tag, and without dots where they mean nothing
    local: str
    name: str
    phone: str  # E.164, or empty
    company: int | None

    @property
    def keys(self):
        """What a duplicate of this lead has too: only leads that share one are compared.

        A company alone is too many people; those are compared whose names begin alike somewhere.
        """
        found = {f"mail:{self.mailbox}"}
        if self.phone:
            found.add(f"phone:{self.phone}")
        if self.local:
            found.add(f"local:{self.local}")
        if self.company:
            found |= {f"company:{self.company}:{word[:2]}" for word in self.name.split()[:4]}
        return sorted(found)


def traits_of(lead):
    """Return the Traits of a lead."""
    mailbox = _mailbox(normal_email(lead.email))
    local = mailbox.partition("@")[0]
    personal = len(local) >= SHORTEST and local not in SHARED
    return Traits(
        mailbox,
        local if personal else "",
        " ".join(default_process(fold(lead.name)).split()),
        _e164(lead.phone, lead.country),
        lead.company_id,
    )


def _mailbox(email):
    local, _, domain = email.partition("@")
    local = untagged(local)
    if domain in DOTLESS:
        return f"{local.replace('.', '')}@gmail.com"
    return f"{local}@{domain}"


@lru_cache(maxsize=10_000)
def _e164(phone, country):
    """The number in its one international form; empty if it is none that can exist."""
    try:
        read = phonenumbers.parse(phone, country or None)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(read):
        return ""
    return phonenumbers.format_number(read, phonenumbers.PhoneNumberFormat.E164)


def likeness(one, two):
    """Return `(score, reasons)` of two Traits: out of 100, and what they have in common."""
    score, reasons = 0, []
    for points, reason in _common(one, two):
        score += points
        if points > 0:
            reasons.append(reason)
    return max(0, min(score, 100)), reasons


def _common(one, two):
    if one.mailbox == two.mailbox:
        yield 95, "The same mailbox"
    if one.phone and one.phone == two.phone:
        yield 60, f"The same phone number, {one.phone}"
    if one.company and two.company:
        same = one.company == two.company
        yield (30, "The same company") if same else (-20, "Different companies")
    if one.local and one.local == two.local:
        yield 25, f"Both addresses begin with {one.local}"
    if one.name and two.name:
        alike = fuzz.token_sort_ratio(one.name, two.name)
        if alike >= ALIKE:
            yield 30, "The same name" if one.name == two.name else "Almost the same name"
        elif alike >= CLOSE:
            yield 15, "Similar names"
        else:
            yield -40, "Different names"


def basis_of(one, two):
    """Return a digest of all that is compared: an answer holds while it stays the same."""
    compared = [vars(one), vars(two)]
    return hashlib.sha256(json.dumps(compared, sort_keys=True).encode()).hexdigest()
