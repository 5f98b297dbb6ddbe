"""Rows of the process as such: its memory, its start, its largest table."""

import json
import socket
import statistics
import subprocess
import time

from bench import ROUNDS, raise_open_files
from judging import judge
from subjects import BUILD, SUBJECT_CORE, Merlon, pinned


def open_connections(port, count):
    made = []
    for _ in range(count):
        made.append(socket.create_connection(("127.0.0.1", port), 10))
    return made


def memory(bench):
    raise_open_files()
    with bench.subject(Merlon, "merlon-memory") as subject:
        time.sleep(1)
        idle = subject.resident_bytes() / 2**20
        connections = open_connections(subject.port, 10_000)
        for connection in connections:
            connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        for connection in connections:
            if not connection.recv(4096).startswith(b"HTTP/1.1 200"):
                raise SystemExit("bench: an idle connection was not answered")
        kept = subject.resident_bytes() / 2**20
        for connection in connections:
            connection.close()
    return {"idle_mib": idle, "with_10000_connections_mib": kept}, [
        judge("idle memory", idle, 40, "MiB"),
        judge("with 10,000 idle keep-alive connections", kept, 140, "MiB")]


def seconds_to_ready(subject):
    """From its start, which this is, to the first 200 of /readyz."""
    command = subject.command()
    began = time.monotonic()
    subject.process = pinned(SUBJECT_CORE, *command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                             cwd=subject.directory)
    subject.wait_until_ready()
    return time.monotonic() - began


def start(bench):
    seconds = []
    for _ in range(ROUNDS):
        subject = bench.subject(Merlon, "merlon-start")
        seconds.append(seconds_to_ready(subject))
        subject.__exit__()
    return {"seconds": seconds}, [
        judge("start to ready, empty store, first admin made", statistics.median(seconds), 0.5, "s")]


def limiter(bench):
    out = subprocess.run(["taskset", "-c", SUBJECT_CORE, BUILD / "limiter_bench", "--benchmark_format=json"],
                         check=True, capture_output=True, text=True).stdout
    result = json.loads(out)["benchmarks"][0]
    mib, hit_ns = result["bytes"] / 2**20, result["cpu_time"]
    return {"mib": mib, "hit_ns": hit_ns}, [judge("limiter with 1,000,000 clients", mib, 64, "MiB"),
                                            judge("limiter with 1,000,000 clients, a hit", hit_ns, 150, "ns")]


def revocations(bench):
    """Of a million: what they weigh, how long loading them and a token's check (two look-ups) take."""
    process = pinned(SUBJECT_CORE, BUILD / "revocations_bench", "--benchmark_format=json", stdout=subprocess.PIPE, text=True)
    runs = {run["name"]: run for run in json.loads(process.communicate()[0])["benchmarks"]}
    load, check = runs["load_a_million_revocations"], runs["check_among_a_million_revocations"]
    figures = {"mib": load["bytes"] / 2**20, "load_s": load["cpu_time"] / 1e9, "check_ns": check["cpu_time"]}
    return figures, [
        judge("1,000,000 live revocations, memory", figures["mib"], 64, "MiB"),
        judge("1,000,000 live revocations, a token's check", figures["check_ns"], 200, "ns"),
        judge("1,000,000 live revocations, load into memory", figures["load_s"], 2, "s")]
