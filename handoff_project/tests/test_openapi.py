"""The OpenAPI document is true: whatever it allows is answered as it says, and never with a 500."""

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connection
from hypothesis import HealthCheck, settings
from schemathesis import checks

from handoff_project.wsgi import application
from leads.models import SCOPES, Company
from routing.models import Decision, Handoff, Opportunity, Pool

EXAMPLES = 25  # of each operation
TRUE = (
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
)


document = schemathesis.openapi.from_wsgi("/api/v1/schema/", application)
# What the document allows; that other things are refused has tests of its own.
document.config.generation.update(modes=[schemathesis.GenerationMode.POSITIVE])


@pytest.fixture(autouse=True)
def one_connection():
    """Requests share the test's connection and transaction, as those of Django's client do."""
    for news in (request_started, request_finished):
        news.disconnect(close_old_connections)
    yield
    for news in (request_started, request_finished):
        news.connect(close_old_connections)


@pytest.fixture
def sender(company):
    """A source that may do everything, with something to find."""
    with connection.cursor() as cursor:  # making up examples takes its time
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
    company.source.scopes = list(SCOPES)
    company.source.save()
    lead = company.lead(job_title="VP Operations")
    handoff = company.handoff()
    known = {"companies": Company, "handoffs": Handoff, "decisions": Decision, "pools": Pool}
    ids = {name: model.objects.first().pk for name, model in known.items()}
    ids |= {"follow-ups": handoff.follow_ups.get().pk, "clocks": handoff.clocks.first().pk}
    deal = Opportunity.objects.create(lead=lead, opened_at=handoff.opened_at)
    ids |= {"opportunities": deal.pk, "sources": company.source.pk}
    return company.source.token, ids | {"leads": lead.pk}


@document.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_every_operation_answers_as_the_document_says(case, sender):
    token, known = sender
    if case.path_parameters and int(case.path_parameters["id"]) % 2 == 0:
        case.path_parameters["id"] = known[case.path.split("/")[3]]
    response = case.call(headers={"Authorization": f"Bearer {token}"})
    case.validate_response(response, checks=TRUE)
