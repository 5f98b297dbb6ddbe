"""Admission: whatever two readers could frame differently is refused with 400 and the connection closed.

The smuggled part of every row asks for /open/smuggled; the upstream must never see it.
"""

import re
import time

import pytest

import client
from harness import corpora, table, together

SMUGGLED = b"GET /open/smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"
CHUNKED = b"5\r\nhello\r\n0\r\n\r\n"


def post(fields, body=b"", version=b"1.1", host=b"Host: localhost\r\n"):
    return b"POST /open/x HTTP/" + version + b"\r\n" + host + fields + b"\r\n" + body


def test_a_list_of_connection_options_has_a_bound(merlon, upstream):
    """Every field is compared with each of its members."""
    fields = [(f"X-F{number}", "v") for number in range(90)]
    assert merlon.get("/open/x", headers=[("Connection", ",X-F1" * 15), *fields]).status == 200
    for lists in ([",".join(["a"] * 33)], ["," * 31_000], [",".join(["a"] * 20)] * 2):
        answer = merlon.get("/open/x", headers=[*(("Connection", one) for one in lists), *fields])
        assert (answer.status, answer.code) == (400, "BAD_REQUEST"), answer


def assert_refused(server, upstream, data, status=400):
    before = upstream.count
    answers, closed = client.exchange(server.port, data + SMUGGLED)
    assert closed, "the connection stayed open behind a request that could not be framed"
    assert [answer.status for answer in answers] == [status], answers
    assert answers[0].code == {400: "BAD_REQUEST"}.get(status, answers[0].code)
    assert upstream.count == before, f"the upstream saw {upstream.received[-1].target}"


TE = {name: post(b"Transfer-Encoding: " + value + b"\r\n", CHUNKED) for name, value in {
    "xchunked": b"xchunked", "identity": b"identity", "chunked, gzip": b"chunked, gzip", "gzip, chunked": b"gzip, chunked",
    "gzip": b"gzip", "quoted": b'"chunked"', "chunked twice": b"chunked, chunked", "with a parameter": b"chunked;x=1",
    "chunked and identity": b"chunked, identity", "empty": b"", "comma": b"chunked,", "leading comma": b",chunked",
    "vertical tab": b"\x0bchunked", "form feed inside": b"chunked\x0c", "cow": b"cow", "chunke": b"chunke", "NUL": b"chunked\0",
    "8-bit space": b"\xa0chunked"}.items()}


