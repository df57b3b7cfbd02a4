"""The MQL definition: one version is written, and what is read becomes a draft."""

from django.core.exceptions import ValidationError

from leads.conditions import facts
from leads.configuration import examples, rules
from leads.configuration.columns import Columns
from leads.configuration.reading import Unreadable
from leads.configuration.writing import Line
from leads.models import BucketGuide, MQLDefinition, RuleGroup, Score
from leads.scoring.words import differences, in_words
from leads.signals import draft_saved
from leads.versions import one_at_a_time

LIVE, DRAFT = "live", "draft"
MOST_GROUPS = 100
_OPEN = (MQLDefinition.State.DRAFT, MQLDefinition.State.IN_REVIEW)
_TOP = Columns(
    MQLDefinition,
    {
        "note": "note",
        "decider": "decider",
        "borderline": "borderline",
        "needed": "needed_fields",
        "if_missing": "if_missing",
    },
    always=("borderline",),
)
_PARTS = {
    "thresholds": Columns(
        MQLDefinition,
        {"fit": "fit_threshold", "interest": "interest_threshold", "total": "total_threshold"},
    ),
    "tiers": Columns(
        MQLDefinition, {"A": "tier_a", "B": "tier_b", "C": "tier_c"}, always=("A", "B", "C")
    ),
    "rejects": Columns(MQLDefinition, {"cool_down_days": "cool_down_days"}),
}
_GUIDE = Columns(BucketGuide, {"do": "do", "dont": "dont"})
_GROUP = Columns(RuleGroup, {"axis": "kind", "cap": "cap"}, always=("axis",))
_KEYS = (*_TOP.keys, *_PARTS, "buckets", "groups", "rules", "examples")


def chosen(which):
    """Return the version of this number, the live one or the newest draft; None if there is none.

    Before the first publication, the newest draft stands in for the live version.
    """
    found = MQLDefinition.objects.order_by("-version")
    if which == LIVE:
        return MQLDefinition.objects.live() or chosen(DRAFT)
    wanted = {"state__in": _OPEN} if which == DRAFT else {"version": which}
    return found.filter(**wanted).first()


class Definition:
    """Reads and writes one version. Reading makes a draft, unless one version says it already."""

    key, title = "definition", "MQL definition"

    def __init__(self, which=LIVE):
        self.which = which

    def written(self):
        """Return what the file says of the chosen version."""
        version = chosen(self.which)
        return of_version(version) if version else {}

    def load(self, node, run):
        """Make a draft of the node, if it says anything that no present version says."""
        one_at_a_time(MQLDefinition)
        draft = MQLDefinition.objects.create(
            version=MQLDefinition.next_version(), created_by=run.by
        )
        given = run.reader.keys(node, _KEYS)
        _read_settings(draft, node, given, run)
        _read_buckets(draft, given.get("buckets"), run)
        rules.load(given.get("rules"), draft, _read_groups(draft, given.get("groups"), run), run)
        examples.load(given.get("examples"), draft, run)
        if run.reader.problems:
            return
        draft.add_guides()
        same = _same_as(draft)
        if same:
            draft.delete()
            run.tell(self, "note", f"{same}, {same.get_state_display().lower()}, says the same.")
        else:
            run.draft = draft
            _tell(self, draft, run)
            draft_saved.send(sender=MQLDefinition, definition=draft, by=run.by, now=run.now)


def of_version(version):
    """Return what the file says of a version; the same for versions with the same content."""
    found = {"note": version.note} if version.note else {}
    found |= {"thresholds": Line(_PARTS["thresholds"].written(version))}
    found |= {key: value for key, value in _TOP.written(version).items() if key != "note"}
    track = {"track": version.reject_track.name} if version.reject_track else {}
    found["rejects"] = Line(track | _PARTS["rejects"].written(version))
    found["tiers"] = Line(_PARTS["tiers"].written(version))
    guides = {guide.bucket: guide for guide in version.guides.all()}
    found["buckets"] = {
        bucket.value: _GUIDE.written(guides[bucket]) for bucket in Score.Bucket if bucket in guides
    }
    found["groups"] = {
        group.name: Line(_GROUP.written(group)) for group in version.groups.order_by("pk")
    }
    rows = version.rules.select_related("segment", "signal", "group").order_by("position", "pk")
    found["rules"] = [rules.of_row(rule) for rule in rows]
    sayable = facts.fields()
    found["examples"] = {row.name: examples.of_row(row, sayable) for row in version.examples.all()}
    return {key: value for key, value in found.items() if value not in ({}, [])}


