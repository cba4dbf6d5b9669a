"""Metrics for Prometheus, with the extra ``metrics``.

What the database knows is read at each scrape, so that it is the same whichever web process
answers. Times of queries are measured in each process; several processes share them in
prometheus_client's multiprocess mode.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from ..collection.visibility import visible_artworks
from ..conf import conf
from ..index.figures import Figures, read_figures
from ..index.status import running_workers
from ..ranking import timing

try:
    import prometheus_client
    from prometheus_client.core import GaugeMetricFamily
    from prometheus_client.multiprocess import MultiProcessCollector
except ImportError:
    AVAILABLE = False
else:
    AVAILABLE = True

if TYPE_CHECKING:
    from prometheus_client import Metric

#: Seconds, from a list of neighbours to a query that reads many descriptors.
BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


def connect() -> None:
    """Measure queries from now on, if prometheus_client is installed."""
    if not AVAILABLE or _query_seconds:
        return
    _query_seconds.append(
        prometheus_client.Histogram(
            "stylesim_query_seconds", "Time of a query by lane.", ["lane"], buckets=BUCKETS
        )
    )
    timing.observe(_observe)


#: The histogram, once it is registered.
_query_seconds: list[Any] = []


def _observe(lane: str, seconds: float) -> None:
    _query_seconds[0].labels(lane).observe(seconds)


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Return all metrics, to the holder of the token or of the permission to view workers."""
    if _has_token(request):
        artworks: QuerySet[Any] | None = None
    elif request.user.is_authenticated and request.user.has_perm("stylesim_app.view_workersign"):
        artworks = visible_artworks(request)
    else:
        refused = "Missing or invalid credentials.\n"
        return HttpResponse(
            refused,
            status=401,
            content_type="text/plain",
            headers={"WWW-Authenticate": 'Bearer realm="metrics"'},
        )
    if not AVAILABLE:
        reason = "prometheus_client is not installed: pip install 'django-stylesim[metrics]'\n"
        return HttpResponse(reason, status=501, content_type="text/plain")
    registry = prometheus_client.CollectorRegistry()
    registry.register(_Collector(read_figures(artworks)))
    content = prometheus_client.generate_latest(registry)
    content += prometheus_client.generate_latest(_process_registry())
    return HttpResponse(content, content_type=prometheus_client.CONTENT_TYPE_LATEST)


def _has_token(request: HttpRequest) -> bool:
    """Return whether the request carries the token in its header; one in the URL is ignored."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return (
        bool(conf.metrics_token)
        and scheme.lower() == "bearer"
        and secrets.compare_digest(token.strip().encode(), conf.metrics_token.encode())
    )


def _process_registry() -> Any:
    """Return the metrics of this process, or in multiprocess mode of all web processes."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return prometheus_client.REGISTRY
    registry = prometheus_client.CollectorRegistry()
    collector: Any = MultiProcessCollector
    collector(registry)
    return registry


class _Collector:
    """The figures as metrics."""

    def __init__(self, figures: Figures) -> None:
        self.figures = figures

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterable[Metric]:
        figures = self.figures
        yield _labelled("entries", "Works by index state.", "state", figures.entries)
        yield _labelled("searches", "Searches by image by state.", "state", figures.searches)
        yield _labelled(
            "failures",
            "Failed works by reason.",
            "reason",
            {failure.code or "unknown": failure.count for failure in figures.failures},
        )
        for name, text, value in (
            ("oldest_waiting_seconds", "Age of the oldest waiting work.", figures.oldest_waiting),
            (
                "indexed_last_minute",
                "Works indexed in the last minute.",
                figures.indexed_last_minute,
            ),
            ("attempts", "Attempts at the works as they are now.", figures.attempts),
            ("paused", "1 while indexing is paused.", figures.pause is not None),
            ("storage_up", "1 if the private storage is there.", not figures.storage_problem),
            ("workers", "Workers seen in the last three minutes.", running_workers().count()),
        ):
            yield GaugeMetricFamily(f"stylesim_{name}", text, value=float(value))
        seen = GaugeMetricFamily(
            "stylesim_worker_seen_timestamp_seconds",
            "Last sign of life of a worker process.",
            labels=["host", "pid", "state", "version", "weights"],
        )
        for sign in figures.workers:
            labels = [sign.host, str(sign.pid), sign.state, sign.version, sign.weights]
            seen.add_metric(labels, sign.seen_at.timestamp())
        yield seen


def _labelled(name: str, text: str, label: str, values: dict[str, int]) -> Metric:
    family = GaugeMetricFamily(f"stylesim_{name}", text, labels=[label])
    for value, count in values.items():
        family.add_metric([value], count)
    return family
