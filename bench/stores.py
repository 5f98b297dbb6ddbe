"""Stores with many users and products, filled by bench_fill and kept from run to run, since a large one takes minutes."""

import hashlib
import shutil
import subprocess
import sys
import time

from subjects import BUILD, HERE

SOURCES = HERE.parent / "src"
KEPT = HERE.parent / "build/bench-stores"


def version():
    """Of what the stores are made of: the tables, and who fills them. Another version's stores are of no use."""
    digest = hashlib.sha256((HERE / "fill.cc").read_bytes())
    for path in sorted(SOURCES.rglob("*.cc")):
        if b"storage::Migration migrations[]" in path.read_bytes() or path.name == "search_words.cc":
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def filled(count):
    """The data directory of a store with `count` users and products."""
    KEPT.mkdir(parents=True, exist_ok=True)
    for kept in KEPT.iterdir():
        if not kept.name.startswith(version()):
            shutil.rmtree(kept)
    store = KEPT / f"{version()}-{count}"
    if not store.is_dir():
        began = time.monotonic()
        print(f"bench:   filling a store with {count:,} users and products …", file=sys.stderr, flush=True)
        unfinished = KEPT / f"{version()}-unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir()
        subprocess.run([BUILD / "bench_fill", str(count)], cwd=unfinished, check=True)
        unfinished.rename(store)
        print(f"bench:   filled in {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    return store / "data"
