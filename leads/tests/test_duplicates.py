"""Pairs of leads that may be one person: what is found, and what people's answers mean."""

from datetime import timedelta

import pytest

from conftest import NOW
from leads import merging
from leads.duplicates import finding
from leads.models import Company, Duplicate, Lead, MatchKeys


@pytest.fixture
def pairs(db):
    def found():
        while finding.look(now=NOW):
            pass
        return [
            (row.first.email.partition("@")[0], row.second.email.partition("@")[0])
            for row in Duplicate.objects.proposed().order_by("pk")
        ]

    return found


def lead(email, name="", **more):
    return Lead.objects.create(email=email, name=name, created_at=NOW, **more)


@pytest.fixture
def acme(db):
    return Company.objects.create(name="Acme", domain="acme.example")


def test_everybody_is_looked_at_batch_by_batch(db, monkeypatch):
    monkeypatch.setattr(finding, "BATCH", 2)
    ids = [lead(f"ana+{n}@acme.example").pk for n in range(3)]
    assert finding.look(now=NOW) == ids[1]
    assert finding.look(now=NOW, after=ids[1]) == ids[2]
    assert finding.look(now=NOW) == finding.look(now=NOW, after=ids[2]) == 0
    assert Duplicate.objects.count() == 3


def test_one_mailbox_in_two_spellings_is_proposed(pairs):
    lead("ana@acme.example")
    lead("ana+news@acme.example")
    lead("b.o@gmail.com")
    lead("bo@googlemail.com")
    lead("b.o@acme.example")
    assert pairs() == [("ana", "ana+news"), ("b.o", "bo")]


def test_one_phone_number_in_two_spellings_is_proposed_unless_the_names_differ(pairs):
    lead("ana@one.example", phone="030 901820", country="DE")
    lead("berg@two.example", phone="+49 30 901820")
    lead("carl@one.example", "Carl Diaz", phone="+44 20 7946 0958")
    lead("dora@two.example", "Dora Meyer", phone="020 7946 0958", country="GB")
    assert pairs() == [("ana", "berg")]


def test_almost_one_name_at_one_company_is_proposed(pairs, acme):
    lead("ana@acme.example", "Ana Ruiz-Hernandez", company=acme)
    lead("ruiz@gmail.com", "Ana Ruiz Hernandes", company=acme)
    lead("anna@acme.example", "Anna Berg", company=acme)
    lead("anne@acme.example", "Anne Berg", company=acme)
    lead("else@other.example", "Ana Ruiz-Hernandez")
    assert pairs() == [("ana", "ruiz")]


def test_a_mailbox_of_a_function_says_nothing_of_a_person(pairs, acme):
    lead("info@one.example", "Bo Lind", company=acme)
    lead("info@two.example", "Bob Linde", company=acme)
    lead("ana.ruiz@one.example", "Ana Ruiz", company=acme)
    lead("ana.ruiz@two.example", "Anna Ruize", company=acme)
    assert pairs() == [("ana.ruiz", "ana.ruiz")]


def test_namesakes_of_different_companies_are_two_people(pairs, acme):
    globex = Company.objects.create(name="Globex", domain="globex.example")
    lead("ana.ruiz@acme.example", "Ana Ruiz", company=acme)
    lead("ana.ruiz@globex.example", "Ana Ruiz", company=globex)
    assert pairs() == []


def test_looking_twice_finds_nothing_new_and_the_nightly_look_neither(pairs):
    lead("ana@acme.example")
    lead("ana+a@acme.example")
    found = pairs()
    before = list(Duplicate.objects.values())
    assert finding.look(now=NOW) == 0
    finding.look_again()
    assert finding.look(now=NOW + timedelta(days=1)) == Lead.objects.latest("pk").pk
    assert pairs() == found and list(Duplicate.objects.values()) == before


def test_a_proposal_ends_when_what_it_was_made_of_changes(pairs):
    lead("ana@one.example", phone="+4930901820")
    other = lead("bo@two.example", phone="+4930901820")
    assert pairs()
    other.phone = "+4930901821"
    other.save()
    assert pairs() == [] and not Duplicate.objects.exists()


def test_a_dismissed_pair_comes_back_only_with_other_data(pairs, cast):
    lead("ana@one.example", phone="+4930901820")
    other = lead("bo@two.example", phone="+4930901820")
    pairs()
    Duplicate.objects.get().dismiss(by=cast.mark, now=NOW)
    other.job_title = "VP"
    other.save()
    assert pairs() == []
    assert Duplicate.objects.get().actor == cast.mark
    other.email = "ana+bo@one.example"
    other.save()
    assert pairs() == [("ana", "ana+bo")]
    assert Duplicate.objects.get().actor is None


def test_merged_leads_are_proposed_no_more_and_after_undo_they_are_two_people(pairs):
    one, two, three = (lead(f"ana{tag}@acme.example") for tag in ("", "+a", "+b"))
    assert len(pairs()) == 3
    done = merging.merge(one, two, by=None, now=NOW)
    assert pairs() == [("ana", "ana+b")]
    merging.undo(done, by=None, now=NOW)
    assert sorted(pairs()) == [("ana", "ana+b"), ("ana+a", "ana+b")]
    assert Duplicate.objects.get(first=one, second=two).state == "dismissed"
    assert three in Lead.objects.unmerged()


def test_a_crowd_that_shares_a_key_is_not_compared(pairs, acme):
    for number in range(finding.CROWD + 2):
        lead(f"x{number}@acme.example", "Ana Ruiz", company=acme)
    assert pairs() == []
    assert MatchKeys.objects.count() == finding.CROWD + 2
