"""A browser as people have it, Chromium, through the gateway: a page whose policy names a nonce, an event stream that is taken up
again, uploads, and the answer to one that is too large."""

import http.server
import json
import queue
import subprocess
import threading

import pytest

import client
from harness import REPOSITORY, environment, service

PAGE = (REPOSITORY / "tests/clients/page.html").read_bytes()
POLICY = "default-src 'self'; script-src 'nonce-7f3'"
MIB = 1 << 20


class Site(http.server.BaseHTTPRequestHandler):
    """What a service of a team serves to browsers; the page says at /app/report what it has seen."""
    protocol_version = "HTTP/1.1"

    def answer(self, content, kind, *fields):
        self.send_response(200)
        for name, value in (("Content-Type", kind), ("Content-Length", str(len(content))), *fields):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def do_GET(self):
        if self.path != "/app/events":
            return self.answer(PAGE, "text/html", ("Content-Security-Policy", POLICY))
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        first = int(self.headers.get("Last-Event-ID", 0)) + 1
        for number in range(first, first + 3):
            self.wfile.write(f"retry: 10\nid: {number}\ndata: event {number}\n\n".encode())
            self.wfile.flush()
        self.close_connection = True

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/app/report":
            self.server.reports.put(json.loads(body))
            return self.answer(b"", "text/plain")
        said = {"bytes": body.count(7), "origin": self.headers["Origin"], "kind": self.headers["Content-Type"].split(";")[0]}
        return self.answer(json.dumps(said).encode(), "application/json")

    def log_message(self, *_):
        pass


@pytest.fixture
def site():
    found = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
    found.reports = queue.Queue()
    threading.Thread(target=found.serve_forever, daemon=True).start()
    yield found
    found.shutdown()
    found.server_close()


def chromium(directory, *arguments):
    # Without a sandbox of its own and a large /dev/shm, which containers of CI do not allow; it visits this site only.
    return ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
            f"--user-data-dir={directory}", *arguments]


def open_site(launch, site, **more):
    route = {"path": "/app/**", "methods": ["GET", "POST"], "allow": "public", "limit": "none", "body": "4MiB"}
    return launch({"services": {"app": service(f"http://127.0.0.1:{site.server_port}", [route], **more)}})


def test_a_page_with_a_nonce_streams_uploads_and_reads_a_413(launch, site, tmp_path):
    server = open_site(launch, site, headers={"keep": ["Content-Security-Policy"]})
    url = f"http://localhost:{server.port}"
    browser = subprocess.Popen(chromium(tmp_path / "browser", "--remote-debugging-port=0", f"{url}/app/page"), env=environment({"HOME": str(tmp_path)}),
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        seen = site.reports.get(timeout=client.DEADLINE_S * 3)
    finally:
        browser.kill()
        browser.wait()
    assert seen == {"nonce": "ran", "other": "was stopped",
                    "events": ["event 1", "event 2", "event 3", "event 4"],
                    "upload": {"bytes": 3 * MIB, "origin": url, "kind": "multipart/form-data"},
                    "tooLarge": {"status": 413, "code": "PAYLOAD_TOO_LARGE"}}


def test_without_keep_our_policy_stops_every_script_of_the_page(launch, site, tmp_path):
    server = open_site(launch, site)
    done = subprocess.run(chromium(tmp_path / "browser", "--dump-dom", f"http://localhost:{server.port}/app/page"), capture_output=True, text=True,
                          env=environment({"HOME": str(tmp_path)}), timeout=client.DEADLINE_S * 6)
    assert "A page as a service of ours has it" in done.stdout and '="ran"' not in done.stdout
    assert site.reports.empty()
