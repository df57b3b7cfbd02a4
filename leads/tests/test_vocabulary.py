"""What people call countries and sizes means the same, whichever door it comes through."""

import pytest
from rest_framework.exceptions import ValidationError

from leads.imports.targets import reader_of
from leads.intake.shapes import CompanyShape, ContactShape
from leads.intake.sizes import band_of

BANDS = [
    ("51-200", 51),
    ("51 \u2013 200 employees", 51),
    ("1,001-5,000", 1001),
    ("1.001 bis 5.000", 1001),
    ("1k-5k", 1000),
    ("10,001+", 10001),
    ("10k+", 10000),
    ("500 or more", 500),
    ("> 1000", 1001),
    (">= 1000", 1000),
    ("more than 250 people", 251),
    ("at least 250", 250),
    ("< 10", 1),
    ("up to 50", 1),
]


@pytest.mark.parametrize(("text", "least"), BANDS)
def test_a_band_is_its_lower_bound_by_the_api_and_in_lists(text, least):
    assert band_of(text) == least
    assert CompanyShape().fields["employees"].run_validation(text) == least
    assert reader_of("company.employees", order="", custom={})(text) == least


@pytest.mark.parametrize("text", ["800", "200-51", "-5", "10-", "2026-03-01", "many", "", "5-a"])
def test_what_is_no_band_is_none(text):
    assert band_of(text) is None


def test_numbers_stay_numbers():
    field = CompanyShape().fields["employees"]
    assert [field.run_validation(said) for said in (800, "800", 0)] == [800, 800, 0]
    for wrong in ("many", -1, "99999999-999999999"):
        with pytest.raises(ValidationError):
            field.run_validation(wrong)


@pytest.mark.parametrize(
    ("text", "code"),
    [("de", "DE"), ("DEU", "DE"), ("Germany", "DE"), ("Österreich", "AT"), ("U.S.A.", "US")],
)
def test_a_country_is_its_code_by_the_api_and_in_lists(text, code):
    for shape, target in ((ContactShape, "country"), (CompanyShape, "company.country")):
        assert shape().fields["country"].run_validation(text) == code
        assert reader_of(target, order="", custom={})(text) == code


@pytest.mark.parametrize("text", ["ZZ", "Middle-earth", "1"])
def test_what_no_country_is_called_is_refused(db, text):
    with pytest.raises(ValidationError, match="No country is called so"):
        ContactShape().fields["country"].run_validation(text)
