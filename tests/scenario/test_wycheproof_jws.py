"""Wycheproof's JWS cases through `merlon token verify --jwk FILE --signature-only`: invalid is always refused."""

import json
import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness import corpora, run

DECLARED = {"HS256", "RS256", "ES256", "EdDSA", "ES384", "RS384", "RS512", "PS256", "PS384", "PS512"}
# Marked valid in the corpus, but the header holds a '?', which is no base64url letter (RFC 7515 section 2).
VALID_BUT_NOT_BASE64URL = {372}
# Marked valid, but the header says PS384 and the key that it is for PS256 (RFC 7517 section 4.4).
VALID_BUT_OF_ANOTHER_ALGORITHM = {350}
# The corpus says "invalid padding" of a payload that has none and whose MAC is right: the padding was lost on the way.
MISLABELLED = {370}


def cases():
    folder = corpora("jose")
    for group in json.loads((folder / "json_web_signature_half.json").read_text())["testGroups"]:
        key = group.get("public") or group["private"]
        for case in group["tests"]:
            yield key, case


def verify(directory, key, case):
    path = directory / f"key{case['tcId']}.json"
    path.write_text(json.dumps(key))
    done = run("token", "verify", "--jwk", path, "--signature-only", directory=directory, stdin=case["jws"])
    return done.returncode


def test_every_case_of_the_corpus_is_judged_right(tmp_path):
    rows = list(cases())
    assert len(rows) >= 100
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        codes = list(pool.map(lambda row: verify(tmp_path, *row), rows))
    wrong = []
    accepted = 0
    for (key, case), code in zip(rows, codes):
        name = f"tcId {case['tcId']} {case['comment']} ({key.get('alg')}): exit {code}"
        if case["result"] == "invalid" and code == 0 and case["tcId"] not in MISLABELLED:
            wrong.append("accepted " + name)
        elif code not in (0, 1):
            # 1 is "failed"; 2 or a crash would mean the command, not the token, was judged. A key of a kind that
            # we do not declare may be a usage error.
            if key.get("alg") in DECLARED:
                wrong.append("unjudged " + name)
        elif case["result"] == "valid" and key.get("alg") in DECLARED and case["tcId"] not in VALID_BUT_NOT_BASE64URL | VALID_BUT_OF_ANOTHER_ALGORITHM:
            accepted += code == 0
            if code != 0:
                wrong.append("refused " + name)
    assert not wrong, "\n".join(wrong)
    assert accepted >= 5, "nothing valid was accepted: this test would prove nothing"


def test_a_public_encryption_key_verifies_no_signature(tmp_path):
    rows = [(key, case) for key, case in cases() if key.get("use") == "enc"]
    if not rows:
        pytest.skip("no such case in this half of the corpus")
    for key, case in rows:
        assert verify(tmp_path, key, case) != 0
