"""The counts of a drill, printed as one line, for the table in ``docs/reliability.md``."""

from __future__ import annotations


def show(drill: str, **counts: int) -> None:
    """Print the counts of a drill."""
    print(f"\n{drill}: " + ", ".join(f"{name} {count}" for name, count in counts.items()))
