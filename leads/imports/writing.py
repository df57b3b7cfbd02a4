"""Stores the lines of a chunk, in the caller's transaction, by the same steps as the API.

Rows are locked in the order in which `receive_lead` locks them: names, leads, companies.
"""

from leads import bulk
from leads.imports.chunk import CREATED, UPDATED, Chunk, Known
from leads.intake import companies, people, touchpoints
from leads.models import Company, Event, Identity, ImportedRecord, Lead, Pending
from leads.models.field_value import remember, store_changed

CAUSE = "Imported from {name}, line {line}"


class StoredChunk(Chunk):
    """A chunk whose people and companies are claimed, and which is written."""

    def __init__(self, lines, *, run, now):
        super().__init__(lines, observed_at=run.batch.created_at, now=now)
        self.run = run
        self.names = Identity.objects.claim_all(
            Identity.Kind.EMAIL, [line.key for line in self.good]
        )
        self.people = self._people()
        self.leave_known_employers()
        self._find_companies()
        said = {line.campaign for line in self.good if line.campaign}
        self.campaigns = {name: touchpoints.campaign_named(name) for name in sorted(said)}

    def store(self):
        """Write what the lines change; return how each of them ends."""
        ends = self.work_out()
        self._store_companies()
        self._store_people()
        changed = {
            self.people[line.key].row.pk
            for line, end in zip(self.lines, ends, strict=True)
            if end in (CREATED, UPDATED)
        }
        bulk.add(Pending, ["lead_id"], ([pk] for pk in sorted(changed)))
        return ends

    def _people(self):
        ids = sorted(name.lead_id for name in self.names.values() if name.lead_id)
        locked = Lead.objects.select_for_update(no_key=True, of=("self",)).order_by("pk")
        leads = {
            lead.pk: lead
            for lead in locked.filter(pk__in=ids).prefetch_related("company", "campaign")
        }
        told = set(
            self.run.records.filter(lead__in=ids).values_list("lead_id", flat=True) if ids else ()
        )
        found: dict[str, Known] = {}
        for line in self.good:
            if line.key not in found:
                lead = leads.get(self.names[line.key].lead_id)
                found[line.key] = Known(
                    lead or self._new_lead(line),
                    not lead,
                    line.number,
                    lead is not None and lead.pk in told,
                )
        return found

    def _new_lead(self, line):
        return Lead(email=line.email.lower(), created_at=min(line.created_at or self.now, self.now))

    def _find_companies(self):
        """Lock the companies that the lines name; make new ones in the order of the lines."""
        keys = {line.company_key for line in self.employed}
        before = companies.ids_of(keys)
        self.ids, self.new = self._made(before), keys - before.keys()
        locked = Company.objects.select_for_update(no_key=True).order_by("pk")
        self.rows = {row.pk: row for row in locked.filter(pk__in=set(self.ids.values()))}
        told = self.run.records.filter(company__in=self.rows).values_list("company_id", flat=True)
        self.told_before = set(told)

    def _made(self, before):
        """Return the ids of all companies, those that are new included."""
        names, missing = set(), []
        for domain, name in dict.fromkeys(line.company_key for line in self.employed):
            one = domain.lower() or self.capital[name]
            if (domain, name) in before or (one if domain else "", one) in names:
                continue
            # A later line that says the name alone means the company that has it by then.
            names |= {(domain.lower(), domain.lower()), ("", self.capital[name])}
            missing.append((domain, name))
        told = [known.row.pk for known in self.people.values() if not known.is_new]
        made = companies.make(missing, source=self.run.batch.source, now=self.now, but=told)
        stored = set(Company.objects.filter(pk__in=made.values()).values_list("pk", flat=True))
        # For the others somebody else has made a company of that domain meanwhile.
        made |= companies.ids_of([key for key, pk in made.items() if pk not in stored])
        by_domain = {domain.lower(): pk for (domain, _), pk in made.items() if domain}
        found = dict(before)
        for domain, name in {line.company_key for line in self.employed} - before.keys():
            pk = by_domain.get(domain.lower()) if domain else made.get((domain, name))
            if pk:
                found[domain, name] = pk
        return found

    def meet(self, one, pk, line):
        return Known(
            self.rows[pk], line.company_key in self.new, line.number, pk in self.told_before
        )

    def _store_companies(self):
        met = self.met.values()
        _save(met, self.now)
        self._remember(met)
        self._record(met, "company")

    def _store_people(self):
        new = [(self.names[key], known) for key, known in self.people.items() if known.is_new]
        people.make_leads([(name, known.row) for name, known in new])
        people.join_all([(name, known.row) for name, known in new])
        _save([known for known in self.people.values() if not known.is_new], self.now)
        self._remember(self.people.values())
        self._record(self.people.values(), "lead")
        source, batch = self.run.batch.source, self.run.batch
        bulk.add(
            Event,
            ("lead_id", "cause"),
            (
                [known.row.pk, CAUSE.format(name=batch.name, line=known.line)[-200:]]
                for _, known in new
            ),
            kind="leads.received",
            data={"source": source.name, "import": batch.pk},
            happened_at=self.now,
        )

    def _remember(self, met):
        remember(
            [(known.row, known.news) for known in met if known.news],
            now=self.now,
            source=self.run.batch.source,
            observed_at=self.observed_at,
            run=self.run,
        )

    def _record(self, met, kind):
        bulk.add(
            ImportedRecord,
            (f"{kind}_id", "line", "created"),
            ([known.row.pk, known.line, known.is_new] for known in met),
            passing_over=True,
            run_id=self.run.pk,
        )


def _save(met, now):
    changed = [known for known in met if known.news]
    store_changed(
        [known.row for known in changed],
        {name for known in changed for name in known.news},
        now=now,
    )
