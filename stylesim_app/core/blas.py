"""NumPy's matrix products in one thread each."""

from __future__ import annotations

from functools import cache

from threadpoolctl import ThreadpoolController


@cache
def use_one_thread() -> None:
    """Keep OpenBLAS from starting threads of its own, in this process, from now on.

    Its threads spin while they wait for each other. Beside the network, which takes all cores, or
    in one of several web processes, that made the many small products of this package up to fifty
    times slower; what is large here is split into parts for threads that sleep while they wait.
    """
    ThreadpoolController().select(internal_api="openblas").limit(limits=1)
