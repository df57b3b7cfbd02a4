"""Thinks up companies, people and what they did. Pure: a seeded random source, no database."""

import unicodedata
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from handoff_project.demo import details, words
from handoff_project.demo.behaviour import HABITS, HARMLESS, STEPS, Step

_OFTEN = ("open", "case", "open", "click", "open", "product", "case", "guide")
# What leads do that are nearly there, and the step that makes them MQLs, or a close call.
PATHS = {
    "pricing": ("pricing", *_OFTEN, "pricing"),
    "standard": ("webinar", *_OFTEN, "case"),
    "enterprise": ("webinar", *_OFTEN, "case"),
    "close": ("webinar", "product", "click", "blog", "guide"),
}


@dataclass(eq=False)
class Firm:
    """A company that leads work for."""

    name: str
    domain: str
    country: words.Country
    employees: int | None
    industry: str
    relationship: str = "none"
    more: dict[str, object] = field(default_factory=dict)  # further columns that are known


@dataclass(eq=False)
class Story:
    """A lead: who, where from, and all they did, in order."""

    number: int
    first_name: str
    last_name: str
    email: str
    firm: Firm | None
    country: words.Country
    title: tuple[str, str, str]
    phone: str
    region: str
    language: str
    postal_code: str
    source: str
    campaign: str
    created_at: datetime
    conversion: Step
    steps: list[Step] = field(default_factory=list)
    need: str = ""
    referrer: str = ""
    opted_out: bool = False

    @property
    def name(self):
        return f"{self.first_name} {self.last_name}"

    @property
    def channel(self):
        return words.CHANNELS[self.source]

    @property
    def is_traced(self):
        """Whether we saw them in the browser before they gave their name."""
        return any(step.anonymous for step in self.steps)


