"""Who was erased, kept beside the backups: a backup that is older brings nobody back."""

import json
import os
from datetime import datetime
from pathlib import Path

from django.db import connection
from django.db.models.functions import Coalesce

from handoff_project.backups.programs import Unusable
from leads.intake.addresses import normal_email
from leads.models import Identity, Lead, NotPossible
from leads.models.erasure import digest_of_address
from leads.privacy import erasing

NAME = "erasures.json"
# Of whichever version the database is.
READ = """
SELECT erasure.lead_id, lead.created_at, erasure.salt, erasure.digests, erasure.reason,
       erasure.erased_at
FROM leads_erasureledger erasure JOIN leads_lead lead ON lead.id = erasure.lead_id
ORDER BY erasure.id
"""
FIELDS = ("lead", "created_at", "salt", "digests", "reason", "erased_at")


def of_database():
    """Return the erasures that the database knows, as the file has them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('leads_erasureledger') IS NOT NULL")
        if not cursor.fetchone()[0]:
            return []
        cursor.execute(READ)
        rows = [dict(zip(FIELDS, row, strict=True)) for row in cursor.fetchall()]
    return json.loads(json.dumps(rows, default=datetime.isoformat))


def kept(home):
    """Return the erasures that the file in this folder has. Raise Unusable for one that is none."""
    path = Path(home) / NAME
    try:
        found = json.loads(path.read_text())
        return [{name: one[name] for name in FIELDS} for one in found]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise Unusable(f"{path} is no list of erasures: it cannot be read.") from error


def keep(home, found):
    """Add these to the file in this folder; return how many stand in it. None is ever removed."""
    known = {(one["lead"], one["erased_at"]): one for one in [*kept(home), *found]}
    if not known:
        return 0
    path = Path(home) / NAME
    draft = path.with_name(f".{NAME}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(list(known.values()), file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(path)
    except OSError as error:
        raise Unusable(f"{path} cannot be written: {error.strerror}.") from None
    return len(known)


def apply(found, *, now):
    """Erase whom the database still has of these; return how many, and who could not be, and why.

    They are known by their row, or by an address of theirs. Whoever came after an erasure with the
    same address is somebody new, and stays.
    """
    done, problems = 0, []
    for pk, erasure in sorted(_still_here(found).items()):
        since = erasure["erased_at"][:10]
        reason = f"Again after a restore; first on {since}: {erasure['reason']}"
        try:
            erasing.erase(Lead.objects.get(pk=pk), reason=reason, now=now)
            done += 1
        except NotPossible as error:
            problems.append(f"Lead {pk}: {error}")
    return done, problems


def _still_here(found):
    """Return `{lead's id: the erasure that is theirs}`."""
    rows = {(one["lead"], one["created_at"]): one for one in found}
    digests: dict[str, dict] = {}  # by salt
    for one in found:
        digests.setdefault(one["salt"], {}).update(dict.fromkeys(one["digests"], one))
    theirs = {}
    for person, pk, created, address in _addresses() if found else ():
        mine = [rows.get((pk, created.isoformat()))]
        mine += [
            by_digest.get(digest_of_address(address, salt)) for salt, by_digest in digests.items()
        ]
        for erasure in mine:
            if erasure and created < datetime.fromisoformat(erasure["erased_at"]):
                theirs[person] = erasure
    return theirs


def _addresses():
    """Give `(the person, a lead of theirs, when it was made, an address)` of all not erased."""
    here = Lead.objects.filter(erased_at=None).annotate(person=Coalesce("merged_into", "pk"))
    for *row, email in here.values_list("person", "pk", "created_at", "email").iterator():
        yield *row, normal_email(email)
    names = Identity.objects.filter(kind=Identity.Kind.EMAIL, lead__erased_at=None)
    person = Coalesce("lead__merged_into", "lead")
    yield from names.values_list(person, "lead", "lead__created_at", "value").iterator()
