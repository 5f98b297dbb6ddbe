"""What a burst took is given back: a process does not stay as large as it ever was."""

import json

import client
from harness import is_sanitized, service, together

SCHEMA = json.dumps({"type": "object", "properties": {"words": {"type": "array", "items": {"type": "string"}}}})
BODY = json.dumps({"words": ["x" * 50] * 60_000}).encode()  # 3.2 MB, of which many small strings are made


def test_memory_of_a_burst_of_uploads_is_given_back(launch, upstream):
    routes = [{"path": "/uploads", "methods": ["POST"], "allow": "public", "schema": "words.json", "body": "8MiB"}]
    server = launch({"services": {"echo": service(upstream.url, routes)}}, files={"words.json": SCHEMA})
    before = server.rss_bytes()

    def upload(_):
        answer = server.call("POST", "/uploads", body=BODY, headers={"Content-Type": "application/json"})
        return answer.status, server.rss_bytes()
    answers = together(40, upload)
    assert [status for status, _ in answers] == [200] * 40
    if is_sanitized():
        return  # freed memory is kept there on purpose, to find who uses it
    assert max(bytes_ for _, bytes_ in answers) > before + (30 << 20), "a burst that takes nothing gives nothing back"
    client.wait_for(lambda: server.rss_bytes() < before + (12 << 20), within=60, what="the memory")
