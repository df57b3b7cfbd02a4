"""Puts the questions that wait to their providers: at their rate, with retries, once each."""

import logging
import random
import uuid
from datetime import timedelta

from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now, TruncMinute

from leads.enrichment import answers, questions
from leads.enrichment.provider import Paused, Unanswered, ask
from leads.models import Company, Enrichment, EnrichmentProvider, Lead

LEASE = timedelta(seconds=60)  # a worker that dies frees its question after this
MOST_ATTEMPTS = 6
log = logging.getLogger(__name__)


def active(*, now):
    """Return the providers that may be asked now."""
    rows = EnrichmentProvider.objects.filter(is_active=True, source__is_active=True)
    return rows.filter(Q(paused_until=None) | Q(paused_until__lte=now)).order_by("pk")


def note_new(*, now):
    """Put the questions that new leads and companies raise."""
    for provider in active(now=now):
        while questions.note_new(provider, now=now):
            pass


def sweep(*, now):
    """Find rows that `note_new` overtook, and ask again where an answer has grown old."""
    for provider in active(now=now):
        questions.put(provider, questions.subjects(provider), now=now)
        old = provider.questions.filter(
            state__in=(Enrichment.State.ANSWERED, Enrichment.State.UNKNOWN),
            answered_at__lt=now - timedelta(days=provider.fresh_days),
        )
        owner = "lead" if provider.about == EnrichmentProvider.About.PERSON else "company"
        old.filter(**{f"{owner}__in": questions.subjects(provider)}).update(
            state=Enrichment.State.WAITING, attempts=0, due_at=now
        )


def work_once(*, now):
    """Put one question of each provider that has one due; return how many were put."""
    put = 0
    for provider in active(now=now):
        question = _claim(provider, now=now)
        if question is not None:
            put += 1
            _put(provider, question, now=now)
    return put


def _claim(provider, *, now):
    """Lease the question that waits longest, if the provider's rate allows one; or None."""
    with transaction.atomic():
        free = Q(lease_until=None) | Q(lease_until__lt=Now())
        question = (
            provider.questions.filter(free, state=Enrichment.State.WAITING, due_at__lte=now)
            .order_by("due_at", "pk")
            .select_for_update(skip_locked=True, of=("self",))
            .first()
        )
        if question is None or not _within_rate(provider):
            return None
        question.lease, question.attempts = uuid.uuid4(), question.attempts + 1
        Enrichment.objects.filter(pk=question.pk).update(
            lease=question.lease, lease_until=Now() + LEASE, attempts=question.attempts
        )
        return question


def _within_rate(provider):
    """Count one question of this minute, by the database's clock; False where there are enough."""
    row = EnrichmentProvider.objects.filter(pk=provider.pk)
    this = TruncMinute(Now())
    fresh = row.filter(Q(minute=None) | Q(minute__lt=this))
    if fresh.update(minute=this, asked_in_minute=1):
        return True
    counted = row.filter(asked_in_minute__lt=provider.per_minute)
    return bool(counted.update(asked_in_minute=F("asked_in_minute") + 1))


def _put(provider, question, *, now):
    try:
        value = _value(provider, question)
        answer = ask(provider, value, now=now) if value else None
        if answer is None:
            _finish(question, now, state=Enrichment.State.UNKNOWN, problem="", learned=[])
        else:
            _learn(provider, question, answer, now=now)
    except Paused as error:
        EnrichmentProvider.objects.filter(pk=provider.pk).update(
            paused_until=now + error.pause, problem=str(error)[:300]
        )
        # It was not this question's fault.
        _again(question, error, due_at=now + error.pause, attempts=question.attempts - 1)
        return
    except Unanswered as error:
        _failed(question, error, now=now)
        return
    except SoftTimeLimitExceeded:
        raise  # the lease ends by itself, and the question is put again
    except Exception as error:
        log.exception("The answer of %s about question %s failed.", provider, question.pk)
        _failed(question, error, now=now)
        return
    EnrichmentProvider.objects.filter(pk=provider.pk).update(
        paused_until=None, problem="", last_answer_at=now
    )


def _value(provider, question):
    if provider.about == EnrichmentProvider.About.PERSON:
        lead = Lead.objects.filter(pk=question.lead_id, erased_at=None)
        return lead.values_list("email", flat=True).first()
    return Company.objects.values_list("domain", flat=True).get(pk=question.company_id)


@transaction.atomic
def _learn(provider, question, answer, *, now):
    lead = company = None
    if question.lead_id:
        lead = Lead.objects.select_for_update(no_key=True).get(pk=question.lead_id)
    else:
        company = Company.objects.select_for_update(no_key=True).get(pk=question.company_id)
    if lead is not None and lead.erased_at:  # while the provider was asked
        return
    values, problems = answers.read(provider, answer)
    told = "; ".join(f"{target}: {why}" for target, why in problems.items())[:300]
    learned = answers.learn(provider, lead, company, values, now=now)
    _finish(question, now, state=Enrichment.State.ANSWERED, problem=told, learned=learned)


def _failed(question, error, *, now):
    if question.attempts >= MOST_ATTEMPTS:
        _finish(question, now, state=Enrichment.State.FAILED, problem=str(error)[:300])
        return
    pause = min(30 * 2**question.attempts, 6 * 3600) * random.uniform(0.5, 1.0)
    _again(question, error, due_at=now + timedelta(seconds=pause))


def _again(question, error, **values):
    mine = Enrichment.objects.filter(pk=question.pk, lease=question.lease)
    mine.update(lease=None, lease_until=None, problem=str(error)[:300], **values)


def _finish(question, now, **values):
    mine = Enrichment.objects.filter(pk=question.pk, lease=question.lease)
    mine.update(lease=None, lease_until=None, answered_at=now, **values)