@table(TE | {
    "on HTTP/1.0": post(b"Transfer-Encoding: chunked\r\n", CHUNKED, b"1.0"),
    "two fields": post(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", CHUNKED),
    "two fields, identity last": post(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", CHUNKED),
    "space before the colon": post(b"Transfer-Encoding : chunked\r\n", CHUNKED),
    "tab before the colon": post(b"Transfer-Encoding\t: chunked\r\n", CHUNKED),
    "folded": post(b"Transfer-Encoding:\r\n chunked\r\n", CHUNKED),
    "hidden by a bare CR": post(b"X: y\rTransfer-Encoding: chunked\r\n", CHUNKED),
    "hidden by a bare LF": post(b"X: y\nTransfer-Encoding: chunked\r\n", CHUNKED),
    "with Content-Length": post(b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n"),
    "before Content-Length": post(b"Transfer-Encoding: chunked\r\nContent-Length: 6\r\n", b"0\r\n\r\n"),
    "odd with Content-Length": post(b"Content-Length: 4\r\nTransfer-Encoding: xchunked\r\n", b"5c\r\n"),
})
def test_transfer_encoding_that_is_not_exactly_chunked(merlon, upstream, row):
    assert_refused(merlon, upstream, row)


@table({name: post(b"Content-Length: " + value + b"\r\n", b"hello") for name, value in {
    "plus": b"+5", "minus": b"-5", "hex": b"0x5", "float": b"5.0", "empty": b"", "list of equals": b"5, 5", "list": b"5, 6",
    "letters": b"five", "space inside": b"5 5", "underscore": b"5_0", "over 64 bits": b"18446744073709551621", "2^64": b"18446744073709551616",
    "a thousand digits": b"9" * 1000, "NUL": b"5\0", "comma": b"5,", "quoted": b'"5"', "exponent": b"5e0", "full width": "\uff15".encode()}.items()} | {
    "twice, equal": post(b"Content-Length: 5\r\nContent-Length: 5\r\n", b"hello"),
    "twice, different": post(b"Content-Length: 5\r\nContent-Length: 0\r\n", b"hello"),
    "twice, other case": post(b"Content-Length: 0\r\ncontent-length: 5\r\n", b"hello"),
    "space before the colon": post(b"Content-Length : 5\r\n", b"hello"),
    "folded": post(b"Content-Length:\r\n 5\r\n", b"hello"),
})
def test_content_length_that_is_not_one_plain_number(merlon, upstream, row):
    assert_refused(merlon, upstream, row)


@table({
    "obs-fold": b"X: a\r\n b\r\n", "obs-fold with a tab": b"X: a\r\n\tb\r\n", "fold of the first field": b" X: a\r\n",
    "space before the colon": b"X : a\r\n", "no colon": b"X\r\n", "no name": b": a\r\n", "space in the name": b"X Y: a\r\n",
    "NUL in the value": b"X: a\0b\r\n", "NUL in the name": b"X\0: a\r\n", "bare CR": b"X: a\rb\r\n", "bare LF as line end": b"X: a\nY: b\r\n",
    "8-bit name": b"X\xff: a\r\n", "parenthesis in the name": b"X(: a\r\n", "control byte in the value": b"X: a\x01b\r\n", "DEL": b"X: a\x7f\r\n",
    "escape byte": b"X: \x1b[2J\r\n",
})
def test_field_lines_outside_the_grammar(merlon, upstream, row):
    assert_refused(merlon, upstream, b"GET /open/x HTTP/1.1\r\nHost: localhost\r\n" + row + b"\r\n")


@table({
    "two spaces": b"GET  /open/x HTTP/1.1", "tab": b"GET\t/open/x HTTP/1.1", "trailing space": b"GET /open/x HTTP/1.1 ",
    "space in the target": b"GET /open/x y HTTP/1.1", "no version": b"GET /open/x", "lower-case version": b"GET /open/x http/1.1",
    "HTTP/1": b"GET /open/x HTTP/1", "HTTP/1.10": b"GET /open/x HTTP/1.10", "HTTP/01.1": b"GET /open/x HTTP/01.1",
    "leading space": b" GET /open/x HTTP/1.1", "8-bit target": b"GET /open/\xff HTTP/1.1", "fragment": b"GET /open/x#y HTTP/1.1",
    "method of symbols": b"G(T /open/x HTTP/1.1", "NUL": b"GET /open/\0 HTTP/1.1", "bare CR": b"GET /open/x\r HTTP/1.1",
})
def test_request_lines_outside_the_grammar(merlon, upstream, row):
    assert_refused(merlon, upstream, row + b"\r\nHost: localhost\r\n\r\n")


@table({"2.0": b"2.0", "3.0": b"3.0", "0.9": b"0.9", "1.2": b"1.2"})
def test_versions_we_do_not_speak(merlon, upstream, row):
    before = upstream.count
    answers, closed = client.exchange(merlon.port, b"GET /open/x HTTP/" + row + b"\r\nHost: localhost\r\n\r\n" + SMUGGLED)
    assert closed and len(answers) == 1 and answers[0].status in (400, 505), answers
    assert upstream.count == before


@table({
    "size of letters": b"xyz\r\nhello\r\n0\r\n\r\n", "negative": b"-5\r\nhello\r\n0\r\n\r\n", "plus": b"+5\r\nhello\r\n0\r\n\r\n",
    "0x": b"0x5\r\nhello\r\n0\r\n\r\n", "over 64 bits": b"10000000000000005\r\nhello\r\n0\r\n\r\n", "empty size": b"\r\nhello\r\n0\r\n\r\n",
    "bare LF after the size": b"5\nhello\r\n0\r\n\r\n", "no CRLF after the data": b"5\r\nhello0\r\n\r\n", "data longer than said": b"3\r\nhello\r\n0\r\n\r\n",
    "space before the size": b" 5\r\nhello\r\n0\r\n\r\n", "bare CR in the extension": b"5;a\rb\r\nhello\r\n0\r\n\r\n",
    "bare LF in the extension": b"5;a\nb\r\nhello\r\n0\r\n\r\n",  # the 2025 smuggling of chunk extensions
    "64 KiB extension": b"5;" + b"a" * 65536 + b"\r\nhello\r\n0\r\n\r\n",
    "trailer": b"5\r\nhello\r\n0\r\nX-Trailer: 1\r\n\r\n", "identity as trailer": b"5\r\nhello\r\n0\r\nX-User-Id: admin\r\n\r\n",
    "framing as trailer": b"5\r\nhello\r\n0\r\nContent-Length: 50\r\n\r\n",
})
def test_chunks_outside_the_grammar(merlon, upstream, row):
    """The upstream may see the start of such a request, never its end, and never what follows."""
    seen = len(upstream.seen("/open/smuggled"))
    whole = len(upstream.seen("/open/x"))
    answers, closed = client.exchange(merlon.port, post(b"Transfer-Encoding: chunked\r\n", row) + SMUGGLED)
    assert closed
    assert [answer.status for answer in answers] == [400], answers
    assert len(upstream.seen("/open/smuggled")) == seen
    assert not any(one.is_whole for one in upstream.seen("/open/x")[whole:]), "a refused body arrived as a whole request"


@table({"lower": b"chunked", "capitals": b"CHUNKED", "mixed": b"Chunked", "spaces around": b"  chunked  "})
def test_chunked_is_a_name_without_case(merlon, row):
    answers, _ = client.exchange(merlon.port, post(b"Transfer-Encoding: " + row + b"\r\nConnection: close\r\n", CHUNKED))
    assert answers[0].status == 200 and answers[0].json()["body"] == "hello"


def test_chunk_extensions_are_ignored(merlon):
    answers, _ = client.exchange(merlon.port, post(b"Transfer-Encoding: chunked\r\nConnection: close\r\n", b"5;a=b\r\nhello\r\n0;c\r\n\r\n"))
    assert answers[0].status == 200 and answers[0].json()["body"] == "hello"


@table({
    "401 before the body": (b"POST /private/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 51\r\n\r\n", 401),
    "404 before the body": (b"POST /nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: 51\r\n\r\n", 404),
    "405 before the body": (b"DELETE /catalog/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 51\r\n\r\n", 405),
    "GET with a body": (b"GET /private/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 51\r\n\r\n", 401),
})
def test_the_body_of_a_refused_request_is_never_read_as_the_next_one(merlon, upstream, row):
    request, status = row
    body = SMUGGLED[:-2] + b"X:y" + b"\r\n\r\n"
    body = body[:51].ljust(51, b"z")
    before = upstream.count
    answers, _ = client.exchange(merlon.port, request + body)
    assert [answer.status for answer in answers] == [status], answers  # closed, or drained: never a second answer
    assert upstream.count == before


def test_bytes_before_and_after_requests_do_not_mix(merlon, upstream):
    """A pipeline of many framings: each echo must hold its own mark and body, in order."""
    mark = f"mix{time.monotonic_ns()}"
    data, bodies = b"", []
    for number in range(60):
        body = f"body-{number}-".encode() * (number % 7)
        bodies.append(body)
        target = f"/open/{mark}-{number}"
        if number % 3 == 0:
            data += client.build("POST", target, {}, body)
        elif number % 3 == 1:
            framed = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:3], body[3:]) if part) + b"0\r\n\r\n"
            data += client.build("POST", target, {"Transfer-Encoding": "chunked"}, framed)
        else:
            bodies[-1] = b""
            data += client.build("GET", target)
    with merlon.connect() as connection:
        connection.send(data)
        for number, body in enumerate(bodies):
            echo = connection.response().json()
            assert echo["target"] == f"/open/{mark}-{number}"
            assert echo["body"].encode() == body, number
    assert not upstream.violations


