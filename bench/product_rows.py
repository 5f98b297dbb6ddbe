"""A built-in request beside a proxied one, and beside the seed's stack that answers the same from memory."""

import http.client
import sqlite3

from bench import Asked
from judging import judge, judge_least
from stores import filled
from subjects import Express, Merlon, install_express

COUNT = 10_000  # different products asked for, so that no single row is always at hand


def answers_of(subject, token, paths):
    """The bodies, as they come."""
    connection = http.client.HTTPConnection("127.0.0.1", subject.port)
    bodies = []
    for path in paths:
        connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        bodies.append(answer.read().decode())
        if answer.status != 200:
            raise SystemExit(f"bench: {subject.name} answered {answer.status} to {path}")
    return bodies


def products_get(bench):
    install_express()
    data = filled(COUNT)
    with sqlite3.connect(f"file:{data / 'merlon.db'}?mode=ro", uri=True) as store:
        paths = [f"/api/products/{id}" for id, in store.execute("SELECT id FROM products ORDER BY random()")]
    path_file, product_file = bench.directory / "product-paths", bench.directory / "products.jsonl"
    path_file.write_text("\n".join(paths))
    token = bench.hs256.read_text().split("\n", 1)[0]
    with bench.subject(Merlon, "merlon-products", data=data) as merlon:
        bodies = answers_of(merlon, token, paths)
        product_file.write_text("\n".join(bodies))
        with bench.subject(Express, "express-products", products=product_file) as express:
            if answers_of(express, token, paths[:100]) != bodies[:100]:
                raise SystemExit("bench: Express does not answer the same products")
            products = {"paths": path_file}
            asked = [Asked("proxied", merlon, bench.hs256), Asked("built in", merlon, bench.hs256, products),
                     Asked("express", express, bench.hs256, products)]
            figures = bench.measure_latency(asked, bench.measure_cpu(asked))
    built_in = figures["built in"]["cpu_us"]
    return figures, [
        judge(f"GET of {COUNT:,} products, CPU of a proxied GET's", built_in / figures["proxied"]["cpu_us"], 0.8),
        judge_least("CPU of Express answering the same from memory, of it", figures["express"]["cpu_us"] / built_in, 25)]
