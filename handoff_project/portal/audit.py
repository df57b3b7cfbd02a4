"""Who did what, when and why: the history of leads and of settings in one order, newest first.

What happened to leads stands in `Event`, changes of settings in Django's log of the admin. Both are
read by their time from a given place on, so that a page costs the same however much there is.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from heapq import merge
from itertools import islice

from django.apps import apps
from django.contrib import admin
from django.contrib.admin.models import ADDITION, DELETION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Q
from django.urls import NoReverseMatch, reverse
from django.utils.text import capfirst

from handoff_project.portal.timeline import words_of
from leads import changes
from leads.models import Event, Lead
from routing.models import Handoff

COUNTED = 10_000  # more are not counted for a page
CHUNK = 2_000  # rows of an export that are read at once
OF_SETTINGS = Q(kind__startswith="leads.definition_") | Q(kind="leads.configuration_imported")
# Models whose entries tell of leads; all others are settings.
OF_LEADS = {
    *("leads.lead", "leads.qualification", "leads.merge", "leads.duplicate", "leads.delivery"),
    *("leads.company", "leads.import", "routing.handoff", "sla.clock"),
}
FLAGS = {ADDITION: "added", DELETION: "deleted"}
EVENT, LOG = "e", "l"  # at one moment events come first


@dataclass(frozen=True)
class Entry:
    """One act: who, what, about what, when and why; `values` are `[what, before, after]`."""

    at: datetime
    table: str
    pk: int
    who: str
    what: str
    about: str
    url: str
    why: str = ""
    values: list = field(default_factory=list)

    @property
    def place(self):
        """Where it stands in the order, as an address holds it."""
        return f"{self.at.astimezone(UTC).isoformat()}_{self.table}_{self.pk}"


@dataclass(frozen=True)
class Asked:
    """What of the history is asked for; what is None is not asked."""

    since: datetime
    until: datetime
    actor: object = None
    kind: str = ""  # "leads", "settings" or nothing
    lead: int | None = None
    setting: str = ""  # "sla.policy", or one of them: "sla.policy:3"


class Audit:
    """The history that one reader may see, as far as it is asked for."""

    def __init__(self, user, asked):
        self.user, self.asked = user, asked

    def page(self, size, after=""):
        """Return the entries after a place, and whether there are more."""
        found = list(islice(self._from(_place(after), size + 1), size + 1))
        return found[:size], len(found) > size

    def every(self):
        """Yield all entries, however many, a chunk at a time."""
        place, more = "", True
        while more:
            entries, more = self.page(CHUNK, place)
            yield from entries
            place = entries[-1].place if entries else ""

    def count(self):
        """Return how many there are, at most one more than COUNTED."""
        bound = COUNTED + 1
        events = self._events().order_by()[:bound].count()
        return min(bound, events + self._log().order_by()[:bound].count())

    def _from(self, place, size):
        events = _after(self._events(), "happened_at", EVENT, place).select_related("lead", "actor")
        log = _after(self._log(), "action_time", LOG, place).select_related("user", "content_type")
        return merge(
            (_of_event(one) for one in events[:size]),
            (_of_log(one) for one in log[:size]),
            key=lambda one: (one.at, one.table == EVENT, one.pk),
            reverse=True,
        )

    def _events(self):
        asked = self.asked
        found = Event.objects.filter(happened_at__gte=asked.since, happened_at__lt=asked.until)
        if asked.actor:
            found = found.filter(actor=asked.actor)
        if asked.lead:
            found = found.filter(Q(lead=asked.lead) | Q(lead__merged_into=asked.lead))
        if asked.setting:
            found = found.filter(lead=None).filter(_of_setting(asked.setting))
        elif asked.kind:
            found = found.filter(lead__isnull=asked.kind == "settings")
        return found.filter(self._seen()) if self._sees_any() else found.none()

    def _sees_any(self):
        return any(map(self.user.has_perm, ("leads.audit_leads", "leads.audit_settings")))

    def _seen(self):
        """The events that the reader may see."""
        seen = Q(pk=None)
        if self.user.has_perm("leads.audit_leads"):
            seen |= self._of_seen_leads()
        if self.user.has_perm("leads.audit_settings"):
            # Invitations and the like are for those who see the users.
            every = self.user.has_perm("leads.view_user")
            seen |= Q(lead=None) if every else Q(lead=None) & OF_SETTINGS
        return seen

    def _of_seen_leads(self):
        if self.user.has_perm("leads.view_every_lead"):
            return Q(lead__isnull=False)
        leads = Lead.objects.visible_to(self.user).values("pk")
        handoffs = Handoff.objects.visible_to(self.user)
        theirs = Q(lead__in=leads) | Q(lead__merged_into__in=leads)
        ours = [str(pk) for pk in handoffs.values_list("pk", flat=True)]
        elsewhere = Q(data__has_key="handoff") & ~Q(data__handoff__in=[int(pk) for pk in ours])
        return theirs & ~elsewhere

    def _log(self):
        asked = self.asked
        found = LogEntry.objects.filter(action_time__gte=asked.since, action_time__lt=asked.until)
        found = found.filter(content_type__in=self._models())
        if asked.actor:
            found = found.filter(user=asked.actor)
        if asked.lead:
            kind = ContentType.objects.get_for_model(Lead)
            found = found.filter(content_type=kind, object_id=str(asked.lead))
        if asked.setting:
            label, _, pk = asked.setting.partition(":")
            app, _, model = label.partition(".")
            found = found.filter(content_type__app_label=app, content_type__model=model)
            found = found.filter(object_id=pk) if pk else found
        return found

    def _models(self):
        """The content types of what the reader may see in the admin, and audit."""
        wanted = {"leads": (True,), "settings": (False,)}.get(self.asked.kind, (True, False))
        may = {
            True: self.user.has_perm("leads.audit_leads")
            and self.user.has_perm("leads.view_every_lead"),
            False: self.user.has_perm("leads.audit_settings"),
        }
        seen = []
        for kind in ContentType.objects.filter(app_label__in=["leads", "routing", "sla"]):
            of_leads = f"{kind.app_label}.{kind.model}" in OF_LEADS
            view = f"{kind.app_label}.view_{kind.model}"
            if of_leads in wanted and may[of_leads] and self.user.has_perm(view):
                seen.append(kind.pk)
        return seen


def settings_seen_by(user):
    """Return `(label, name)` of the kinds of rows in the admin that this person may look up."""
    if not user.has_perm("leads.audit_settings"):
        return []
    kinds = [model._meta for model in admin.site._registry]
    return sorted(
        (
            (kind.label_lower, capfirst(str(kind.verbose_name)))
            for kind in kinds
            if user.has_perm(f"{kind.app_label}.view_{kind.model_name}")
        ),
        key=lambda pair: pair[1],
    )


def _of_setting(setting):
    """The events about a kind of setting, or about one of it."""
    label, _, pk = setting.partition(":")
    if label != "leads.mqldefinition":
        return Q(pk=None)
    definition = Q(kind__startswith="leads.definition_")
    if not pk:
        return definition
    model = apps.get_model(label)
    version = model.objects.filter(pk=pk).values_list("version", flat=True).first()
    return definition & Q(data__version=version)


def _place(text):
    """Return `(moment, table, id)` of an address, or None."""
    try:
        at, table, pk = text.split("_")
        moment = datetime.fromisoformat(at)
        return (moment, table, int(pk)) if moment.tzinfo and table in (EVENT, LOG) else None
    except ValueError:
        return None


def _after(rows, column, table, place):
    """The rows of one table that come after a place, newest first."""
    rows = rows.order_by(f"-{column}", "-pk")
    if place is None:
        return rows
    at, before, pk = place
    if before == table:
        return rows.filter(**{f"{column}__lte": at}).exclude(**{column: at, "pk__gte": pk})
    # At the moment itself, all events come before the log.
    return rows.filter(**{f"{column}__{'lte' if table == LOG else 'lt'}": at})


def _of_event(event):
    lead = event.lead
    definition = event.kind.startswith("leads.definition_") and event.data.get("version")
    return Entry(
        event.happened_at,
        EVENT,
        event.pk,
        str(event.actor or "Handoff"),
        words_of(event),
        str(lead) if lead else f"Definition {definition}" if definition else "",
        reverse("portal:lead", args=[lead.merged_into_id or lead.pk])
        if lead
        else reverse("portal:definition-version", args=[definition])
        if definition
        else "",
        "; ".join(filter(None, dict.fromkeys([event.cause, event.data.get("note", "")]))),
    )


def _of_log(entry):
    kind = apps.all_models[entry.content_type.app_label].get(entry.content_type.model)
    name = capfirst(str(kind._meta.verbose_name)) if kind else entry.content_type.model
    values = changes.values_of(entry)
    told = "" if values else entry.get_change_message()
    return Entry(
        entry.action_time,
        LOG,
        entry.pk,
        str(entry.user),
        f"{name} {FLAGS.get(entry.action_flag, 'changed')}",
        entry.object_repr,
        _page(entry),
        "" if told in ("Added.", "Changed .") else told,
        values,
    )


def _page(entry):
    if entry.action_flag == DELETION:
        return ""
    kind = entry.content_type
    try:
        return reverse(f"admin:{kind.app_label}_{kind.model}_change", args=[entry.object_id])
    except NoReverseMatch:
        return ""
