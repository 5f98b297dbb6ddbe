"""Merlon beside its rivals and the floor, in one run: `make bench`, or `make bench ROWS=proxy,tls` for some.

Judged are ratios of CPU time a request, whole process, from /proc over at least 400 ticks, in alternating rounds, so
that whatever else the machine does hits all alike. Prints a table; writes build/bench/results.json."""

import json
import os
import pathlib
import sys
import time

import rows
from bench import Bench

OUT = pathlib.Path(__file__).resolve().parent.parent / "build/bench"


def machine():
    model = next(line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name"))
    return {"cpu": model, "cores": os.cpu_count(), "kernel": os.uname().release,
            "date": time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())}


def main():
    names = sys.argv[1].split(",") if len(sys.argv) > 1 and sys.argv[1] else list(rows.ROWS)
    unknown = [name for name in names if name not in rows.ROWS]
    if unknown:
        raise SystemExit(f"bench: no row {', '.join(unknown)}; there are {', '.join(rows.ROWS)}")
    if os.cpu_count() < 2:
        raise SystemExit("bench: needs two cores: one for the server, one for the client")
    bench = Bench(OUT)
    results = {"machine": machine(), "figures": {}, "judged": []}
    for name in names:
        print(f"bench: {name} …", file=sys.stderr, flush=True)
        figures, judged = rows.ROWS[name](bench)
        results["figures"][name] = figures
        results["judged"] += judged
        for row in judged:
            print(f"bench:   {row['what']}: {row['value']} (must reach {row['must']})"
                  f"{'' if row['met'] else '  NOT MET'}", file=sys.stderr, flush=True)
    print_tables(results)
    (OUT / "results.json").write_text(json.dumps(results, indent=1))
    print(f"\nwritten to {OUT / 'results.json'}")
    return 0 if all(row["met"] for row in results["judged"]) else 1


def print_tables(results):
    print("\n" + ", ".join(f"{key}: {value}" for key, value in results["machine"].items()))
    for name, figures in results["figures"].items():
        measured = {who: figure for who, figure in figures.items() if isinstance(figure, dict) and "cpu_us" in figure}
        if not measured:
            continue
        print(f"\n| {name} | CPU µs / request | requests / s | p50 µs | p99 µs at half load |\n|---|---|---|---|---|")
        for who, figure in measured.items():
            p50, p99 = (f"{figure[key]:.0f}" if key in figure else "" for key in ("p50_us", "p99_us"))
            rate = f"{figure['per_second']:.0f}" if "per_second" in figure else ""
            print(f"| {who} | {figure['cpu_us']:.1f} | {rate} | {p50} | {p99} |")
    print("\n| row | measured | must reach | |\n|---|---|---|---|")
    for row in results["judged"]:
        print(f"| {row['what']} | {row['value']} | {row['must']} | {'met' if row['met'] else 'NOT MET'} |")


if __name__ == "__main__":
    sys.exit(main())
