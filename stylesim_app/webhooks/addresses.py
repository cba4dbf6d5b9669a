"""Addresses that a worker may post to: http or https, and not inside the network of the site."""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from ..conf import conf

PORTS = {"http": 80, "https": 443}
#: IPv6 addresses that a gateway translates to the IPv4 address in their last 32 bits.
_TRANSLATED = ip_network("64:ff9b::/96")


def split_address(address: str) -> SplitResult:
    """Return the parts of an address. Raises ValueError unless a worker could post to it."""
    parts = urlsplit(address)
    if parts.scheme not in PORTS or not parts.hostname or "@" in parts.netloc:
        raise ValueError(address)
    if address != address.strip() or any(ord(each) < 33 for each in address):
        raise ValueError(address)
    # Raises ValueError where it is no number.
    _port = parts.port
    return parts


def validate_address(address: str) -> None:
    """Check the address of an endpoint, as far as it can be without asking for its host."""
    try:
        parts = split_address(address)
    except ValueError as error:
        raise ValidationError(
            _("Enter an address that begins with https:// or http://, without a password.")
        ) from error
    try:
        literal = ip_address(parts.hostname or "")
    except ValueError:
        is_private = parts.hostname == "localhost"
    else:
        is_private = not is_public(literal)
    if is_private and not conf.webhooks_private:
        raise ValidationError(
            _(
                "This address is in a private network, which STYLESIM_WEBHOOKS_PRIVATE does not "
                "allow."
            )
        )


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Return whether an address is in the public internet, and not in a network of the host."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address.teredo is not None:
            inner = address.teredo[1]
        if inner is None and address in _TRANSLATED:
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
    return address.is_global and not address.is_multicast


def resolve(host: str, port: int) -> list[str]:
    """Return the addresses of a host. Raises OSError where it has none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    # A scope follows a percent sign.
    return list(dict.fromkeys(str(each[4][0]).partition("%")[0] for each in found))
