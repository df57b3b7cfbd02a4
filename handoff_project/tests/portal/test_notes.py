"""Notes on a lead: who writes them, who reads them, and that they are kept once."""

import pytest

from conftest import NOW
from handoff_project.tests.portal.conftest import text
from leads.privacy.erasing import erase

NONCE = "0d9a2b7e-6a55-4c6e-9c3e-3a8f0c6a7c11"
DATA = {"note": "Prefers mornings.\nSpeaks French.", "nonce": NONCE}


def test_a_note_stands_once_in_the_timeline_and_stops_no_clock(read, offered):
    running = list(offered.clocks.values_list("kind", "state"))
    for _ in range(2):  # a double click adds one
        page = text(read.ana.post("portal:notes", offered.lead_id, data=DATA, follow=True))
        assert "Note added. No clock was stopped." in page
    assert page.count("Prefers mornings.") == 1 and "Note Ana Ruiz" in page
    assert list(offered.clocks.values_list("kind", "state")) == running
    marketer = read.mark.get("portal:lead", offered.lead_id)
    assert "Speaks French." in text(marketer)


@pytest.mark.parametrize("note", ["", "  \n ", "x" * 2001])
def test_a_note_without_words_or_too_long_is_refused_at_its_field(read, offered, note):
    page = read.ana.post("portal:notes", offered.lead_id, data=DATA | {"note": note})
    assert page.status_code == 422
    assert "<title>Error:" in page.content.decode()
    assert not offered.lead.events.filter(kind="leads.noted").exists()


def test_an_erasure_empties_notes_and_no_new_one_is_kept(read, offered, cast):
    read.ana.post("portal:notes", offered.lead_id, data=DATA)
    erase(offered.lead, reason="asked", by=cast.ren, now=NOW)
    assert offered.lead.events.get(kind="leads.noted").data == {}
    assert read.mark.post("portal:notes", offered.lead_id, data=DATA).status_code == 404
