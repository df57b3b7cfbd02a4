import pytest

from leads.models import MQLDefinition, Segment
from leads.scoring.words import differences, in_words


@pytest.fixture
def draft(definition):
    return MQLDefinition.draft_from_live(by=None)


def changes(draft):
    return differences(MQLDefinition.objects.live().compiled, draft.compile())


def test_a_definition_reads_from_top_to_bottom(definition):
    said = dict(in_words(definition.compiled))
    assert said["Handed over"] == [
        "When fit is at least 20 and interest is at least 20, unless a rule says never; "
        "at once by a fast track.",
        "Decided by the definition itself, at once.",
        "Leads that are declined or sent back go to “General nurture”. After 30 days a marketer "
        "may be asked about a declined one again.",
    ]
    assert said["Never passed on"] == [
        "Competitor. Never pass when Company domain is one of rival.example."
    ]
    assert len(said["Interest: what they did"]) == 2


def test_a_copy_is_no_different(draft):
    assert changes(draft) == []


def test_each_kind_of_change_has_its_word(draft):
    draft.fit_threshold = 30
    draft.rules.filter(label="Decision maker").update(points=5)
    draft.rules.filter(label="Opens our mails").delete()
    german = {"field": "country", "operator": "is", "value": "DE", "points": 3}
    draft.rules.create(position=9, kind="fit", label="German", **german)
    draft.groups.create(name="Web", kind="interest", cap=25)
    found = changes(draft)
    assert sorted(word for word, _ in found) == ["added", "added", "changed", "changed", "removed"]
    sentences = " ".join(sentence for _, sentence in found)
    assert "fit is at least 30" in sentences
    assert "+15 points" in sentences and "+5 points" in sentences
    assert "German. +3 points: Country is DE." in sentences


def test_a_rule_that_only_moved_is_said_to_have_moved(draft):
    draft.rules.filter(label="Decision maker").update(position=0)
    assert {word for word, _ in changes(draft)} == {"moved"}


def test_an_edited_segment_shows_in_the_draft_that_uses_it(draft):
    Segment.objects.get(name="ICP").conditions.update(value="50, 500")
    ((word, sentence),) = changes(draft)
    assert word == "changed"
    assert "between 200 and 2000" in sentence and "between 50 and 500" in sentence


def test_joining_a_group_is_a_difference(draft):
    group = draft.groups.create(name="Web", kind="interest", cap=25)
    draft.rules.filter(label="Pricing page").update(group=group)
    sentences = " ".join(sentence for _, sentence in changes(draft))
    assert "Web: at most 25 points of interest together." in sentences
    assert "within Web." in sentences
