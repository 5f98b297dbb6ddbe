"""merlon pki: an authority for development, and certificates by it that every TLS library accepts and no other trust domain does."""

import datetime
import ipaddress
import json
import os
import ssl
import stat
import subprocess
import threading

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID

from harness import run, table


@pytest.fixture
def authority(tmp_path):
    done = run("pki", "init", directory=tmp_path)
    assert done.returncode == 0, done
    return tmp_path


def issue(directory, *arguments):
    done = run("pki", "issue", *arguments, "--json", directory=directory)
    assert done.returncode == 0, done
    return json.loads(done.stdout)


def read(path):
    return x509.load_pem_x509_certificate(path.read_bytes())


def extension(certificate, oid):
    return certificate.extensions.get_extension_for_oid(oid)


def verify(directory, leaf, *options):
    """OpenSSL's own verdict: exit code and what it says."""
    done = subprocess.run(["openssl", "verify", "-x509_strict", *options, "-CAfile", "pki/ca.crt", leaf], cwd=directory, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_the_authority_may_sign_leaves_of_its_trust_domain_and_nothing_else(authority):
    ca = read(authority / "pki/ca.crt")
    basic = extension(ca, ExtensionOID.BASIC_CONSTRAINTS)
    assert basic.critical and basic.value.ca and basic.value.path_length == 0
    usage = extension(ca, ExtensionOID.KEY_USAGE)
    assert usage.critical and usage.value.key_cert_sign and not usage.value.digital_signature
    names = extension(ca, ExtensionOID.NAME_CONSTRAINTS)
    assert names.critical and [name.value for name in names.value.permitted_subtrees] == ["cluster.local"]
    assert isinstance(ca.public_key().curve, ec.SECP256R1)
    assert datetime.timedelta(days=365) < ca.not_valid_after - ca.not_valid_before < datetime.timedelta(days=3660)


def test_keys_are_their_owners_alone_whatever_the_umask(tmp_path):
    before = os.umask(0)
    try:
        assert run("pki", "init", directory=tmp_path).returncode == 0
        issue(tmp_path, "orders")
    finally:
        os.umask(before)
    assert mode(tmp_path / "pki") == 0o700
    assert mode(tmp_path / "pki/ca.key") == mode(tmp_path / "pki/orders.key") == 0o600
    assert mode(tmp_path / "pki/ca.crt") == mode(tmp_path / "pki/orders.crt") == 0o644
    assert sorted(os.listdir(tmp_path / "pki")) == ["ca.crt", "ca.key", "orders.crt", "orders.key"], "no drafts"


@table({"both": [], "the certificate is gone": ["ca.crt"], "the key is gone": ["ca.key"]})
def test_what_is_there_of_an_authority_is_never_overwritten(authority, row):
    for name in row:
        (authority / "pki" / name).unlink()
    before = {path.name: path.read_bytes() for path in (authority / "pki").iterdir()}
    done = run("pki", "init", directory=authority)
    assert done.returncode == 1 and "is there already" in done.stderr and not done.stdout
    assert {path.name: path.read_bytes() for path in (authority / "pki").iterdir()} == before


def test_a_link_to_nowhere_is_not_written_through(tmp_path):
    (tmp_path / "pki").mkdir()
    (tmp_path / "pki/ca.key").symlink_to(tmp_path / "elsewhere")
    assert run("pki", "init", directory=tmp_path).returncode == 1
    assert not (tmp_path / "elsewhere").exists()


def test_a_leaf_is_for_both_ends_and_names_one_workload(authority):
    made = issue(authority, "orders", "--namespace", "shop", "--dns", "orders.shop.svc", "--dns", "orders", "--ip", "10.0.0.7", "--ip", "::1")
    assert made["spiffeId"] == "spiffe://cluster.local/ns/shop/sa/orders"
    leaf = read(authority / made["certificate"])
    names = extension(leaf, ExtensionOID.SUBJECT_ALTERNATIVE_NAME).value
    assert names.get_values_for_type(x509.UniformResourceIdentifier) == [made["spiffeId"]]
    assert names.get_values_for_type(x509.DNSName) == ["orders.shop.svc", "orders"]
    assert names.get_values_for_type(x509.IPAddress) == [ipaddress.ip_address("10.0.0.7"), ipaddress.ip_address("::1")]
    assert set(extension(leaf, ExtensionOID.EXTENDED_KEY_USAGE).value) == {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH}
    assert not extension(leaf, ExtensionOID.BASIC_CONSTRAINTS).value.ca
    key = serialization.load_pem_private_key((authority / made["key"]).read_bytes(), None)
    assert key.public_key().public_numbers() == leaf.public_key().public_numbers()
    for purpose in ("sslserver", "sslclient"):
        assert verify(authority, made["certificate"], "-purpose", purpose) == (0, f"{made['certificate']}: OK\n")


def test_defaults_are_for_this_machine_and_ninety_days(authority):
    made = issue(authority, "orders")
    assert made["spiffeId"] == "spiffe://cluster.local/ns/default/sa/orders"
    leaf = read(authority / made["certificate"])
    names = extension(leaf, ExtensionOID.SUBJECT_ALTERNATIVE_NAME).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost"] and [str(ip) for ip in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1"]
    now = datetime.datetime.utcnow()
    assert datetime.timedelta(days=89) < leaf.not_valid_after - now < datetime.timedelta(days=90, minutes=1)
    assert leaf.not_valid_before < now - datetime.timedelta(minutes=4), "a peer's clock may be behind"
    assert datetime.datetime.fromisoformat(made["expiresAt"].replace("Z", "")).replace(microsecond=0) == leaf.not_valid_after
    assert leaf.serial_number.bit_length() <= 128 and leaf.serial_number > 1 << 64