class Imagination:
    """Makes firms and stories, always the same ones for the same random source."""

    def __init__(self, rng, *, firms):
        self.rng = rng
        self._taken = set()
        self._number = 0
        firsts, seconds = words.FIRM_FIRST.split(), words.FIRM_SECOND.split()
        names = [(a, b) for a in firsts for b in seconds]
        self.rng.shuffle(names)
        self._names = iter(names)
        self._rivals = [self._firm(domain=domain) for domain in words.RIVALS]
        self.firms = [self._firm() for _ in range(firms)]

    def _firm(self, *, country=None, employees=None, domain=""):
        first, second = next(self._names)
        country = country or self._country()
        if domain:
            first, second = domain.split(".")[0].title(), "Software"
        relationship = self.rng.choices(
            ["none", "prospect", "customer", "former", "partner"], [60, 33, 3, 2, 2]
        )[0]
        employees, known = employees or self._size(), employees
        industry = words.INDUSTRIES.get(second, "Manufacturing")
        return Firm(
            name=f"{first} {second} {country.legal}",
            domain=domain or f"{first}-{second}.example".lower(),
            country=country,
            employees=employees,
            industry=industry,
            relationship=relationship if known is None else "none",
            more=details.of_firm(self.rng, country.code, employees, industry),
        )

    def _country(self):
        return self.rng.choices(words.COUNTRIES, [country.weight for country in words.COUNTRIES])[0]

    def _size(self):
        low, high = self.rng.choices(
            [(4, 20), (21, 199), (200, 2000), (2001, 9000), (0, 0)], [14, 34, 38, 9, 5]
        )[0]
        return self.rng.randint(low, high) or None

    def story(self, created_at, *, until, habit=None):
        """Return a lead who converted on this day; nothing they did after `until` could count.

        `created_at` gives the day; the hour is one at which people in their country are awake.
        """
        rng = self.rng
        kind = habit or rng.choices(list(HABITS), [h.share for h in HABITS.values()])[0]
        firm = rng.choice(self.firms) if rng.random() < 0.94 else None
        if kind == "learner" and rng.random() < 0.2:
            firm = rng.choice(self._rivals)
        title = rng.choice(words.STUDENT_TITLES if kind == "learner" else words.TITLES)
        country = firm.country if firm else self._country()
        at = self._awake(created_at, country)
        story = self._lead(firm, country, title, at, self._step(HABITS[kind].converts, at))
        self._fill(story, HABITS[kind], until=until)
        return story

    def newcomer(self, at):
        """Return a lead who just took their first guide; that is too little to qualify."""
        firm = self.rng.choice(self.firms)
        story = self._lead(firm, firm.country, words.TITLES[-1], at, self._step("guide", at))
        self._browse(story, HARMLESS, at - timedelta(days=3), at)
        story.steps.sort(key=lambda step: step.at)
        return story

    def visitor(self, at):
        """Return a lead who converts at this moment of a first visit, more often than not ready."""
        kind = self.rng.choices(list(HABITS), [15, 15, 35, 30, 5])[0]
        firm = self.rng.choice(self.firms)
        titles = words.STUDENT_TITLES if kind == "learner" else words.TITLES
        title = self.rng.choice(titles)
        story = self._lead(firm, firm.country, title, at, self._step(HABITS[kind].converts, at))
        self._browse(story, HABITS[kind].before, at - timedelta(minutes=25), at)
        story.steps.sort(key=lambda step: step.at)
        return story, HABITS[kind]

    def next_step(self, habit, at):
        """Return something that a lead of this habit may do next."""
        return self._step(self.rng.choice(list(habit.after)), at)

    def glance(self, story, at):
        """Have a lead look at a page that means nothing."""
        story.steps.append(self._step(self.rng.choice(HARMLESS), at))

    def stranger(self, at):
        """Return the page views of somebody who never says who they are."""
        keys = self.rng.choices((*HARMLESS, "case", "pricing"), k=self.rng.randint(1, 4))
        gaps = timedelta(minutes=self.rng.uniform(0.5, 9))
        return [self._step(key, at + n * gaps, anonymous=True) for n, key in enumerate(keys)]

    def ready(self, kind, codes, at):
        """Return a lead from one of these countries whose latest step, at `at`, makes them an MQL.

        `kind` is demo, pricing, standard, enterprise, or close: nearly an MQL.
        """
        rng = self.rng
        country = rng.choice([c for c in words.COUNTRIES if c.code in codes])
        employees = rng.randint(2500, 9000) if kind == "enterprise" else rng.randint(220, 1900)
        firm = self._firm(country=country, employees=employees)
        self.firms.append(firm)
        title = rng.choice(words.DECIDERS)
        if kind == "demo":
            story = self._lead(firm, country, title, at, self._step("demo", at))
            self._browse(story, ("blog", "product", "case", "pricing"), at - timedelta(days=5), at)
        else:
            began = at - timedelta(days=rng.randint(9, 13), hours=rng.randint(1, 9))
            convert = "guide" if kind == "pricing" else "signup"
            story = self._lead(firm, country, title, began, self._step(convert, began))
            self._browse(story, ("blog", "product"), began - timedelta(days=6), began)
            *path, last = PATHS[kind]
            self._follow(story, path, began, at)
            story.steps.append(self._step(last, at))
        story.steps.sort(key=lambda step: step.at)
        return story

    def _lead(self, firm, country, title, at, conversion):
        rng = self.rng
        self._number += 1
        first = rng.choice(words.FIRST_NAMES[country.names].split())
        last = rng.choice(words.LAST_NAMES[country.names].split())
        campaign, source, _ = rng.choices(words.CAMPAIGNS, [c[2] for c in words.CAMPAIGNS])[0]
        conversion.campaign = campaign
        region = rng.choice(country.regions)
        return Story(
            number=self._number,
            first_name=first,
            last_name=last,
            email=self._email(first, last, firm.domain if firm else "postbox.example"),
            firm=firm,
            country=country,
            title=title,
            region=region,
            language=details.language_in(country.code, region),
            postal_code=details.postal_code_in(region, rng) if rng.random() < 0.7 else "",
            phone=f"{country.phone}{rng.randint(0, 99):02}" if rng.random() < 0.7 else "",
            source=source,
            campaign=campaign,
            created_at=at,
            conversion=conversion,
            steps=[conversion],
            need=rng.choice(words.NEEDS),
            opted_out=rng.random() < 0.03,
            referrer=rng.choice(words.REFERRERS),
        )

    def _email(self, first, last, domain):
        plain = unicodedata.normalize("NFKD", f"{first}.{last}").encode("ascii", "ignore").decode()
        email, n = f"{plain.lower()}@{domain}", 1
        while email in self._taken:
            n += 1
            email = f"{plain.lower()}{n}@{domain}"
        self._taken.add(email)
        return email

    def _step(self, key, at, *, anonymous=False):
        kind, system, events, paths = STEPS[key]
        event, path = self.rng.choice(events), self.rng.choice(paths)
        return Step(at, kind, system, event, path, anonymous)

    def _awake(self, day, country):
        hour = (country.awake + min(9, int(self.rng.expovariate(0.25)))) % 24
        return day.replace(hour=hour) + timedelta(seconds=self.rng.randrange(3600))

    def _fill(self, story, habit, *, until):
        rng, converted = self.rng, story.created_at
        if rng.random() < 0.65:
            times = {key: rng.randint(0, most) for key, most in habit.before.items()}
            before = [key for key, count in times.items() for _ in range(count)]
            self._browse(story, before, converted - timedelta(days=rng.randint(1, 20)), converted)
        for key, most in habit.after.items():
            for _ in range(rng.randint(0, most)):
                day = converted + timedelta(days=1 + rng.randrange(habit.days))
                at = self._awake(day.replace(minute=0, second=0, microsecond=0), story.country)
                if at < until:
                    story.steps.append(self._step(key, at))
        story.steps.sort(key=lambda step: step.at)

    def _browse(self, story, keys, since, converted):
        """Page views before they gave their name: earlier visits, and the one that converted."""
        span = (converted - since).total_seconds()
        for key in keys:
            visit = self.rng.random() < 0.5
            back = self.rng.uniform(60, 1500) if visit else self.rng.uniform(1500, span)
            at = converted - timedelta(seconds=back)
            story.steps.append(self._step(key, at, anonymous=True))

    def _follow(self, story, keys, since, until):
        """Steps in this order, spread over the time between."""
        gap = (until - since) / (len(keys) + 1)
        for number, key in enumerate(keys, start=1):
            at = since + gap * (number + self.rng.uniform(-0.3, 0.3))
            story.steps.append(self._step(key, at))
