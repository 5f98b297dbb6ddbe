"""What a route guards is guarded in every spelling that its upstream may read as the same: case, one slash at the end."""

import json

from harness import EVERY_METHOD, run, service, table, to_yaml

FORM = json.dumps({"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}})
FILES = {"form.json": FORM}
JSON = {"Content-Type": "application/json"}


def routes():
    return [
        {"path": "/catalog/**", "methods": EVERY_METHOD, "allow": "public"},
        {"path": "/catalog/admin", "methods": ["GET", "POST"], "allow": ["delete:users"]},
        {"path": "/catalog/admin/keys/**", "methods": ["GET"], "allow": ["delete:users"]},
        {"path": "/catalog/mine", "methods": ["GET"], "allow": "authenticated"},
        {"path": "/catalog/items/{id}", "methods": ["GET"], "allow": "authenticated"},
        {"path": "/catalog/items/new", "methods": ["GET"], "allow": "public"},
        {"path": "/catalog/form", "methods": ["POST"], "allow": "public", "schema": "form.json", "body": 64},
        {"path": "/exact/**", "methods": ["GET"], "allow": "public", "limit": "none"},
    ]


def CONFIG(upstream):
    return {"services": {"echo": service(upstream.url, routes()), "letters": service(upstream.url, [
        {"path": "/letters/**", "methods": ["GET"], "allow": "public"},
        {"path": "/letters/admin", "methods": ["GET"], "allow": ["delete:users"]},
    ], paths="exact")}}


def test_a_guard_holds_in_every_spelling(merlon, upstream, user):
    upstream.clear()
    for target in ("/catalog/admin", "/catalog/admin/", "/catalog/ADMIN", "/catalog/%41dmin", "/catalog/Admin/", "/catalog/ADMIN/KEYS/1", "/catalog/admin/Keys/"):
        assert merlon.get(target).status == 401, target
        assert (merlon.get(target, token=user.access).status, merlon.call("HEAD", target, token=user.access).status) == (403, 403), target
    assert merlon.post("/catalog/ADMIN", {}, token=user.access).status == 403
    assert upstream.count == 0


def test_whoever_may_pass_gets_there_as_the_request_was_spelled(merlon):
    admin = merlon.create_admin()
    for target, seen in (("/catalog/ADMIN", "/catalog/ADMIN"), ("/catalog/%41dmin/", "/catalog/Admin/"), ("/catalog/admin", "/catalog/admin")):
        answer = merlon.get(target, token=admin.access)
        assert (answer.status, answer.json()["target"]) == (200, seen)
        assert dict(answer.json()["headers"])["X-User-Id"] == admin.id, "the upstream answers the guarded page without its user"


@table({
    "nothing is guarded there": "/catalog/other", "in capitals": "/catalog/OTHER/", "more of a name": "/catalog/administration", "below": "/catalog/ADMIN/x",
    "another method": "/catalog/FORM", "a literal beside a parameter": "/catalog/items/new",
})
def test_other_paths_are_as_they_were(merlon, row):
    answer = merlon.get(row)
    assert (answer.status, answer.json()["target"]) == (200, row)


def test_a_server_that_folds_one_thing_and_not_the_other_is_guarded_too(merlon):
    """/catalog/items/New/ is the item New to a server that ignores only the slash."""
    for target in ("/catalog/items/New/", "/catalog/items/7/", "/catalog/ITEMS/7", "/catalog/Mine"):
        assert merlon.get(target).status == 401, target
    assert merlon.get("/catalog/items/new/").status == 200


def test_the_schema_and_the_size_of_the_stricter_route_hold_too(merlon, upstream):
    upstream.clear()
    for target in ("/catalog/form", "/catalog/Form", "/catalog/form/"):
        assert merlon.post(target, {"x": 1}).code == "VALIDATION_ERROR"
        assert merlon.post(target, {"name": "x" * 64}).status == 413
        assert merlon.call("POST", target, JSON | {"Transfer-Encoding": "chunked"}, b"50\r\n" + b" " * 80 + b"\r\n0\r\n\r\n").status == 413
        assert merlon.call("POST", target, {"Content-Type": "text/plain"}, b"{}").status == 415
    assert upstream.count == 0
    for target in ("/catalog/form", "/catalog/Form", "/catalog/form/"):
        assert json.loads(merlon.post(target, {"name": "a", "admin": True}).json()["body"]) == {"name": "a"}


def test_a_refusal_is_the_event_that_it_is_on_the_guarded_path(merlon, user):
    assert merlon.get("/catalog/ADMIN", token=user.access).status == 403
    event, *_ = merlon.wait_for_event("UNAUTHORIZED_ACCESS", lambda event: event["userId"] == user.id and event["details"]["route"] == "/catalog/admin")
    assert event["severity"] == "critical", "only admins may pass there"


def test_limits_count_every_spelling(launch, upstream):
    config = {"server": {"trusted_proxies": ["127.0.0.1/32"]}, "services": {"echo": service(upstream.url, routes())},
              "limits": {"sign_in": {"paths": ["/exact/login"], "window": "15m", "max": 3}}}
    server = launch(config, files=FILES)
    client = {"X-Forwarded-For": "198.51.100.9"}
    assert [server.get(target, headers=client).status for target in ("/exact/login", "/exact/LOGIN", "/exact/login/")] == [200, 200, 200]
    assert {server.get(target, headers=client).status for target in ("/exact/login", "/exact/Login", "/exact/lOGIN/")} == {429}
    assert server.get("/exact/other", headers=client).status == 200


def test_a_service_that_tells_spellings_apart_says_so(merlon):
    assert merlon.get("/letters/admin").status == 401
    for target in ("/letters/ADMIN", "/letters/admin/"):
        assert merlon.get(target).json()["target"] == target


def check(directory, config):
    directory.joinpath("form.json").write_text(FORM)
    directory.joinpath("merlon.yaml").write_text(to_yaml(config))
    return run("config", "check", directory=directory)


def test_config_check_warns_of_a_route_whose_other_spellings_are_another_routes(tmp_path):
    done = check(tmp_path, {"services": {"echo": service("http://127.0.0.1:1", routes())}})
    assert done.returncode == 0, done
    lines = [line for line in done.stderr.splitlines() if "warning" in line]
    assert len(lines) == 4, done.stderr  # admin, keys, mine, items/{id}
    assert all("paths: exact" in line and "/catalog/" in line for line in lines)
    exact = check(tmp_path, {"services": {"echo": service("http://127.0.0.1:1", routes(), paths="exact")}})
    assert exact.returncode == 0 and "warning" not in exact.stderr, exact


def test_two_routes_that_are_one_to_some_servers_and_differ_are_a_mistake(tmp_path):
    both = [{"path": "/a", "methods": ["GET"], "allow": "public"}, {"path": "/A/", "methods": ["GET"], "allow": "authenticated"}]
    done = check(tmp_path, {"services": {"echo": service("http://127.0.0.1:1", both)}})
    assert done.returncode == 78 and "paths: exact" in done.stderr and "/A/ is /a" in done.stderr, done
    both[1]["allow"] = "public"
    assert check(tmp_path, {"services": {"echo": service("http://127.0.0.1:1", both)}}).returncode == 0
    both[1]["allow"] = "authenticated"
    assert check(tmp_path, {"services": {"echo": service("http://127.0.0.1:1", both, paths="exact")}}).returncode == 0