def test_an_authority_of_another_domain_is_another_authority(authority, tmp_path_factory):
    made = issue(authority, "orders")
    other = tmp_path_factory.mktemp("other")
    assert run("pki", "init", "--domain", "other.example", "-d", "here/and/there", directory=other).returncode == 0
    assert issue(other, "orders", "-d", "here/and/there")["spiffeId"] == "spiffe://other.example/ns/default/sa/orders"
    done = subprocess.run(["openssl", "verify", "-CAfile", other / "here/and/there/ca.crt", authority / made["certificate"]], capture_output=True, text=True)
    assert done.returncode != 0


def test_a_name_of_another_domain_signed_with_the_stolen_key_is_refused(authority):
    ca_key = serialization.load_pem_private_key((authority / "pki/ca.key").read_bytes(), None)
    ca = read(authority / "pki/ca.crt")
    from cryptography.hazmat.primitives import hashes
    now = datetime.datetime.utcnow()
    for uri, allowed in (("spiffe://cluster.local/ns/x/sa/y", True), ("spiffe://other.example/ns/x/sa/y", False)):
        leaf = (x509.CertificateBuilder().subject_name(x509.Name([])).issuer_name(ca.subject).public_key(ca_key.public_key())
                .serial_number(7).not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
                .add_extension(x509.SubjectAlternativeName([x509.UniformResourceIdentifier(uri)]), True).sign(ca_key, hashes.SHA256()))
        (authority / "forged.crt").write_bytes(leaf.public_bytes(serialization.Encoding.PEM))
        done = subprocess.run(["openssl", "verify", "-CAfile", "pki/ca.crt", "forged.crt"], cwd=authority, capture_output=True, text=True)
        assert (done.returncode == 0) == allowed, done
        assert allowed or "permitted subtree violation" in done.stderr


