"""The one guarded fetch of addresses that outside data names: did:web documents, status lists.

Whoever writes a credential chooses what its verifier asks for. So a fetch goes to public addresses
alone, never further than the host that was named, takes a bounded time and holds a bounded size.
Sources: RFC 9110, RFC 6890 with IANA's registries of special-purpose addresses, RFC 6052 (NAT64).
"""

import re
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from threading import Thread
from typing import Any, Final
from urllib.parse import urlsplit

import httpcore
import httpx

FETCH_SECONDS: Final = 15.0
# An address that does not answer must not take the time of the next one (IPv6 without a route).
CONNECT_SECONDS: Final = 4.0
MAX_ADDRESSES_TRIED: Final = 4
# No server has to take a longer one (RFC 9110, 4.1, asks for 8000; what is named here is short).
MAX_URL_CHARACTERS: Final = 2048
MAX_SHOWN_CHARACTERS: Final = 200

_URL: Final = re.compile(r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+")
_LABEL: Final = "[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME: Final = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*")
# The last label of every spelling of an IPv4 address: decimal, octal, hexadecimal, short.
_NUMBER: Final = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)")
_DEFAULT_PORTS: Final = {"https": 443, "http": 80}
# Services for which a TLS greeting with a chosen name might be a command. Below 1024, 443 alone.
_FIRST_FREE_PORT: Final = 1024
_OTHER_SERVICES: Final = frozenset(
    (
        # H.323, PPTP, NFS, MySQL, Subversion, mail filters, SIP, PostgreSQL, X11, Redis, scanners,
        # IRC, backups, memcached, MongoDB: those of browsers' lists, and databases.
        *(1719, 1720, 1723, 2049, 3306, 3690, 4045, 4190, 5060, 5061, 5432, *range(6000, 6064)),
        *(6379, 6566, *range(6665, 6670), 6679, 6697, 10080, 11211, 27017),
    )
)
# Python's own tables differ from release to release; what a newer one refuses is refused as well.
_NOT_PUBLIC_4: Final = tuple(
    IPv4Network(network)
    for network in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
        *("172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16"),
        *("198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        # A cloud's own service to its machines, at an address that looks public.
        "168.63.129.16/32",
    )
)
_GLOBAL_UNICAST: Final = IPv6Network("2000::/3")
_NAT64: Final = IPv6Network("64:ff9b::/96")
# RFC 5214, 6.1: the half of an interface identifier (two of its bits are free) after which the
# IPv4 address of a machine stands: perhaps of one inside a site.
_ISATAP: Final = 0x0000_5EFE
_ISATAP_MASK: Final = 0xFCFF_FFFF
# Teredo and other protocols of the IETF, documentation, 6to4.
_NOT_PUBLIC_6: Final = tuple(
    IPv6Network(network) for network in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
)


class FetchProblem(Exception):
    """Nothing was fetched; the text says why, and nothing of what is inside a network."""


# The addresses of a host, in the order to try them; raises `OSError` or `ValueError`.
Resolver = Callable[[str, int], Sequence[str]]


