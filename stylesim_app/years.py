"""Reading of years, for hosts that fill a number or a range from the text of their catalogue."""

from .collection.years import YearRange, parse_year, parse_years

__all__ = ["YearRange", "parse_year", "parse_years"]
