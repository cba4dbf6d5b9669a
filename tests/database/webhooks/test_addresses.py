"""Addresses of receivers: http and https, and none inside the network of the site."""

from __future__ import annotations

import socket
import threading
from ipaddress import ip_address

import pytest
from django.core.exceptions import ValidationError

from stylesim_app.webhooks import addresses, delivering, outbox, sending
from stylesim_app.webhooks.models import Delivery, Event


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fc00::1",
        "ff02::1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "2002:a00:1::",
    ],
)
def test_private_addresses_are_known_in_every_form(address):
    assert not addresses.is_public(ip_address(address))


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"])
def test_public_addresses_may_be_posted_to(address):
    assert addresses.is_public(ip_address(address))
    host = f"[{address}]" if ":" in address else address
    addresses.validate_address(f"https://{host}/hooks")


@pytest.mark.parametrize(
    "address",
    [
        "ftp://a.org/",
        "file:///etc/passwd",
        "https://",
        "//a.org",
        "https://user:password@a.org/",
        "https://a.org:port/",
        "https://a.org/\r\nX: y",
        " https://a.org/",
        "http://localhost/",
        "http://127.0.0.1:8000/",
        "http://[::1]/",
        "http://169.254.169.254/latest/meta-data/",
    ],
)
def test_an_address_is_checked_before_it_is_stored(address):
    with pytest.raises(ValidationError):
        addresses.validate_address(address)


@pytest.mark.parametrize("found", [["127.0.0.1"], ["93.184.215.14", "10.0.0.1"]])
def test_a_host_with_a_private_address_is_not_asked(
    receiver, make_endpoint, settings, monkeypatch, found
):
    settings.STYLESIM_WEBHOOKS_PRIVATE = False
    monkeypatch.setattr(sending, "resolve", lambda host, port: found)
    outbox.enter(Event.TEST, [make_endpoint(url=receiver.address.replace("127.0.0.1", "a.org"))])
    delivering.deliver(10)
    delivery = Delivery.objects.get()
    assert (delivery.problem, delivery.attempts) == ("private", 1)
    assert receiver.got == []


def test_the_address_that_was_checked_is_the_one_that_is_connected_to(receiver, monkeypatch):
    asked = []

    def resolve(host, port):
        asked.append(host)
        return ["127.0.0.1"]

    monkeypatch.setattr(sending, "resolve", resolve)
    address = receiver.address.replace("127.0.0.1", "hooks.example.org")
    assert sending.post(address, b"{}", {"Stylesim-Event": "webhook.test"}).status == 200
    assert asked == ["hooks.example.org"]
    assert receiver.got[0][0]["Host"].startswith("hooks.example.org:")


def test_a_host_that_is_not_known_is_a_problem_of_its_own(settings, monkeypatch):
    def fail(host, port):
        raise socket.gaierror

    monkeypatch.setattr(sending, "resolve", fail)
    assert sending.post("https://nowhere.example/", b"", {}).problem == "unknown_host"


@pytest.fixture
def raw(settings):
    """A server that does what a function does with each connection."""
    settings.STYLESIM_WEBHOOKS_PRIVATE = True
    listening = socket.create_server(("127.0.0.1", 0))
    threads = []

    def serve(act):
        def run():
            connection, _ = listening.accept()
            with connection:
                act(connection)

        threads.append(threading.Thread(target=run))
        threads[-1].start()
        return f"127.0.0.1:{listening.getsockname()[1]}"

    yield serve
    for thread in threads:
        thread.join()
    listening.close()


def test_a_receiver_that_sends_a_little_now_and_then_is_left(raw, monkeypatch):
    monkeypatch.setattr(sending, "TOTAL_SECONDS", 0.3)
    ended = threading.Event()

    def drip(connection):
        try:
            connection.sendall(b"HTTP/1.1 200 OK\r\n")
            while not ended.wait(0.05):
                connection.sendall(b"X-More: 1\r\n")
        except OSError:
            pass

    answer = sending.post(f"http://{raw(drip)}/", b"{}", {})
    ended.set()
    assert (answer.status, answer.problem) == (None, "timeout")


def test_what_is_no_answer_and_no_certificate_is_told(raw):
    garbage = f"http://{raw(lambda connection: connection.sendall(b'nonsense'))}/"
    assert sending.post(garbage, b"{}", {}).problem == "unreachable"
    plain = f"https://{raw(lambda connection: connection.sendall(b'no TLS at all here'))}/"
    assert sending.post(plain, b"{}", {}).problem in ("unreachable", "certificate")