def system_resolver(host: str, port: int) -> Sequence[str]:
    """The addresses that the operating system finds."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(info[4][0]) for info in found))


def is_public(address: str) -> bool:
    """Whether an IP address in its usual form is one that the whole internet reaches by unicast.

    An IPv4 address inside an IPv6 one is judged itself where the network would unpack it.
    """
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    ip = _unpacked(ip) if isinstance(ip, IPv6Address) else ip
    if isinstance(ip, IPv4Address):
        return ip.is_global and not any(ip in network for network in _NOT_PUBLIC_4)
    special = any(ip in network for network in _NOT_PUBLIC_6) or ip.scope_id is not None
    tunnelled = int(ip) >> 32 & _ISATAP_MASK == _ISATAP
    return ip.is_global and ip in _GLOBAL_UNICAST and not special and not tunnelled


def _unpacked(ip: IPv6Address) -> IPv4Address | IPv6Address:
    if ip.scope_id is not None:
        return ip
    return IPv4Address(int(ip) & 0xFFFFFFFF) if ip in _NAT64 else ip.ipv4_mapped or ip


@dataclass(frozen=True)
class Fetcher:
    """How to fetch. With `allow_internal`, for people who try things on their own machine or
    network, every address and port is asked, and http where the host is this machine.
    """

    allow_internal: bool = False
    seconds: float = FETCH_SECONDS
    resolver: Resolver = system_resolver
    tls: ssl.SSLContext = field(default_factory=httpx.create_ssl_context)

    def fetch(self, url: str, limit: int) -> bytes:
        """What `url` answers to GET with status 200, at most `limit` bytes of it.

        The name is resolved once, every address of it is judged, and the connection goes to one
        that was judged; the certificate is checked for the name. No redirect is followed, no
        proxy is used, nothing is unpacked. Raises `FetchProblem`.
        """
        place = _parse(url, self.allow_internal)
        end = _End(time.monotonic() + self.seconds)
        try:
            network = _Network(self._addresses(place, end), end)
            with (
                httpcore.ConnectionPool(self.tls, network_backend=network) as pool,
                pool.stream("GET", place.url, headers=place.headers) as response,
            ):
                return _body(response, limit)
        except (TimeoutError, httpcore.TimeoutException) as error:
            raise FetchProblem(f"no whole answer within {self.seconds:g} seconds") from error
        except (OSError, ValueError, httpcore.NetworkError, httpcore.ProtocolError) as error:
            reason = str(error)[:MAX_SHOWN_CHARACTERS] or type(error).__name__
            raise FetchProblem(f"cannot be reached: {reason}") from error

    def _addresses(self, place: "_Place", end: "_End") -> Sequence[str]:
        """All addresses of the host, judged; raises `FetchProblem`, `OSError`, `ValueError`."""
        found = _in_time(lambda: self.resolver(place.host, place.port), end)
        if not found:
            raise FetchProblem(f"{place.host} has no address")
        if not self.allow_internal and not all(is_public(address) for address in found):
            raise FetchProblem(f"{place.host} has an address that is not public")
        if place.scheme != "https" and not all(ip_address(a).is_loopback for a in found):
            raise FetchProblem("http is for one's own machine alone")
        return found[:MAX_ADDRESSES_TRIED]


@dataclass(frozen=True)
class _End:
    """When a fetch must be over, by the monotonic clock."""

    moment: float

    @property
    def left(self) -> float:
        """The seconds left, more than zero; raises `TimeoutError`."""
        left = self.moment - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


@dataclass(frozen=True)
class _Place:
    """A URL, taken apart once: nobody after us reads it another way."""

    scheme: str
    host: str
    port: int
    authority: str
    target: str

    @property
    def url(self) -> httpcore.URL:
        parts = self.scheme.encode(), self.host.encode(), self.target.encode()
        return httpcore.URL(scheme=parts[0], host=parts[1], port=self.port, target=parts[2])

    @property
    def headers(self) -> list[tuple[str, str]]:
        return [
            ("Host", self.authority),
            ("Accept", "*/*"),
            # What is counted must be what is held: a packed answer may swell a thousandfold.
            ("Accept-Encoding", "identity"),
            ("Connection", "close"),
            ("User-Agent", "credroot"),
        ]


def _parse(url: str, allow_internal: bool) -> _Place:
    if len(url) > MAX_URL_CHARACTERS or not _URL.fullmatch(url):
        raise FetchProblem("not a URL in ASCII (RFC 3986), or too long")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise FetchProblem(f"not a URL: {error}") from error
    if parts.scheme != "https" and not (parts.scheme == "http" and allow_internal):
        raise FetchProblem("not an https URL")
    if "@" in parts.netloc:
        raise FetchProblem("a user's name has no place in the URL")
    if not (_is_name(host) or (allow_internal and _is_address(host))):
        raise FetchProblem("the URL's host is not a domain name")
    if port is None:
        port = _DEFAULT_PORTS[parts.scheme]
    if not (allow_internal or port == _DEFAULT_PORTS["https"] or _is_free(port)):
        raise FetchProblem(f"the port {port} is another service's")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return _Place(parts.scheme, host, port, parts.netloc.lower(), target)


def _is_name(host: str) -> bool:
    return bool(_NAME.fullmatch(host)) and not _NUMBER.fullmatch(host)


def _is_address(host: str) -> bool:
    try:
        return bool(ip_address(host)) and "%" not in host
    except ValueError:
        return False


def _is_free(port: int) -> bool:
    return port >= _FIRST_FREE_PORT and port not in _OTHER_SERVICES


def _in_time(resolve: Callable[[], Sequence[str]], end: _End) -> Sequence[str]:
    """The system's resolver knows no time limit: a slow one is left behind."""
    answer: Future[Sequence[str]] = Future()

    def run() -> None:
        try:
            answer.set_result(resolve())
        except Exception as error:
            answer.set_exception(error)

    Thread(target=run, daemon=True).start()
    return answer.result(end.left)


def _body(response: httpcore.Response, limit: int) -> bytes:
    headers = {name.lower(): value for name, value in response.headers}
    if 300 <= response.status < 400:
        location = headers.get(b"location", b"").decode("latin-1")
        shown = repr(location[:MAX_SHOWN_CHARACTERS])
        raise FetchProblem(f"sends on to {shown}, which is not followed")
    if response.status != httpx.codes.OK:
        raise FetchProblem(f"answered with HTTP status {response.status}")
    if headers.get(b"content-encoding", b"identity").lower() != b"identity":
        raise FetchProblem("packed its answer, which nobody asked for")
    chunks, size = [], 0
    for chunk in response.iter_stream():
        size += len(chunk)
        if size > limit:
            raise FetchProblem(f"answered more than {limit} bytes")
        chunks.append(chunk)
    return b"".join(chunks)


class _Network(httpcore.NetworkBackend):
    """Connects to the judged addresses and to nothing else: no name is resolved here."""

    def __init__(self, addresses: Sequence[str], end: _End) -> None:
        self._addresses = addresses
        self._end = end

    def connect_tcp(
        self,
        host: str,  # noqa: ARG002 - the name has been resolved
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - the whole fetch has one
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        sockets = httpcore.SyncBackend()
        problem: Exception = httpcore.ConnectError("no address")
        for address in self._addresses:
            seconds = min(CONNECT_SECONDS, self._end.left)
            try:
                stream = sockets.connect_tcp(address, port, seconds, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                problem = error
            else:
                return _Stream(stream, self._end)
        raise problem


class _Stream(httpcore.NetworkStream):
    """A connection whose every wait ends when the fetch must: a byte now and then is no answer."""

    def __init__(self, stream: httpcore.NetworkStream, end: _End) -> None:
        self._stream = stream
        self._end = end

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        return self._stream.read(max_bytes, self._end.left)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        self._stream.write(buffer, self._end.left)

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        secured = self._stream.start_tls(ssl_context, server_hostname, self._end.left)
        return _Stream(secured, self._end)

    def close(self) -> None:
        self._stream.close()

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
