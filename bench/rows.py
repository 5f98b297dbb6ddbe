"""The rows of the bench. Each takes the Bench and gives its figures and what they are judged by."""

from latency_rows import logins, slow
from mutual_tls_rows import mutual_tls
from order_rows import group_commit
from process_rows import limiter, memory, revocations, start
from product_rows import products_get
from proxy_rows import access_log, es256, proxy, shared_limits, tls
from revocation_rows import revoke
from session_rows import sessions
from size_rows import million, million_start

ROWS = {row.__name__: row for row in (proxy, es256, access_log, shared_limits, tls, mutual_tls, products_get, sessions, revoke, group_commit, million, million_start,
                                      logins, memory, start, limiter, revocations, slow)}
