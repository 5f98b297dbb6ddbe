"""Rows of proxied requests: CPU time beside the rivals and the floor."""

from judging import judge
from subjects import Express, Floor, HAProxy, Merlon, Nginx, Redis, install_express


def proxy(bench):
    install_express()
    kinds = {"floor": Floor, "merlon": Merlon, "haproxy": HAProxy, "nginx": Nginx, "express": Express}
    figures = bench.compare([(bench.subject(kind, name), bench.hs256) for name, kind in kinds.items()])
    ours = figures["merlon"]["cpu_us"]
    return figures, [
        judge("proxied GET with HS256, CPU of HAProxy's", ours / figures["haproxy"]["cpu_us"], 0.60),
        judge("proxied GET with HS256, CPU of the floor's", ours / figures["floor"]["cpu_us"], 1.35),
        judge("proxied GET with HS256, CPU of Express's", ours / figures["express"]["cpu_us"], 0.04),
    ]


def es256(bench):
    figures = bench.compare([
        (bench.subject(Merlon, "merlon-hs256"), bench.hs256),
        (bench.subject(Merlon, "merlon-es256", trusted_jwks=bench.jwks), bench.es256)])
    ratio = figures["merlon-es256"]["cpu_us"] / figures["merlon-hs256"]["cpu_us"]
    return figures, [judge("the same with ES256 tokens, warm, CPU of HS256's", ratio, 1.10)]


def access_log(bench):
    figures = bench.compare([(bench.subject(Merlon, f"merlon-log-{which}", access_log=which), bench.hs256)
                             for which in ("off", "errors", "all")])
    ratio = figures["merlon-log-all"]["cpu_us"] / figures["merlon-log-off"]["cpu_us"]
    return figures, [judge("the same with every request in the access log, CPU of without", ratio, 1.10)]


def tls(bench):
    figures = bench.compare([(bench.subject(kind, name, is_tls=True), bench.hs256)
                             for name, kind in {"merlon-tls": Merlon, "haproxy-tls": HAProxy}.items()])
    ratio = figures["merlon-tls"]["cpu_us"] / figures["haproxy-tls"]["cpu_us"]
    return figures, [judge("the same over TLS 1.3, CPU of HAProxy's", ratio, 0.70)]


def shared_limits(bench):
    """Redis's own CPU is not in it: it is on the client's core, with the load."""
    with Redis(bench.directory / "redis") as redis:
        figures = bench.compare([
            (bench.subject(Merlon, "merlon-limits-here"), bench.hs256),
            (bench.subject(Merlon, "merlon-limits-redis", redis=redis.port), bench.hs256)])
        figures["counted in Redis"] = redis.counted()
    ratio = figures["merlon-limits-redis"]["cpu_us"] / figures["merlon-limits-here"]["cpu_us"]
    return figures, [judge("the same with limits in Redis, CPU of in process", ratio, 1.25)]