@table({
    "a path": ["../x"], "a path below": ["a/b"], "hidden": [".x"], "empty": [""], "too long": ["a" * 64], "unicode": ["orders\u0430"], "upper case": ["Orders"],
    "a space": ["a b"], "a line end": ["a\nb"], "the authority": ["ca"], "a hyphen first": ["--", "-a"], "a hyphen last": ["a-"], "a percent sign": ["a%2f"],
    "a namespace that is a path": ["x", "--namespace", "a/sa/b"], "an empty namespace": ["x", "--namespace", ""],
    "a DNS name with a comma": ["x", "--dns", "a,URI:spiffe://cluster.local/b"], "a star": ["x", "--dns", "*"], "no address": ["x", "--ip", "localhost"],
    "no days": ["x", "--days", "0"], "days without end": ["x", "--days", "99999"], "days that are none": ["x", "--days", "many"], "days beyond numbers": ["x", "--days", "9" * 40],
})
def test_names_that_are_none_are_usage_and_make_no_file(authority, row):
    before = sorted(path for path in authority.rglob("*"))
    done = run("pki", "issue", *row, directory=authority)
    assert done.returncode == 2 and done.stderr and not done.stdout, done
    assert sorted(path for path in authority.rglob("*")) == before


@table({"upper case": "Cluster.local", "a path": "a/b", "a port": "a:1", "empty": "", "too long": "a" * 256, "unicode": "\u0430", "a user": "a@b"})
def test_domains_that_are_none_are_usage_and_make_no_folder(tmp_path, row):
    done = run("pki", "init", "--domain", row, directory=tmp_path)
    assert done.returncode == 2 and done.stderr and not list(tmp_path.iterdir())


def test_without_an_authority_the_message_says_how_to_make_one(tmp_path):
    done = run("pki", "issue", "orders", directory=tmp_path)
    assert done.returncode == 1 and "merlon pki init" in done.stderr and not list(tmp_path.iterdir())


@table({"another key": lambda pki: (pki / "ca.key").write_bytes((pki / "orders.key").read_bytes()), "no key": lambda pki: (pki / "ca.key").write_text("x"),
        "no certificate": lambda pki: (pki / "ca.crt").write_text("x"), "a leaf's pair": lambda pki: [(pki / f"ca.{end}").write_bytes((pki / f"orders.{end}").read_bytes()) for end in ("crt", "key")]})
def test_a_damaged_authority_signs_nothing(authority, row):
    issue(authority, "orders")
    row(authority / "pki")
    done = run("pki", "issue", "users", directory=authority)
    assert done.returncode == 1 and done.stderr and not (authority / "pki/users.key").exists()


def test_a_reader_sees_whole_files_while_a_certificate_is_issued_again(authority):
    issue(authority, "orders")
    seen, failures, over = set(), [], threading.Event()

    def watch():
        while not over.is_set():
            try:
                seen.add(read(authority / "pki/orders.crt").serial_number)
                serialization.load_pem_private_key((authority / "pki/orders.key").read_bytes(), None)
            except Exception as failure:  # the test's thread says so
                failures.append(failure)

    reader = threading.Thread(target=watch)
    reader.start()
    for _ in range(15):
        issue(authority, "orders")
    over.set()
    reader.join()
    assert not failures and len(seen) > 1
    ssl.create_default_context().load_cert_chain(authority / "pki/orders.crt", authority / "pki/orders.key")
    assert sorted(os.listdir(authority / "pki")) == ["ca.crt", "ca.key", "orders.crt", "orders.key"]


def test_a_link_in_place_of_a_leaf_is_replaced_and_not_followed(authority):
    target = authority / "target"
    target.write_text("mine")
    (authority / "pki/orders.key").symlink_to(target)
    issue(authority, "orders")
    assert target.read_text() == "mine" and not (authority / "pki/orders.key").is_symlink()


def test_paths_are_data_and_the_rest_are_messages(tmp_path):
    done = run("pki", "init", directory=tmp_path)
    assert done.stdout == "pki/ca.crt\npki/ca.key\n" and "development" in done.stderr
    done = run("pki", "issue", "orders", directory=tmp_path)
    assert done.stdout == "pki/orders.crt\npki/orders.key\n" and "spiffe://cluster.local/ns/default/sa/orders" in done.stderr
    assert "PRIVATE KEY" not in done.stdout + done.stderr
    help_text = run("pki", "init", "--help", directory=tmp_path).stdout
    assert all(word in help_text for word in ("development", "cert-manager", "SPIRE", "mesh"))
