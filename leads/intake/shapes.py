"""What a lead and a touchpoint look like from outside. Unknown fields are refused by name."""

from rest_framework import serializers

from leads.consents import Consent
from leads.intake.fields import (
    LONGEST_DOMAIN,
    CountryField,
    CurrencyField,
    CustomValues,
    EmailField,
    EmployeesField,
    ObjectField,
    StrictCharField,
    exact_field,
    text_field,
)
from leads.models import Company, Touchpoint
from leads.models.touchpoint import LONGEST_STAY


class Shape(serializers.Serializer):
    """A serializer that refuses fields it does not know."""

    def to_internal_value(self, data):
        value = super().to_internal_value(data)
        unknown = {name: ["Unknown field."] for name in data if name not in self.fields}
        if unknown:
            raise serializers.ValidationError(unknown)
        return value


class ContactShape(Shape):
    """The person."""

    email = EmailField()
    name = text_field(200)
    phone = text_field(40)
    job_title = text_field(150)
    seniority = text_field(40)
    department = text_field(60)
    country = CountryField(required=False)
    region = text_field(80)
    language = text_field(10)
    postal_code = text_field(20)
    custom = CustomValues(on="lead")
    opted_out = serializers.BooleanField(required=False)
    email_consent = serializers.ChoiceField(Consent.choices, required=False)
    phone_consent = serializers.ChoiceField(Consent.choices, required=False)
    do_not_contact = serializers.BooleanField(required=False)
    consent_text = text_field(600)
    anonymous_id = exact_field(200)
    user_id = exact_field(200)


class CompanyShape(Shape):
    """The company; matched by domain, else by name."""

    name = text_field(200)
    domain = text_field(LONGEST_DOMAIN)
    employees = EmployeesField(min_value=0, max_value=10_000_000, required=False)
    industry = text_field(100)
    country = CountryField(required=False)
    relationship = serializers.ChoiceField(Company.Relationship.choices, required=False)
    market_segment = text_field(60)
    revenue = serializers.IntegerField(min_value=0, max_value=10**15, required=False)
    revenue_currency = CurrencyField(required=False)
    funding_stage = text_field(40)
    tech_stack = serializers.ListField(
        child=StrictCharField(max_length=60), max_length=200, required=False
    )
    competitor_in_use = text_field(100)
    parent = text_field(200)  # its domain, else its name
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

    source = text_field(120)
    medium = text_field(120)
    campaign = text_field(120)
    term = text_field(120)
    content = text_field(120)


class FirstTouchShape(Shape):
    """How somebody first came, long before they converted."""

    occurred_at = serializers.DateTimeField()
    page_url = exact_field(2000)
    referrer = exact_field(2000)
    utm = UtmShape(required=False)


class ConversionShape(Shape):
    """What turned the visitor into a lead."""

    kind = serializers.ChoiceField(Touchpoint.Kind.choices, default=Touchpoint.Kind.FORM_SUBMIT)
    message_id = exact_field(255)
    form = exact_field(120)
    asset = exact_field(200)
    page_url = exact_field(2000)
    referrer = exact_field(2000)
    utm = UtmShape(required=False)
    first_touch = FirstTouchShape(required=False)
    answers = ObjectField(required=False)
    occurred_at = serializers.DateTimeField(required=False)


class LeadShape(Shape):
    """One lead: who, where they work, where they came from, and how they converted."""

    contact = ContactShape()
    company = CompanyShape(required=False)
    source = text_field(80)
    channel = text_field(60)
    campaign = text_field(120)
    conversion = ConversionShape(required=False)


class LeadChanges(Shape):
    """What may be changed of a lead that is known."""

    name = text_field(200)
    phone = text_field(40)
    job_title = text_field(150)
    seniority = text_field(40)
    department = text_field(60)
    country = CountryField(required=False)
    region = text_field(80)
    language = text_field(10)
    postal_code = text_field(20)
    custom = CustomValues(on="lead")
    opted_out = serializers.BooleanField(required=False)
    company = CompanyShape(required=False)


class IdentifyShape(Shape):
    """Names that belong to one person, and what is known of them."""

    message_id = exact_field(255)
    user_id = exact_field(200)
    anonymous_id = exact_field(200)
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
    user_id = exact_field(200)
    anonymous_id = exact_field(200)
    event = exact_field(120)
    url = exact_field(2000)
    campaign = text_field(120)
    occurred_at = serializers.DateTimeField(required=False)
    session = exact_field(100)
    seconds = serializers.IntegerField(
        required=False, allow_null=True, min_value=0, max_value=LONGEST_STAY
    )
    properties = ObjectField(required=False)

    def validate(self, attrs):
        return _somebody(attrs)