# ---- llhttp's own cases

BLOCK = re.compile(r"^### (.+?)\n.*?<!-- meta=(\{.*?\}) -->\n```http\n(.*?)\n```\n+```log\n(.*?)\n```", re.S | re.M)


def llhttp_cases():
    for path in sorted(corpora("llhttp").glob("*.md")):
        for section in re.split(r"(?m)^(?=#{2,3} )", path.read_text()):
            found = BLOCK.search("### " + section.lstrip("# "))
            if found:
                yield path.name, found[1].strip(), found[2], found[3], found[4]


def as_bytes(text):
    """The corpus's notation: a line's end is CRLF unless a backslash says otherwise; \\r, \\n, \\t, \\f, \\xNN are escapes."""
    text = re.sub(r"\\(\r\n|\r|\n)", "", text)
    text = re.sub(r"\n", "\r\n", text)
    text = re.sub(r"\\(r|n|t|f|x[0-9a-fA-F]{2})", lambda m: {"r": "\r", "n": "\n", "t": "\t", "f": "\f"}.get(
        m[1]) or chr(int(m[1][1:], 16)), text)
    return text.encode("latin-1", "replace")


def aimed(data, name):
    """The same case at a public route and with a Host, so that its own fault is the only reason to refuse it."""
    if name == "uri.md":
        return data  # its fault is the target
    data = re.sub(rb"^([A-Z]+) /\S* (HTTP/)", rb"\1 /open/x \2", data)
    if b"host:" not in data.lower():
        data = re.sub(rb"^([^\r\n]*)\r\n", rb"\1\r\nHost: localhost\r\n", data, count=1)
    return data


