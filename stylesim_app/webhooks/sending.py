"""One HTTP request to a receiver, with limits: where it may go, how long it takes, what it reads.

The host is looked up once, and the address that was checked is the one that is connected to.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from ipaddress import ip_address

from django.utils.encoding import iri_to_uri

from ..conf import conf
from .addresses import PORTS, is_public, resolve, split_address
from .models import Delivery

Problem = Delivery.Problem

#: Seconds for each step, and for all of them.
STEP_SECONDS = 5
TOTAL_SECONDS = 10
#: Attempts to connect, of a host with many addresses.
MOST_ADDRESSES = 3


@dataclass(frozen=True)
class Answer:
    """The outcome of a request; ``problem`` is empty after success."""

    status: int | None
    problem: str = ""
    retry_after: int = 0


def post(address: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """Send a body to an address; redirects are not followed, and the answer is not read."""
    parts = split_address(address)
    host, port = str(parts.hostname), parts.port or PORTS[parts.scheme]
    try:
        found = resolve(host, port)
    except (OSError, UnicodeError):
        return Answer(None, Problem.UNKNOWN_HOST)
    if not conf.webhooks_private and not all(is_public(ip_address(each)) for each in found):
        return Answer(None, Problem.PRIVATE)
    path = iri_to_uri(parts._replace(scheme="", netloc="", fragment="").geturl()) or "/"
    connection = _Connection(host, port, found[:MOST_ADDRESSES], parts.scheme == "https")
    try:
        with _limited(connection) as timer:
            try:
                connection.request("POST", path, body, dict(headers))
                answer = _read(connection.getresponse())
            except (OSError, http.client.HTTPException) as error:
                answer = Answer(None, _problem(error))
            # An answer that is cut off looks complete.
            return Answer(None, Problem.TIMEOUT) if timer.fired else answer
    finally:
        connection.close()


def _read(response: http.client.HTTPResponse) -> Answer:
    if 200 <= response.status < 300:
        return Answer(response.status)
    wait = response.getheader("Retry-After", "")
    problem = Problem.REDIRECT if 300 <= response.status < 400 else Problem.STATUS
    return Answer(response.status, problem, int(wait) if wait.isdecimal() else 0)


def _problem(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return Problem.CERTIFICATE
    return Problem.TIMEOUT if isinstance(error, TimeoutError) else Problem.UNREACHABLE


class _Connection(http.client.HTTPConnection):
    """A connection to one of the addresses that a host was found to have."""

    def __init__(self, host: str, port: int, addresses: list[str], secure: bool) -> None:
        super().__init__(host, port, timeout=STEP_SECONDS)
        self.default_port = PORTS["https" if secure else "http"]
        self._addresses = addresses
        self._context = ssl.create_default_context() if secure else None

    def connect(self) -> None:
        for number, address in enumerate(self._addresses, start=1):
            try:
                self.sock = socket.create_connection((address, self.port), STEP_SECONDS)
                break
            except OSError:
                if number == len(self._addresses):
                    raise
        if self._context is not None:
            self.sock = self._context.wrap_socket(self.sock, server_hostname=self.host)


class _Timer:
    """Ends a connection that sends a little again and again."""

    def __init__(self, connection: http.client.HTTPConnection) -> None:
        self.fired = False
        self._connection = connection

    def fire(self) -> None:
        self.fired = True
        if (sock := self._connection.sock) is not None:
            with suppress(OSError):
                # Below TLS, where another thread may do it.
                socket.socket.shutdown(sock, socket.SHUT_RDWR)


@contextmanager
def _limited(connection: http.client.HTTPConnection) -> Iterator[_Timer]:
    ending = _Timer(connection)
    timer = threading.Timer(TOTAL_SECONDS, ending.fire)
    timer.daemon = True
    timer.start()
    try:
        yield ending
    finally:
        timer.cancel()
