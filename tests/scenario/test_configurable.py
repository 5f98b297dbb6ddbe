"""Everything that the contract calls configurable is. The list has each place of the contract (its page "contract", which is not in the
repository) that says the word, and every sentence that names a key, with the key that configures it; `merlon config schema` knows it."""

import json

from harness import run, service, standard_routes, table

# The words of the contract → keys. "*" is a name that the operator chooses, "[]" an item of a list.
PLACES = {
    "limits: body 1 MiB, target 8 KiB, header block 32 KiB, 100 fields; all configurable": [
        "server.limits.body", "server.limits.target", "server.limits.headers", "server.limits.fields", "services.*.routes.[].body"],
    "roles user, moderator, admin and their permissions … all of it configurable": ["access.roles.*"],
    "Strict-Transport-Security … overwrites preload; configurable": ["headers.set.*"],
    "security headers: each is configurable": [f"{where}headers.{what}" for where in ("", "services.*.", "services.*.routes.[].") for what in ("set.*", "remove", "keep")],
    "IPv6 counts per /56 (limits.ipv6_prefix)": ["limits.ipv6_prefix"],
    "/api/ 100 per 15 min per client; login and register 5 per 15 min": ["limits.api.max", "limits.api.window", "limits.auth.max", "limits.auth.window",
                                                                          "limits.auth.skip_successful", "limits.*.paths"],
    "routes of declared services count under api unless limit: none": ["services.*.routes.[].limit"],
    "cors: the lists add to the defaults; per service too": ["cors.origins", "cors.credentials", "cors.headers", "cors.exposed", "services.*.cors.headers", "services.*.cors.exposed"],
    "other fields that speak of a proxy … unless trusted_proxies or the service names them": ["server.trusted_proxies", "services.*.forward_fields"],
    "host, wildcards on the left; strip_prefix; preserve_host; paths": ["services.*.host", "services.*.routes.[].host", "services.*.strip_prefix", "services.*.preserve_host", "services.*.paths"],
    "ca, certificate, key for mTLS; tls; redirect": ["services.*.ca", "services.*.certificate", "services.*.key", "server.tls.certificate", "server.tls.key",
                                                     "server.tls.certificates.[].certificate", "server.redirect"],
    "revocation: stale_after, when_stale; per route too": ["revocation.stale_after", "revocation.when_stale", "services.*.routes.[].when_stale"],
    "tokens: algorithm, issuer, audience, ttls, reuse_grace": ["tokens.algorithm", "tokens.issuer", "tokens.audience", "tokens.access_ttl", "tokens.refresh_ttl", "tokens.reuse_grace"],
    "timeouts": [f"server.timeouts.{name}" for name in ("header", "body", "idle", "upstream", "drain")] + ["services.*.routes.[].timeout"],
}


def at(schema, key):
    """The schema of a key; None: there is none."""
    for name in key.split("."):
        if name == "[]":
            schema = schema.get("items")
        elif name == "*":
            schema = schema.get("additionalProperties")
        else:
            named = schema.get("properties", {}).get(name)
            schema = named if named is not None else schema.get("additionalProperties")
        if not isinstance(schema, dict):
            return None
    return schema


@table({place: place for place in PLACES})
def test_what_the_contract_calls_configurable_has_a_key(tmp_path, row):
    schema = json.loads(run("config", "schema", directory=tmp_path).stdout)
    for key in PLACES[row]:
        found = at(schema, key)
        assert found and found.get("description"), key


def test_a_network_of_ipv6_is_one_client_as_wide_as_it_says(tmp_path):
    for prefix, code in (("32", 0), ("128", 0), ("31", 78), ("129", 78), ("x", 78)):
        done = run("config", "check", "--set", f"limits.ipv6_prefix={prefix}", directory=tmp_path)
        assert done.returncode == code, (prefix, done)


def test_limits_count_the_network_that_the_configuration_says(launch, upstream):
    server = launch({"server": {"trusted_proxies": ["127.0.0.1/32"]}, "limits": {"ipv6_prefix": 64, "api": {"max": 2}},
                     "services": {"echo": service(upstream.url, standard_routes())}})

    def left(address):
        return server.get("/open/x", headers={"X-Forwarded-For": address}).get("RateLimit-Remaining")

    assert [left("2001:db8:0:1::1"), left("2001:db8:0:1::2"), left("2001:db8:0:2::1")] == ["1", "0", "1"]
