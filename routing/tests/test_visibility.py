import pytest

from leads.models import Lead
from routing.models import Handoff, Rep


@pytest.fixture
def world(company):
    """One handoff each for Ana and Carl, one in EMEA's pool, one lead that never qualified."""
    ana = company.handoff_of(company.cast.ana)
    carl = company.handoff_of(company.cast.carl, country="US")
    Rep.objects.filter(team=company.cast.emea).update(in_rotation=False)
    pooled = company.handoff()
    cold = company.lead("cold@small.example", employer={"name": "Small", "employees": 2})
    return {"ana": ana, "carl": carl, "pooled": pooled, "cold": cold}


@pytest.mark.parametrize(
    ("who", "sees"),
    [
        ("ana", {"ana", "pooled"}),
        ("bo", {"pooled"}),
        ("carl", {"carl"}),
        ("tess", {"ana", "pooled"}),
        ("mark", {"ana", "carl", "pooled", "cold"}),
        ("mia", {"ana", "carl", "pooled", "cold"}),
        ("ren", {"ana", "carl", "pooled", "cold"}),
    ],
)
def test_everybody_sees_exactly_their_leads(company, world, who, sees):
    person = getattr(company.cast, who)
    handoffs = {name: found for name, found in world.items() if isinstance(found, Handoff)}
    visible = set(Handoff.objects.visible_to(person).values_list("pk", flat=True))
    expected = {handoffs[name].pk for name in sees if name in handoffs}
    assert visible & {h.pk for h in handoffs.values()} == expected
    leads = {name: getattr(found, "lead_id", found.pk) for name, found in world.items()}
    seen = set(Lead.objects.visible_to(person).values_list("pk", flat=True))
    assert seen & set(leads.values()) == {leads[name] for name in sees}
