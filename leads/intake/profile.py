"""What the events of a batch say about people: names that belong together, and attributes."""

from django.core.exceptions import ValidationError as Invalid
from rest_framework.exceptions import ValidationError

from leads.conditions.registry import CUSTOM
from leads.intake import people, touchpoints, vocabulary
from leads.intake.companies import company_of
from leads.intake.countries import as_written
from leads.intake.shapes import CompanyShape, ContactShape, LeadShape
from leads.models import Lead, Pending, RefusedEvent

MOST_TRAITS = 200  # that are kept of somebody who is no lead yet


class Profile:
    """Reads the events of one batch in the order of their times, inside its transaction."""

    def __init__(self, names, *, source, now):
        self.names, self.source, self.now = names, source, now
        self._leads: dict[int, Lead] = {}
        self._custom: dict[str, dict] = {}
        self._news: set[int] = set()

    def read(self, event):
        """Take over what the event says of its person. What they did is not looked at here."""
        user, anonymous = self.names.user(event), self.names.anonymous(event)
        if user and anonymous:
            self._seen_with(anonymous, user)
        if event.type == "identify":
            self._identify(event, user, anonymous)
        elif event.type == "alias":
            self._seen_with(self.names.previous(event), user or anonymous)
        elif event.type == "group":
            self._tell(event, user or anonymous, {"company": event.traits})

    def ask_for_scores(self):
        """Queue every lead about whom something was learned."""
        if self._news:
            Pending.objects.bulk_create(Pending(lead_id=pk) for pk in sorted(self._news))

    def _seen_with(self, other, main):
        """The other name belongs to the main one's person, unless it is somebody else's."""
        if other is main or other.lead_id or other.belongs_to_id:
            return
        if main.lead_id:
            self._give(other, self._lead(main.lead_id))
        elif main.belongs_to_id != other.pk:
            other.belongs_to = main
            other.save(update_fields=["belongs_to"])

    def _identify(self, event, user, anonymous):
        email = self.names.email(event)
        if email and not email.lead_id:
            if user and user.lead_id:
                # Their id knows them: this is another address of theirs.
                self._give(email, self._lead(user.lead_id))
            else:
                self._make_lead(email, event)
        known = [name for name in (email, user, anonymous) if name]
        main = next((name for name in known if name.lead_id), known[0])
        if main.lead_id:
            # On a shared browser the names of a known person stay with them.
            mine = [name for name in (user, anonymous) if name and name is not main]
            for name in mine if main is not anonymous else []:
                self._give(name, self._lead(main.lead_id))
        self._tell(event, main, event.traits)

    def _make_lead(self, email, event):
        address = people.readable_email(event.traits["email"])
        lead, _ = people.lead_of(email, address, now=event.occurred_at)
        lead.record(
            "leads.received", now=self.now, cause=f"Sent by {self.source}", source=self.source.name
        )
        self._leads[lead.pk] = lead
        self._news.add(lead.pk)
        said = event.context.get("campaign")
        said = said if isinstance(said, dict) else {}
        came = {"lead_source": said.get("source"), "channel": said.get("medium")}
        lead.learn(
            {name: self._checked(LeadShape, name, value, event) for name, value in came.items()}
            | {"campaign": _campaign(said.get("name"))},
            now=self.now,
            source=self.source,
            observed_at=event.occurred_at,
        )
        self._give(email, lead)

    def _lead(self, pk):
        if pk not in self._leads:
            self._leads[pk] = Lead.objects.select_for_update(no_key=True).get(pk=pk)
        return self._leads[pk]

    def _give(self, identity, lead):
        """Tie the name and those seen with it to the lead; what was said of them is learned."""
        for given in people.give(identity, lead):
            self._news.add(lead.pk)
            mine = self.names.get(given.kind, given.value)
            if mine is not None:
                mine.lead_id = lead.pk
            if given.traits:
                self._learn(lead, given.traits, None)
                given.traits = {}
                given.save(update_fields=["traits"])

    def _tell(self, event, identity, traits):
        """Learn the traits, or keep them with a name that nobody has explained yet."""
        if identity.lead_id:
            self._learn(self._lead(identity.lead_id), traits, event)
        elif traits:
            kept = identity.traits | traits
            identity.traits = dict(list(kept.items())[-MOST_TRAITS:])
            identity.save(update_fields=["traits"])

    def _learn(self, lead, traits, event):
        said, company, named = vocabulary.attributes_of(traits)
        values = {name: self._checked(ContactShape, name, v, event) for name, v in said.items()}
        if said.get("country") and not values["country"]:
            values["unread_country"] = as_written(said["country"])
        values |= self._custom_values("lead", named, event)
        if company or not lead.company_id:
            values["company"] = self._company(lead, company, traits, event)
        observed_at = event.occurred_at if event else self.now
        changed = lead.learn(values, now=self.now, source=self.source, observed_at=observed_at)
        if changed or company:
            self._news.add(lead.pk)

    def _company(self, lead, said, traits, event):
        checked = {
            name: self._checked(CompanyShape, name, value, event) for name, value in said.items()
        }
        checked = {name: value for name, value in checked.items() if value not in (None, "")}
        inner = traits.get("company")
        checked["custom"] = self._custom_values(
            "company", vocabulary.named(inner if isinstance(inner, dict) else {}), event
        )
        return company_of(checked, lead=lead, source=self.source, now=self.now)

    def _custom_values(self, on, said, event):
        if on not in self._custom:
            self._custom[on] = vocabulary.custom_fields(on)
        found = {}
        for key, row in self._custom[on].items():
            if said.get(key) is not None:
                try:
                    found[f"{CUSTOM}{key}"] = row.read(said[key])
                except Invalid as error:
                    self._refuse(event, key, error.messages)
        return found

    def _checked(self, shape, name, value, event):
        """Return the value as the API's shape reads it, or None; what is wrong is noted."""
        field = shape().fields[_SHAPED.get(name, name)]
        if value in (None, ""):
            return None
        try:
            return field.run_validation(value)
        except ValidationError as error:
            self._refuse(event, name, error.detail)
            return None

    def _refuse(self, event, name, details):
        RefusedEvent.objects.create(
            source=self.source,
            received_at=self.now,
            message_id=event.message_id if event else "",
            reason=f"{name}: {' '.join(map(str, details))}"[:200],
            partly=True,
        )


_SHAPED = {"lead_source": "source"}  # where an attribute has another name in the API


def _campaign(name):
    return touchpoints.campaign_named(name) if isinstance(name, str) and len(name) <= 120 else None
