"""The Grafana dashboard and the metrics of a running server: each panel shows something that there is, and nothing is left out."""

import json
import re

import pytest

from harness import OTHER_PASSWORD, REPOSITORY, merge, table

DASHBOARD = json.loads((REPOSITORY / "deploy/grafana/merlon.json").read_text())
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
EXPRESSIONS = {f"{panel['title']} {target['refId']}": target["expr"] for panel in PANELS for target in panel["targets"]}
QUERIES = {one["name"]: one["query"]["query"] for one in DASHBOARD["templating"]["list"] if one["type"] == "query"}
VARIABLES = {one["name"] for one in DASHBOARD["templating"]["list"]} | {"__rate_interval"}
SERVER_LABELS = {"job", "instance"}  # a scraper's own
NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
REDIS = True  # its metrics, too
CONTRACT = {"http_server_request_duration_seconds": {"method", "route", "status"}, "merlon_connections": set(),
            "merlon_upstream_request_duration_seconds": {"service"}, "merlon_upstream_healthy": {"service", "target"},
            "merlon_rate_limited": {"limit"}, "merlon_auth": {"event", "outcome"}, "merlon_token_cache": {"outcome"},
            "merlon_password_queue": set(), "merlon_store_up": {"store"}, "merlon_revocations": set(),
            "merlon_security_events": {"type", "severity"}, "process_cpu_seconds": set()}


def names_in(expression):
    """The metrics of an expression: what has a selector, or a prefix of ours."""
    bare = re.sub(r'"(\\.|[^"\\])*"', '""', expression)
    return set(re.findall(rf"({NAME})\s*\{{", bare)) | set(re.findall(r"\b(?:merlon|http|process)_\w+", bare))


def labels_in(expression):
    """(labels matched, labels grouped by) of an expression."""
    bare = re.sub(r'"(\\.|[^"\\])*"', '""', expression)
    matched = {label for selector in re.findall(r"\{([^}]*)\}", bare) for label in re.findall(rf"({NAME})\s*[=!]", selector)}
    grouped = {label.strip() for labels in re.findall(r"\bby\s*\(([^)]*)\)", bare) for label in labels.split(",")}
    return matched, grouped


@pytest.fixture(scope="module")
def offered(merlon):
    """{family: type} and {sample's name: its labels} of a server that has had some traffic."""
    account = merlon.register()
    merlon.me(account.access)
    merlon.try_login(account.email, OTHER_PASSWORD)
    merlon.get("/private/x", token=account.access)
    merlon.get("/nowhere")
    text = merlon.admin("/metrics").text
    families = dict(re.findall(rf"^# TYPE ({NAME}) (\w+)$", text, re.M))
    samples = {}
    for name, labels in re.findall(rf"^({NAME})(?:\{{(.*)\}})? \S+$", text, re.M):
        samples.setdefault(name, set()).update(re.findall(rf'({NAME})="', labels))
    return families, samples


def family_of(sample, families):
    """x_total is a sample of the counter x, x_bucket, x_sum and x_count of the histogram x."""
    suffixes = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}
    return next((family for family, kind in families.items() if sample in [family + suffix for suffix in suffixes[kind]]), None)


@table(EXPRESSIONS | QUERIES)
def test_an_expression_names_metrics_and_labels_that_exist(offered, row):
    families, samples = offered
    names = names_in(row)
    assert names, row
    for name in names:
        assert name in samples and family_of(name, families), f"{name} of {row} is not in /metrics"
    known = set.union(*(samples[name] for name in names)) | SERVER_LABELS
    matched, grouped = labels_in(row)
    assert matched | grouped <= known, f"{(matched | grouped) - known} of {row}"
    assert set(re.findall(r"\$\{?(\w+)", row)) <= VARIABLES
    assert row.count("(") == row.count(")") and row.count("{") == row.count("}") and row.count("[") == row.count("]")


def test_rates_are_of_counters_and_gauges_stand_alone(offered):
    families, _ = offered
    for expression in EXPRESSIONS.values():
        rated = set(re.findall(rf"\b(?:rate|increase)\(({NAME})", expression))
        for name in names_in(expression):
            assert (families[family_of(name, families)] == "gauge") != (name in rated), (name, expression)


def test_every_metric_has_a_panel(offered):
    families, _ = offered
    shown = {family_of(name, families) for expression in EXPRESSIONS.values() for name in names_in(expression)}
    missing = {family for family in families if family.startswith(("merlon_", "http_", "process_"))} - shown
    assert not missing, f"no panel shows {missing}"


def test_every_metric_of_the_contract_is_there_with_its_labels(offered):
    families, samples = offered
    for family, labels in CONTRACT.items():
        assert family in families, family
        has = set.union(*(samples[name] for name in samples if family_of(name, families) == family)) - {"le"}
        assert has == labels, (family, has)


def test_it_can_be_imported():
    assert DASHBOARD["uid"] == "merlon" and DASHBOARD["title"] and DASHBOARD["schemaVersion"] >= 36 and "id" not in DASHBOARD
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(ids)) == len(ids)
    source = {"type": "prometheus", "uid": "${datasource}"}  # chosen by who imports it
    for panel in PANELS:
        assert panel["datasource"] == source and all(target["datasource"] == source for target in panel["targets"]), panel["title"]
        assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])
    taken = {}
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        assert 0 <= at["x"] and at["x"] + at["w"] <= 24
        for cell in ((x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])):
            assert cell not in taken, f"{panel['title']} lies on {taken[cell]}"
            taken[cell] = panel["title"]


def test_a_limit_is_counted_from_nought(launch):
    server = launch(merge({}, {"limits": {"narrow": {"paths": ["/open/**"], "max": 1}}}))
    assert server.metrics()['merlon_rate_limited_total{limit="narrow"}'] == 0
    assert [server.get("/open/x").status for _ in range(2)] == [200, 429]
    assert server.metrics()['merlon_rate_limited_total{limit="narrow"}'] == 1
