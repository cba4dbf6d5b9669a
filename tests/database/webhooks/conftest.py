from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from stylesim_app.webhooks.models import Endpoint


@dataclass
class Receiver:
    """A program that receives events: what it got, and the status that it answers."""

    address: str
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def events(self) -> list[str]:
        return [headers["Stylesim-Event"] for headers, _ in self.got]


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    settings.STYLESIM_WEBHOOKS_PRIVATE = True

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.got.append((dict(self.headers), body))
            self.send_response(found.status)
            for name, value in found.headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Receiver(f"http://127.0.0.1:{server.server_port}/hooks?from=stylesim")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def make_endpoint(receiver: Receiver, staff: Any) -> Callable[..., Endpoint]:
    """``make_endpoint(events=[...])``: an endpoint of the staff at the receiver."""

    def make(**fields: Any) -> Endpoint:
        defaults = {"name": "Catalogue", "url": receiver.address, "owner": staff}
        return Endpoint.objects.create(**{**defaults, **fields})

    return make
