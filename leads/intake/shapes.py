"""What a lead and a touchpoint look like from outside. Unknown fields are refused by name."""

import json

from django.core.exceptions import ValidationError
from drf_spectacular.utils import extend_schema_field
from email_validator import EmailNotValidError, validate_email
from rest_framework import serializers

from leads.conditions.registry import CUSTOM
from leads.consents import Consent
from leads.intake.countries import country_code
from leads.intake.sizes import band_of
from leads.models import Company, CustomField, Touchpoint
from leads.models.touchpoint import LONGEST_STAY
from leads.text import fold, storable

LONGEST_DOMAIN = 253  # characters, by the rules of domain names
LONGEST_EMAIL = 254
MAX_DEPTH = 8  # of answers and properties
MAX_JSON_BYTES = 32 * 1024  # of one answers or properties object, as JSON


class Shape(serializers.Serializer):
    """A serializer that refuses fields it does not know."""

    def to_internal_value(self, data):
        value = super().to_internal_value(data)
        unknown = {name: ["Unknown field."] for name in data if name not in self.fields}
        if unknown:
            raise serializers.ValidationError(unknown)
        return value


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
    """A country by its code or by a name in a common language; becomes the code of two letters."""

    default_error_messages = {
        "no_country": "No country is called so. Give its name, or the ISO 3166 code such as DE."
    }

    def __init__(self, **kwargs):
        super().__init__(max_length=100, **kwargs)

    def to_internal_value(self, data):
        code = country_code(super().to_internal_value(data))
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

    def __init__(self, **kwargs):
        super().__init__(r"^[A-Za-z]{3}\Z", **kwargs)
        self.error_messages["invalid"] = "Give the ISO 4217 code of three letters, such as EUR."

    def to_internal_value(self, data):
        return super().to_internal_value(data).upper()


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


def _text(max_length, **kwargs):
    return FoldedCharField(max_length=max_length, required=False, allow_blank=True, **kwargs)


def _exact(max_length):
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


class ContactShape(Shape):
    """The person."""

    email = EmailField()
    name = _text(200)
    phone = _text(40)
    job_title = _text(150)
    seniority = _text(40)
    department = _text(60)
    country = CountryField(required=False)
    region = _text(80)
    language = _text(10)
    postal_code = _text(20)
    custom = CustomValues(on="lead")
    opted_out = serializers.BooleanField(required=False)
    email_consent = serializers.ChoiceField(Consent.choices, required=False)
    phone_consent = serializers.ChoiceField(Consent.choices, required=False)
    do_not_contact = serializers.BooleanField(required=False)
    consent_text = _text(600)
    anonymous_id = _exact(200)
    user_id = _exact(200)


class CompanyShape(Shape):
    """The company; matched by domain, else by name."""

    name = _text(200)
    domain = _text(LONGEST_DOMAIN)
    employees = EmployeesField(min_value=0, max_value=10_000_000, required=False)
    industry = _text(100)
    country = CountryField(required=False)
    relationship = serializers.ChoiceField(Company.Relationship.choices, required=False)
    market_segment = _text(60)
    revenue = serializers.IntegerField(min_value=0, max_value=10**15, required=False)
    revenue_currency = CurrencyField(required=False)
    funding_stage = _text(40)
    tech_stack = serializers.ListField(
        child=StrictCharField(max_length=60), max_length=200, required=False
    )
    competitor_in_use = _text(100)
    parent = _text(200)  # its domain, else its name
    custom = CustomValues(on="company")

    def validate_domain(self, domain):
        bare = domain.strip().lower().removeprefix("www.").rstrip(".")
        if bare and ("/" in bare or " " in bare or "." not in bare or "@" in bare):
            raise serializers.ValidationError("Give a bare domain, such as example.com.")
        if len(bare) > LONGEST_DOMAIN:  # small letters may be more than capital ones
            raise serializers.ValidationError(f"At most {LONGEST_DOMAIN} characters.")
        return bare

    def validate(self, attrs):
        if not attrs.get("name") and not attrs.get("domain"):
            raise serializers.ValidationError({"name": ["Give the company's name or domain."]})
        return attrs


class CompanyChanges(CompanyShape):
    """What may be changed of a company that is known."""

    domain = None

    def validate(self, attrs):
        return attrs


class UtmShape(Shape):
    """The UTM parameters of an address, by their names without `utm_`."""

    source = _text(120)
    medium = _text(120)
    campaign = _text(120)
    term = _text(120)
    content = _text(120)


class FirstTouchShape(Shape):
    """How somebody first came, long before they converted."""

    occurred_at = serializers.DateTimeField()
    page_url = _exact(2000)
    referrer = _exact(2000)
    utm = UtmShape(required=False)


class ConversionShape(Shape):
    """What turned the visitor into a lead."""

    kind = serializers.ChoiceField(Touchpoint.Kind.choices, default=Touchpoint.Kind.FORM_SUBMIT)
    message_id = _exact(255)
    form = _exact(120)
    asset = _exact(200)
    page_url = _exact(2000)
    referrer = _exact(2000)
    utm = UtmShape(required=False)
    first_touch = FirstTouchShape(required=False)
    answers = ObjectField(required=False)
    occurred_at = serializers.DateTimeField(required=False)


class LeadShape(Shape):
    """One lead: who, where they work, where they came from, and how they converted."""

    contact = ContactShape()
    company = CompanyShape(required=False)
    source = _text(80)
    channel = _text(60)
    campaign = _text(120)
    conversion = ConversionShape(required=False)


class LeadChanges(Shape):
    """What may be changed of a lead that is known."""

    name = _text(200)
    phone = _text(40)
    job_title = _text(150)
    seniority = _text(40)
    department = _text(60)
    country = CountryField(required=False)
    region = _text(80)
    language = _text(10)
    postal_code = _text(20)
    custom = CustomValues(on="lead")
    opted_out = serializers.BooleanField(required=False)
    company = CompanyShape(required=False)


class IdentifyShape(Shape):
    """Names that belong to one person, and what is known of them."""

    message_id = _exact(255)
    user_id = _exact(200)
    anonymous_id = _exact(200)
    email = EmailField(required=False)
    traits = ObjectField(required=False)
    occurred_at = serializers.DateTimeField(required=False)

    def validate(self, attrs):
        return _somebody(attrs)


def _somebody(attrs):
    if not any(attrs.get(name) for name in ("email", "user_id", "anonymous_id")):
        raise serializers.ValidationError(
            {"email": ["Say who it was: email, user_id or anonymous_id."]}
        )
    return attrs


class TouchpointShape(Shape):
    """One thing that somebody did."""

    message_id = StrictCharField(max_length=255)
    kind = serializers.ChoiceField(Touchpoint.Kind.choices)
    email = EmailField(required=False)
    user_id = _exact(200)
    anonymous_id = _exact(200)
    event = _exact(120)
    url = _exact(2000)
    campaign = _text(120)
    occurred_at = serializers.DateTimeField(required=False)
    session = _exact(100)
    seconds = serializers.IntegerField(
        required=False, allow_null=True, min_value=0, max_value=LONGEST_STAY
    )
    properties = ObjectField(required=False)

    def validate(self, attrs):
        return _somebody(attrs)
