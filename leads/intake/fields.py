"""How single values are read from outside: addresses, codes, bounded text and objects."""

import json

from django.core.exceptions import ValidationError
from drf_spectacular.utils import extend_schema_field
from email_validator import EmailNotValidError, validate_email
from rest_framework import serializers

from leads.conditions.registry import CUSTOM
from leads.intake.countries import country_code
from leads.intake.currencies import currency_code
from leads.intake.sizes import band_of
from leads.models import CustomField, Mapping
from leads.models.mapping import meant
from leads.text import fold, storable

LONGEST_DOMAIN = 253  # characters, by the rules of domain names
LONGEST_EMAIL = 254
MAX_DEPTH = 8  # of answers and properties
MAX_JSON_BYTES = 32 * 1024  # of one answers or properties object, as JSON


class EmailField(serializers.CharField):
    """An address as a person may have typed it; validated by syntax, never by DNS."""

    def __init__(self, **kwargs):
        super().__init__(max_length=LONGEST_EMAIL, **kwargs)

    def to_internal_value(self, data):
        text = super().to_internal_value(data)
        try:
            checked = validate_email(text, check_deliverability=False, test_environment=True)
        except EmailNotValidError as error:
            raise serializers.ValidationError(f"Not an e-mail address: {error}") from None
        if len(checked.normalized.casefold()) > LONGEST_EMAIL:
            raise serializers.ValidationError(f"At most {LONGEST_EMAIL} characters.")
        return checked.normalized


class CountryField(serializers.CharField):
    """A country by its code, by a name in a common language, or as somebody decided what it means.

    It becomes the code of two letters.
    """

    default_error_messages = {
        "no_country": "No country is called so. Give its name, or the ISO 3166 code such as DE."
    }

    def __init__(self, **kwargs):
        super().__init__(max_length=100, **kwargs)

    def to_internal_value(self, data):
        text = super().to_internal_value(data)
        code = country_code(text) or country_code(meant(Mapping.Field.COUNTRY, text))
        if not code:
            self.fail("no_country")
        return code


class EmployeesField(serializers.IntegerField):
    """How many people a company has: a whole number, or a band such as "51-200" as text."""

    def to_internal_value(self, data):
        band = band_of(data) if isinstance(data, str) and len(data) <= 60 else None
        return super().to_internal_value(data if band is None else band)


class CurrencyField(serializers.RegexField):
    """An ISO 4217 code of three letters, in either case."""

    default_error_messages = {
        "unknown": "There is no such currency. Give the ISO 4217 code, such as EUR."
    }

    def __init__(self, **kwargs):
        super().__init__(r"^[A-Za-z]{3}\Z", **kwargs)
        self.error_messages["invalid"] = "Give the ISO 4217 code of three letters, such as EUR."

    def to_internal_value(self, data):
        code = currency_code(super().to_internal_value(data))
        if not code:
            self.fail("unknown")
        return code


class StrictCharField(serializers.CharField):
    """Text only: a number where text belongs is the sender's mistake."""

    default_error_messages = {"not_text": "Give text."}

    def to_internal_value(self, data):
        if not isinstance(data, str):
            self.fail("not_text")
        return super().to_internal_value(data)


class ObjectField(serializers.DictField):
    """A JSON object of the sender's own, bounded in size and depth, that PostgreSQL can store."""

    def to_internal_value(self, data):
        value = super().to_internal_value(data)
        if _depth(value) > MAX_DEPTH:
            raise serializers.ValidationError(f"Nested deeper than {MAX_DEPTH} levels.")
        text = json.dumps(value, ensure_ascii=False)
        if len(text.encode("utf-8", "replace")) > MAX_JSON_BYTES:
            raise serializers.ValidationError(f"Larger than {MAX_JSON_BYTES} bytes.")
        if not all(map(storable, _texts(value))):
            raise serializers.ValidationError("Holds a null character or half a character.")
        return value


def _texts(value):
    """Yield every text in a JSON value, names of objects included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from _texts(inner)


def _depth(value):
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(_depth, value), default=0)
    return 0


class FoldedCharField(StrictCharField):
    """Text in the form in which it is learned, which may be longer than what was sent."""

    def to_internal_value(self, data):
        return fold(super().to_internal_value(data))


def text_field(max_length, **kwargs):
    return FoldedCharField(max_length=max_length, required=False, allow_blank=True, **kwargs)


def exact_field(max_length):
    """Text that is kept as it was sent: an id, an address of a page."""
    return StrictCharField(max_length=max_length, required=False, allow_blank=True)


@extend_schema_field({"type": "object", "additionalProperties": True})
class CustomValues(serializers.Field):
    """Values of custom fields by key, as an object; becomes `{"custom.<key>": value}`."""

    default_error_messages = {"not_an_object": "Give an object of custom fields."}

    def __init__(self, *, on, **kwargs):
        self.on = on
        super().__init__(required=False, **kwargs)

    def to_internal_value(self, data):
        if not isinstance(data, dict):
            self.fail("not_an_object")
        rows = CustomField.objects.filter(on=self.on, is_active=True)
        known, found, errors = {row.key: row for row in rows}, {}, {}
        for key, value in data.items():
            try:
                if key not in known:
                    raise ValidationError("Unknown field.")
                if value is not None:
                    found[f"{CUSTOM}{key}"] = known[key].read(value)
            except ValidationError as error:
                errors[key] = error.messages
        if errors:
            raise serializers.ValidationError(errors)
        return found
