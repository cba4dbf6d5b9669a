"""``python -m benchmarks [name ...]``: run all benchmarks, or those named."""

from __future__ import annotations

import sys

from . import extraction, reading

BENCHMARKS = {"extraction": extraction.run, "reading": reading.run}


def main() -> int:
    names = sys.argv[1:] or list(BENCHMARKS)
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        print(f"There is no benchmark {unknown[0]!r}; there are {', '.join(BENCHMARKS)}.")
        return 2
    for name in names:
        print(f"# {name}\n")
        for label, value in BENCHMARKS[name]().items():
            print(f"{label:60} {value}")
        print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
