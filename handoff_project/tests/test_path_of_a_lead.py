"""The whole path, through HTTP, with a real worker, the real broker and the real database."""

import random
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.contrib.auth.models import Group
from django.db import connections

from conftest import sign
from handoff_project.tests.conftest import eventually
from leads.models import Delivery, Lead, MQLDefinition, NotPublishable, User
from routing import router
from routing.models import Decision, Handoff, Pool, Rep
from sla.models import Clock

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)
DEMO = {
    "contact": {"email": "lena@acme.example", "name": "Lena Berg", "job_title": "VP Operations"},
    "company": {"name": "Acme", "domain": "acme.example", "employees": 800},
    "source": "Website",
    "conversion": {"kind": "demo_request", "form": "Demo"},
}


def lead_data(number):
    return DEMO | {"contact": {"email": f"lead{number}@acme.example", "name": f"Lead {number}"}}


def together(count, act):
    """Call `act(number)` in so many threads at the same moment; return the results."""
    barrier = Barrier(count)

    def one(number):
        barrier.wait()
        try:
            return act(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


@pytest.fixture
def world(running, company):
    """The company with its web process up."""
    running.web()
    return company


def test_a_lead_goes_from_the_api_to_a_met_clock(running, world):
    running.worker()
    running.beat()
    sent = running.sender(world.source).post(f"{running.url}/api/v1/leads/", json=DEMO)
    assert sent.status_code == 201
    ana = running.browser_of(world.cast.ana)
    page = eventually(
        lambda: "Lena Berg" in (text := ana.get(f"{running.url}/queue/").text) and text, 40
    )
    assert "Demo request" in page
    handoff = Handoff.objects.get()
    accepted = ana.post(f"{running.url}/handoffs/{handoff.pk}/acceptance/")
    assert accepted.ok
    touched = ana.post(
        f"{running.url}/handoffs/{handoff.pk}/touches/",
        data={
            "channel": "call",
            "outcome": "connected",
            "nonce": "0d9a2b7e-6a55-4c6e-9c3e-3a8f0c6a7c11",
        },
    )
    assert touched.ok
    assert "Met in" in ana.get(f"{running.url}/leads/{handoff.lead_id}/").text
    assert all(clock.was_met for clock in Clock.objects.filter(handoff=handoff))
    mail = Delivery.objects.get(channel="email", recipient=world.cast.ana)
    eventually(lambda: Delivery.objects.get(pk=mail.pk).state == "sent")
    (letter,) = (running.folder / "mail").iterdir()
    assert "New lead: Lena Berg of Acme" in letter.read_text()


def test_of_fifty_simultaneous_accepts_one_wins_and_the_others_are_told(running, world):
    Rep.objects.update(in_rotation=False)
    handoff = world.handoff()
    people = [User(email=f"r{n}@handoff.example", first_name=f"Rep{n}") for n in range(50)]
    User.objects.bulk_create(people)
    Rep.objects.bulk_create(Rep(user=person, team=world.cast.emea) for person in people)
    Group.objects.get(name="Rep").user_set.add(*people)
    browsers = [running.browser_of(person) for person in people]
    url = f"{running.url}/handoffs/{handoff.pk}/acceptance/"
    answers = together(50, lambda n: browsers[n].post(url, headers={"HX-Request": "true"}))
    winner = Handoff.objects.get().owner
    codes = Counter(answer.status_code for answer in answers)
    assert codes in ({200: 1, 409: 49}, {204: 1, 409: 49})
    for answer in answers:
        if answer.status_code == 409:
            assert f"{winner} accepted this lead" in answer.text
    handoff.refresh_from_db()
    assert (handoff.state, handoff.assignments.count()) == ("accepted", 1)
    assert handoff.lead.events.filter(kind="routing.accepted").count() == 1


@pytest.mark.parametrize("key", [None, "the-same-key"])
def test_the_same_post_five_times_at_once_makes_one_lead(running, world, key):
    headers = {"Idempotency-Key": key} if key else {}
    senders = [running.sender(world.source) for _ in range(5)]
    url = f"{running.url}/api/v1/leads/"
    answers = together(5, lambda n: senders[n].post(url, json=DEMO, headers=headers))
    codes = Counter(answer.status_code for answer in answers)
    assert codes == ({201: 5} if key else {201: 1, 200: 4})
    assert {answer.json()["id"] for answer in answers} == {Lead.objects.get().pk}
    assert Lead.objects.get().touchpoints.count() == 1


def test_a_worker_killed_at_any_moment_loses_nothing(running, world):
    """Leads arrive while the worker is killed again and again; each is handed over once."""
    seed = random.randrange(10**6)
    chance = random.Random(seed)
    sender, url = running.sender(world.source), f"{running.url}/api/v1/leads/"
    running.beat()
    offered = Handoff.objects.filter(state="offered")
    sent = 0

    def send(count):
        nonlocal sent
        for _ in range(count):
            sent += 1
            assert sender.post(url, json=lead_data(sent)).status_code == 201

    for _ in range(3):
        worker = running.worker()
        send(1)
        eventually(lambda: offered.count() == sent, 40)  # the worker is up and at it
        send(6)
        time.sleep(chance.uniform(0, 0.4))
        running.kill(worker)
        send(1)
    running.worker()
    eventually(lambda: offered.count() == sent, 60)
    assert Handoff.objects.count() == Lead.objects.count() == sent, f"seed {seed}"
    assert Clock.objects.count() == 2 * sent
    assert Delivery.objects.filter(channel="email", event__kind="routing.routed").count() == sent


def test_turns_are_exact_when_eight_route_at_once(company):
    for _ in range(40):
        company.handoff(route=False)
    together(8, lambda n: router.route_new(now=company.cast.ana.date_joined))
    counts = Counter(Handoff.objects.values_list("owner__user__first_name", flat=True))
    assert counts == {"Ana": 20, "Bo": 20}


def test_turns_and_caps_hold_when_eight_route_two_at_a_time(company):
    Rep.objects.filter(user=company.cast.ana).update(open_cap=7)
    handoffs = [company.handoff(route=False) for _ in range(40)]
    now = company.cast.ana.date_joined

    def route(_):
        while router.route_new(now=now, limit=2):
            pass

    together(8, route)
    counts = Counter(Handoff.objects.values_list("owner__user__first_name", flat=True))
    assert counts == {"Ana": 7, "Bo": 33}
    pool = Pool.objects.get(name="EMEA pool")
    turns = Decision.objects.values_list("trace__turn__number", flat=True)
    assert sorted(turns) == list(range(1, 41)) and pool.turns == 40
    # Until the cap, turns were taken one by one.
    first = Decision.objects.filter(trace__turn__number__lte=14).values_list("rep", flat=True)
    assert sorted(Counter(first).values()) == [7, 7]
    assert all(handoff.decisions.count() == 1 for handoff in handoffs)


def test_eight_scorers_at_once_count_each_signal_once(company, signals):
    from leads.intake import receive
    from leads.models import SignalDay

    leads = [company.lead() for _ in range(5)]
    now = company.cast.ana.date_joined
    for number in range(200):
        item = {"message_id": f"m{number}", "kind": "page_view", "url": "/pricing"}
        item["email"] = leads[number % 5].email
        receive.receive_touchpoints([item], source=company.source, now=now)
    together(8, lambda n: company.score(at=now))
    assert list(SignalDay.objects.values_list("n", flat=True)) == [40] * 5


def test_of_definitions_published_at_once_each_has_its_turn(company):
    now = company.cast.mark.date_joined
    drafts = [sign(MQLDefinition.draft_from_live(by=None)) for _ in range(4)]

    def act(number):
        if number < 4:
            try:
                return drafts[number].publish(by=None, now=now)
            except NotPublishable:  # another one was faster; what was signed is no longer a change
                return None
        return MQLDefinition.draft_from_live(by=None)

    more = [draft for draft in together(8, act) if draft]
    states = Counter(MQLDefinition.objects.values_list("state", flat=True))
    assert states == {"published": 1, "retired": 1, "in_review": 3, "draft": 4}
    assert [draft.rules.count() for draft in more] == [6] * 4
