"""One form for each e-mail address, however it was typed or sent."""

from __future__ import annotations

import pytest

from watchbill.kit.requests.mail_addresses import ascii_domain, canonical_email, mail_domain
from watchbill.kit.requests.origins import origin_of


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        (" Ada@Example.COM ", "ada@example.com"),
        ("a@xn--exmple-cua.com", "a@exämple.com"),
        ("A@EXÄMPLE.com", "a@exämple.com"),
        ("mu\u0308ller@example.com", "müller@example.com"),
        ("No Address", "no address"),
        ("", ""),
        ("a@", "a@"),
        ("a@" + "b" * 300, "a@" + "b" * 300),
    ],
)
def test_an_address_has_one_form(written: str, stored: str):
    assert canonical_email(written) == stored
    assert canonical_email(stored) == stored


@pytest.mark.parametrize(
    ("address", "domain"),
    [
        ("a@Example.com.", "example.com"),
        ("a@exämple.com", "xn--exmple-cua.com"),
        ("a@straße.de", "xn--strae-oqa.de"),
        ("a@xn--exmple-cua.com", "xn--exmple-cua.com"),
        ("nobody", ""),
        ("a@", ""),
        ("a@a..b", ""),
        ("a@" + "b" * 300 + ".com", ""),
    ],
)
def test_its_domain_is_what_name_servers_know(address: str, domain: str):
    assert mail_domain(address) == domain
    assert ascii_domain(domain) == domain


@pytest.mark.parametrize(
    ("address", "counts_as"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("::ffff:cb00:7107", "203.0.113.7"),
        ("0:0:0:0:0:FFFF:cb00:7107", "203.0.113.7"),
        ("2002:cb00:7107:1::1", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2::", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("session 1", "session 1"),
        ("", "unknown"),
    ],
)
def test_whom_an_address_counts_as(address: str, counts_as: str):
    assert origin_of(address) == counts_as