@pytest.mark.parametrize("shape", [lambda data, name: data, aimed], ids=["as written", "aimed at a public route"])
def test_what_llhttp_refuses_in_strict_mode_is_refused(merlon, upstream, shape):
    # A pause (codes 21 to 23) is llhttp's way to hand over an upgrade: no fault of the bytes.
    rows = [case for case in llhttp_cases() if '"request"' in case[2]
            and re.search(r'error code=(?!2[123] )', case[4])]
    assert len(rows) >= 40, len(rows)
    wrong = []
    for name, title, _, text, log in rows:
        data = shape(as_bytes(text), name)
        expected_whole = log.split("error code=")[0].count("message complete")  # requests before the fault are fine
        upstream.clear()
        try:
            answers, closed = client.exchange(merlon.port, data, quiet=0.3, timeout=2)
        except client.Malformed as fault:
            wrong.append(f"{name}: {title}: {fault}")
            continue
        good = [answer.status for answer in answers if answer.status < 400]
        if len(good) > expected_whole or sum(one.whole for one in upstream.received) > expected_whole:
            wrong.append(f"{name}: {title}: {[answer.status for answer in answers]}")
        if any(answer.status >= 500 and answer.status != 501 for answer in answers):
            wrong.append(f"{name}: {title}: {[answer.status for answer in answers]}")
    assert not wrong, "\n".join(wrong)


def test_no_case_of_llhttp_crashes_or_gives_a_500(merlon):
    cases, at_once = list(llhttp_cases()), 8

    def send(first):
        for name, title, _, text, _ in cases[first::at_once]:
            answers, _ = client.exchange(merlon.port, as_bytes(text), quiet=0.2, timeout=1)
            assert all(answer.status < 500 or answer.status == 505 or answer.status == 501 for answer in answers), (name, title, answers)
    together(at_once, send)
    assert len(cases) >= 100
    assert merlon.get("/open/alive").status == 200


@pytest.mark.parametrize("cut", range(1, 60, 7))
def test_a_request_cut_anywhere_by_the_client_reaches_nobody(merlon, upstream, cut):
    before = upstream.count
    with merlon.connect() as connection:
        connection.send((b"GET /open/cut HTTP/1.1\r\nHost: localhost\r\nX-Fill: 0123456789\r\n\r\n")[:cut])
        connection.half_close()
        assert all(not line.startswith(b"HTTP/1.1 2") for line in connection.rest().split(b"\r\n"))
    assert upstream.count == before