def _read_settings(draft, node, given, run):
    """Give the draft what it has one of."""
    values, unread = _TOP.read(run.reader, given)
    places = dict(_TOP.places)
    for key, part in _PARTS.items():
        known = (*part.keys, "track") if key == "rejects" else part.keys
        below = run.reader.keys(given[key], known) if key in given else {}
        found, failed = part.read(run.reader, below)
        values, unread = values | found, unread | failed
        places |= {column: (key, *steps) for column, steps in part.places.items()}
        if "track" in below:
            try:
                values["reject_track"] = run.find("nurture_tracks", below["track"])
            except Unreadable:
                unread.add("reject_track")
    for column, value in values.items():
        setattr(draft, column, value)
    if run.reader.check(node, draft, places, unread=unread):
        draft.save()


def _read_buckets(draft, node, run):
    for bucket, below in (run.reader.keys(node, Score.Bucket.values) if node else {}).items():
        given = run.reader.keys(below, _GUIDE.keys, needed=_GUIDE.needed)
        values, unread = _GUIDE.read(run.reader, given)
        guide = BucketGuide(definition=draft, bucket=bucket, **values)
        if run.reader.check(below, guide, _GUIDE.places, unread=unread):
            guide.save()


def _read_groups(draft, node, run):
    """Return the draft's groups by name; None for one that could not be read."""
    groups: dict = {}
    for name, below in run.reader.mapping(node, most=MOST_GROUPS).items():
        given = run.reader.keys(below, _GROUP.keys, needed=("axis", "cap"))
        values, unread = _GROUP.read(run.reader, given)
        group = RuleGroup(definition=draft, name=name, **values)
        right = run.reader.check(below, group, _GROUP.places, unread=unread)
        if right:
            group.save()
        groups[name] = group if right else None
    return groups


def _same_as(draft):
    """Return the live version or an open one that says what the draft says, or None.

    A version that was frozen with the older text of a segment does not say the same.
    """
    live = MQLDefinition.objects.filter(state=MQLDefinition.State.PUBLISHED)
    others = MQLDefinition.objects.filter(state__in=_OPEN).exclude(pk=draft.pk)
    written, form = of_version(draft), draft.compile()
    for other in (*live, *others.order_by("-version")):
        held = _form(other)
        if held is not None and of_version(other) == written and not differences(held, form):
            return other
    return None


def _form(version):
    try:
        return version.compiled or version.compile()
    except ValidationError:  # a draft that is not complete
        return None


def _tell(section, draft, run):
    """Say what the draft changes, compared with the live version if there is one."""
    live, form = MQLDefinition.objects.live(), draft.compile()
    if live is None:
        run.tell(section, "note", f"{draft} is a new draft, and nothing is live yet.")
        for heading, sentences in in_words(form):
            for sentence in sentences:
                run.tell(section, "added", f"{heading}: {sentence}")
        return
    run.tell(section, "note", f"{draft} is a new draft. Compared with {live}, which is live:")
    if live.note != draft.note:
        run.tell(section, "changed", f"Note: {live.note or 'none'} Now: {draft.note or 'none'}")
    for word, sentence in differences(live.compiled, form):
        run.tell(section, word, sentence)
    before, after = _off(live), _off(draft)
    for word, names in (("added", after - before), ("removed", before - after)):
        for name in sorted(names):
            run.tell(section, word, f"Not in force: {name}.")


def _off(version):
    return set(version.rules.filter(is_active=False).values_list("label", flat=True))
