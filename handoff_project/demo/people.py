"""Who works at the demo company: users with their roles, teams with their offices and pools."""

from dataclasses import dataclass
from datetime import date

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group

from leads import roles
from leads.models import User
from routing.models import Calendar, CalendarVersion, Pool, Rep, Team

PASSWORD = "handoff-demo-2026"


@dataclass(frozen=True)
class Office:
    """A team's place of work. Without a country, whose holidays it keeps, it never closes."""

    team: str
    calendar: str
    zone: str
    weekly: dict
    country: str
    region: str
    manager: str
    reps: tuple


def _week(opens, closes, friday):
    return {str(day): [[opens, closes if day < 4 else friday]] for day in range(5)}


OFFICES = (
    # Somebody of this team is always awake, so that some clock runs whenever the demo is seen.
    Office(
        "DACH",
        "Follow-the-sun desk",
        "Europe/Berlin",
        {str(day): [["00:00", "24:00"]] for day in range(7)},
        "",
        "",
        "Katrin Vogel",
        ("Ana Ruiz", "Bo Lindgren", "Priya Nair", "Jonas Weber"),
    ),
    Office(
        "UK & Ireland",
        "London office",
        "Europe/London",
        _week("09:00", "17:30", "17:30"),
        "GB",
        "ENG",
        "Hugh Pemberton",
        ("Niamh Byrne", "Tom Ashworth", "Grace Whitfield", "Dele Adeyemi"),
    ),
    Office(
        "Americas",
        "New York office",
        "America/New_York",
        _week("08:30", "17:30", "17:00"),
        "US",
        "NY",
        "Alicia Grant",
        ("Marcus Reed", "Camila Torres", "Dana Kim", "Luis Ortega"),
    ),
)
STAFF = (
    ("Mark Lindqvist", roles.MARKETER, "Europe/Berlin"),
    ("Sofia Marino", roles.MARKETER, "Europe/London"),
    ("Mia Okafor", roles.MANAGER, "Europe/Berlin"),
    ("Ren Tanaka", roles.REVOPS, "Europe/London"),
)
SHORT_DAY = {"12-24": "13:00", "12-31": "13:00"}  # the office closes early


def address_of(name):
    """Return the e-mail address of somebody at the company."""
    return f"{name.split()[0].lower()}@handoff.example"


def logins():
    """Return every demo log-in as (role, name, e-mail)."""
    people = [
        (role, name)
        for office in OFFICES
        for role, name in [
            *[(roles.REP, rep) for rep in office.reps],
            (roles.TEAM_LEAD, office.manager),
        ]
    ]
    people += [(role, name) for name, role, _ in STAFF]
    return [(role, name, address_of(name)) for role, name in people]


def make(*, now):
    """Make the users, calendars, teams, reps and pools; return the pools by team name."""
    password = make_password(PASSWORD)  # Argon2 is slow on purpose: once is enough
    for name, role, zone in STAFF:
        _user(name, role, zone, password)
    return {office.team: _team(office, password, now.date()) for office in OFFICES}


def _user(name, role, zone, password):
    first, last = name.split()
    user = User(email=address_of(name), first_name=first, last_name=last, zone=zone)
    user.password = password
    user.save()
    user.groups.add(Group.objects.get(name=role))
    return user


def _team(office, password, today):
    calendar = Calendar.objects.create(name=office.calendar)
    years = range(today.year - 1, today.year + 3)
    version = CalendarVersion(calendar=calendar, zone=office.zone, weekly=office.weekly, number=1)
    version.exceptions = _short_days(office, years)
    version.observe(office.country, office.region, today=today)
    version.save()
    manager = _user(office.manager, roles.TEAM_LEAD, office.zone, password)
    team = Team.objects.create(name=office.team, calendar=calendar, manager=manager)
    for name in office.reps:
        Rep.objects.create(user=_user(name, roles.REP, office.zone, password), team=team)
    return Pool.objects.create(name=office.team, team=team)


def _short_days(office, years):
    if not office.country:
        return {}
    opens = office.weekly["0"][0][0]
    return {
        f"{year}-{day}": [[opens, closes]]
        for year in years
        for day, closes in SHORT_DAY.items()
        if date.fromisoformat(f"{year}-{day}").weekday() < 5
    }
