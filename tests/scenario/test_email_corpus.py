"""isemail's addresses: none with the diagnosis ISEMAIL_ERR is accepted; plain ones are."""

import xml.etree.ElementTree

import pytest

from harness import PASSWORD, corpora, table


def addresses(name):
    root = xml.etree.ElementTree.parse(corpora("email") / name).getroot()
    for test in root.iter("test"):
        text = test.findtext("address") or ""
        # U+2400 + n stands for the control character n, which XML cannot hold
        yield "".join(chr(ord(c) - 0x2400) if 0x2400 <= ord(c) < 0x2420 else c for c in text), test.findtext("category"), test.get("id")


def register(server, email):
    return server.post("/api/auth/register", {"email": email, "password": PASSWORD, "firstName": "Ada", "lastName": "Lovelace"})


@pytest.mark.parametrize("name", ["isemail_tests.xml", "isemail_tests-original.xml"])
def test_no_erroneous_address_is_accepted(merlon, name):
    rows = list(addresses(name))
    assert len(rows) >= 100
    accepted = [(number, email) for email, category, number in rows if category == "ISEMAIL_ERR" and register(merlon, email).status != 400]
    assert not accepted, accepted


@pytest.mark.parametrize("name", ["isemail_tests.xml", "isemail_tests-original.xml"])
def test_no_address_at_all_gives_a_500(merlon, name):
    assert not [(number, email) for email, _, number in addresses(name) if register(merlon, email).status not in (201, 400, 409)]


@table({"plain": "a.b@example.com", "plus": "a+b@example.com", "hyphens": "a-b@ex-ample.co.uk", "digits": "123@example.org", "atom characters": "!#$%&'*/=?^_`{|}~@example.com", "64 in front": "a" * 64 + "@example.com", "new top-level domain": "a@example.museum"})
def test_ordinary_addresses_are_accepted(merlon, row):
    assert register(merlon, row).status == 201


@table({"65 in front": "a" * 65 + "@example.com", "255 in all": "a@" + ".".join(["b" * 62] * 4) + ".com", "one label": "a@localhost", "no at": "a.example.com", "two ats": "a@b@example.com", "leading dot": ".a@example.com", "trailing dot": "a.@example.com",
        "two dots": "a..b@example.com", "space": "a b@example.com", "quoted": '"a b"@example.com', "comment": "a(b)@example.com", "literal": "a@[127.0.0.1]", "hyphen first": "a@-example.com", "label of 64": f"a@{'b' * 64}.com",
        "CR LF": "a@example.com\r\nBcc: x@example.com", "LF": "a\n@example.com", "NUL": "a\0@example.com", "leading space": " a@example.com", "list": "a@example.com,b@example.com", "angle": "<a@example.com>", "underscore domain": "a@ex_ample.com"})
def test_edges_of_jois_rule_are_refused(merlon, row):
    assert register(merlon, row).status == 400
