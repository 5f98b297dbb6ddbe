"""Packages from the npm registry, as a folder's package-lock.json has them."""

import fcntl
import subprocess


def install(folder):
    """Makes `folder`/node_modules unless it is there. Workers that want the same packages wait for the first."""
    with open(folder / "package-lock.json") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "node_modules/.package-lock.json").is_file():
            subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"], cwd=folder, check=True, timeout=300)
