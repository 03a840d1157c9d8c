"""Content types, also those that are made to be dear to read."""

import pytest

from watchbill.kit.outbound.charsets import charset_of, media_type, parameter


@pytest.mark.parametrize(
    ("content_type", "charset"),
    [
        ("text/plain", "utf-8"),
        ("text/plain; charset=latin-1", "iso8859-1"),
        ('text/plain; format=flowed; charset="UTF-8"', "utf-8"),
        ("text/plain; charset=rot13", None),
        ("text/plain; charset=\x00", None),
    ],
)
def test_the_character_set(content_type: str, charset: str | None):
    assert charset_of(content_type) == charset


@pytest.mark.parametrize("filling", [";", '; x="', "; a=b", ";" * 60_000, '; x="' + ";" * 60_000])
def test_one_that_is_longer_than_any_should_be_has_no_parameters(filling: str):
    """Each of 60,000 would take longer than the one before it: six seconds in all."""
    long = "text/plain; charset=latin-1" + filling * 300
    assert parameter(long, "charset") is None
    assert (charset_of(long), media_type(long)) == ("utf-8", "text/plain")
