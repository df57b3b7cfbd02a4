from conftest import NOW
from leads.scoring import scorer
from routing import packet


def test_one_lead_that_cannot_qualify_does_not_hold_up_the_others(company, monkeypatch):
    build = packet.build

    def broken(qualification, **kwargs):
        if qualification.lead.email.startswith("bad"):
            raise RuntimeError("no packet")
        return build(qualification, **kwargs)

    monkeypatch.setattr(packet, "build", broken)
    bad = company.lead("bad@acme.example", conversion={"kind": "demo_request"})
    good = company.lead("good@acme.example", conversion={"kind": "demo_request"})
    assert good.handoffs.exists() and not bad.qualifications.exists()
    monkeypatch.undo()
    scorer.qualify_missed(now=NOW)
    assert bad.handoffs.exists()
