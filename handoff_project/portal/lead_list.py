"""The list of leads as its address says it: whom it holds, and what it shows of each."""

from urllib.parse import urlencode

from django.db.models import Prefetch

from handoff_project.portal import columns
from handoff_project.portal.forms import SearchForm
from leads.conditions import asked
from leads.models import Lead
from routing.models import Handoff

COLUMNS = "columns"
COLLEAGUES = 5  # that a lead's page names


def matching(user, words):
    """Return the leads that this person may see and that have all the words, newest first."""
    leads = Lead.objects.known().visible_to(user).search(words)
    return leads.select_related("company", "campaign", "score", "stage").order_by(
        "-created_at", "-pk"
    )


class LeadList:
    """One person's list. Use it within `registry.read_once()`."""

    def __init__(self, user, query, *, now):
        self.user = user
        self.words = SearchForm(query).words()
        self.asked = asked.asked(query, today=now.date())
        self.available = columns.available()
        chosen = dict.fromkeys(query.getlist(COLUMNS))
        self.has_all = columns.ALL in chosen
        self.columns = [self.available[key] for key in chosen if key in self.available]
        if self.has_all:
            self.columns = list(self.available.values())

    @property
    def problems(self):
        return [one for one in self.asked if one.problem]

    def leads(self):
        """Return the leads that this person may see and for which all holds, newest first."""
        found = matching(self.user, self.words).select_related("company__parent")
        return asked.narrow(found, self.asked)

    def with_handoffs(self, leads):
        """The same leads, each with its handoffs that this person may see, latest first."""
        return with_handoffs(leads, self.user)

    def exported(self):
        """Return the columns of an export: those of the page, and always whose row it is."""
        keys = [column.key for column in self.columns] or columns.STANDARD
        return [self.available[key] for key in dict.fromkeys((*columns.NEEDED, *keys))]

    def pairs(self, *without):
        """Return the list as `(parameter, value)`, without these parameters or things asked."""
        shown = [columns.ALL] if self.has_all else [column.key for column in self.columns]
        return [
            *([("q", self.words)] if self.words and "q" not in without else []),
            *(
                (one.parameter, one.text)
                for one in self.asked
                if one not in without and one.parameter not in without
            ),
            *((COLUMNS, key) for key in shown if COLUMNS not in without),
        ]

    def query(self, *without, more=()):
        """Return what `pairs` says, and more pairs, as the query of an address."""
        said = urlencode([*self.pairs(*without), *more])
        return f"?{said}" if said else ""

    def chips(self):
        """Return everything asked, each with the query of the list without it."""
        return [(one, self.query(one)) for one in self.asked]


def with_handoffs(leads, user):
    """The same leads, each with its handoffs that this user may see, latest first."""
    handoffs = Handoff.objects.visible_to(user).select_related("owner__user", "pool")
    latest = handoffs.defer("packet").order_by("-opened_at")
    return leads.prefetch_related(Prefetch("handoffs", latest, to_attr="visible_handoffs"))


def colleagues(lead, user):
    """Return the newest other leads of the lead's company that this user may see."""
    if lead.company_id is None:
        return []
    others = (
        Lead.objects.known().visible_to(user).filter(company=lead.company_id).exclude(pk=lead.pk)
    )
    newest = others.select_related("stage").order_by("-created_at", "-pk")[:COLLEAGUES]
    return list(with_handoffs(newest, user))
