"""The rows of the bench. Each takes the Bench and gives its figures and what they are judged by."""

from latency_rows import logins, slow
from order_rows import group_commit
from process_rows import limiter, memory, start
from product_rows import products_get
from proxy_rows import access_log, es256, proxy, shared_limits, tls
from size_rows import million, million_start

ROWS = {row.__name__: row for row in (proxy, es256, access_log, shared_limits, tls, products_get, group_commit, million, million_start,
                                      logins, memory, start, limiter, slow)}
