"""Reloads while many connections are in use: no request fails, whichever configuration it began with."""

import threading

import client

CONFIG = {"server": {"workers": 2}, "limits": {"api": {"max": 1_000_000}}}
RELOADS = 15


def test_no_request_fails_while_the_configuration_is_replaced_again_and_again(merlon):
    account = merlon.register()
    bearer = {"Authorization": f"Bearer {account.access}"}
    over = threading.Event()
    counts, failures = [], []

    def load(number):
        count = 0
        try:
            while not over.is_set():
                with merlon.connect() as one:
                    for turn in range(50):
                        if (number + turn) % 3 == 0:
                            got = one.request("POST", "/open/x", body=b"b" * 10_000)
                        elif (number + turn) % 3 == 1:
                            got = one.request("GET", "/open/x", headers=bearer)
                        else:
                            got = one.request("GET", "/api/auth/me", headers=bearer)
                        assert got.status == 200, got
                        count += 1
                        if over.is_set():
                            break
        except Exception as failure:  # whatever it is, the test's thread says so
            failures.append(failure)
        counts.append(count)

    threads = [threading.Thread(target=load, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for number in range(RELOADS):
        merlon.reload()
        client.wait_for(lambda: merlon.stderr_text().count("configuration reloaded") > number, what="the reload")
    over.set()
    for thread in threads:
        thread.join()
    assert not failures, failures[0]
    assert sum(counts) > 100, counts
    merlon.wait_for_event("CONFIG_RELOADED")
