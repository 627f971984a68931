"""`make bench [ARGS=name ...]`: every benchmark in a process of its own, one after the other.

Each prints JSON lines {name, value, unit, peer, peer_value, ratio}; `ratio` is times better than
the peer, so above 1 is better. Progress goes to standard error.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def benchmarks(wanted: list[str]) -> list[str]:
    names = sorted(p.stem for p in HERE.glob("*.py") if not p.stem.startswith("_"))
    unknown = set(wanted) - set(names)
    if unknown:
        sys.exit(f"no such benchmark: {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    return wanted or names


def main() -> int:
    failed = []
    for name in benchmarks(sys.argv[1:]):
        print(f"-- {name}", file=sys.stderr, flush=True)
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-m", f"benchmarks.{name}"],
            cwd=HERE.parent,
            check=False,
        )
        if done.returncode:
            failed.append(name)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
