"""The OpenAPI document: what every operation may answer besides success, and how one logs in."""

from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiSerializerExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter

from leads.intake.shapes import Shape

PROBLEM = {
    "type": "object",
    "properties": {
        "type": {"type": "string"},
        "status": {"type": "integer"},
        "title": {"type": "string", "description": "What is wrong, as a sentence."},
        "errors": {
            "type": "object",
            "description": "Sentences by the name of the field at fault, dotted for nested ones.",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
        },
    },
    "required": ["type", "status", "title"],
}


class HandoffSchema(AutoSchema):
    """Every POST takes an Idempotency-Key, and every operation may answer with a problem."""

    def get_override_parameters(self):
        found = []
        if "{id}" in self.path or "{pk}" in self.path:
            kind = {"type": "integer", "minimum": 1}
            found.append(OpenApiParameter("id", kind, OpenApiParameter.PATH, description="Its id."))
        if self.method == "POST":
            told = "A repeat with the same key and body gets the same answer, once done."
            found.append(
                OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER, description=told)
            )
        return found

    def _get_response_bodies(self, direction="response"):
        found = super()._get_response_bodies(direction)
        problem = {"schema": {"$ref": "#/components/schemas/Problem"}}
        if "400" in found:
            found["400"]["content"]["application/problem+json"] = problem
        return found | {
            "default": {
                "description": "A problem: what is wrong, and with which field.",
                "content": {"application/problem+json": problem},
            }
        }


def with_problem(result, generator, request, public):
    """Put the shape of a problem among the components."""
    result.setdefault("components", {}).setdefault("schemas", {})["Problem"] = PROBLEM
    return result


class TokenScheme(OpenApiAuthenticationExtension):
    """The token of a source."""

    target_class = "leads.api.authentication.SourceTokenAuthentication"
    name = "sourceToken"

    def get_security_definition(self, auto_schema):
        return {"type": "http", "scheme": "bearer", "description": "The token of a source."}


class SignedScheme(OpenApiAuthenticationExtension):
    """The signature of a source, by Standard Webhooks."""

    target_class = "leads.api.authentication.SignedBySource"
    name = "sourceSignature"

    def get_security_definition(self, auto_schema):
        told = "Standard Webhooks: webhook-id, webhook-timestamp and webhook-signature."
        return {
            "type": "apiKey",
            "in": "header",
            "name": "webhook-signature",
            "description": told,
        }


class StrictShape(OpenApiSerializerExtension):
    """What comes in has no fields but these."""

    target_class = Shape
    match_subclasses = True

    def map_serializer(self, auto_schema, direction):
        found = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)
        return found | {"additionalProperties": False}
