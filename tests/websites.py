"""Web servers that others own: real TLS on loopback, each with its manner of answering."""

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from threading import Event, Thread
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

Key = ec.EllipticCurvePrivateKey
DAY: Final = timedelta(days=1)


class Authority:
    """A certificate authority that a verifier of these tests trusts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _named("An authority")
        certificate = self._certify(self._name, self._key, (), DAY)
        self.pem = certificate.public_bytes(Encoding.PEM).decode()

    def client(self) -> ssl.SSLContext:
        return ssl.create_default_context(cadata=self.pem)

    def server(self, *names: str, end: timedelta = DAY) -> ssl.SSLContext:
        """The certificate and key of a server with these names or addresses, until `end`."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._certify(_named(names[0]), key, names, end)
        file = self._folder / f"{names[0]}-{end.days}.pem"
        secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        file.write_bytes(secret + certificate.public_bytes(Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context

    def _certify(
        self, subject: x509.Name, key: Key, names: tuple[str, ...], end: timedelta
    ) -> x509.Certificate:
        """Without names it is the authority's own certificate."""
        now, public = datetime.now(UTC), key.public_key()
        signer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - 3 * DAY)
            .not_valid_after(now + end)
            .add_extension(x509.BasicConstraints(ca=not names, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .add_extension(signer, critical=False)
        )
        if names:
            san = x509.SubjectAlternativeName([_general(name) for name in names])
            builder = builder.add_extension(san, critical=False)
        return builder.sign(self._key, hashes.SHA256())


def _named(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


class Site:
    """One server; `manner` writes its answers, and `requests` are what it was asked."""

    def __init__(self, host: str, tls: ssl.SSLContext | None) -> None:
        self.manner: Manner = saying(b"hello")
        self.host = host
        self.requests: list[bytes] = []
        self.names: list[str | None] = []
        self.connections = 0
        self.closing = Event()
        self._tls = tls
        if tls is not None:
            tls.sni_callback = lambda _socket, name, _context: self.names.append(name)
        self._listener = socket.create_server((host, 0))
        self.port = int(self._listener.getsockname()[1])
        self._thread = Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        while not self.closing.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            connection.settimeout(10)
            if self.manner in BEFORE_TLS or self._tls is None:
                self._answer(connection)
            else:
                with self._tls.wrap_socket(connection, server_side=True) as secured:
                    self._answer(secured)

    def _answer(self, connection: socket.socket) -> None:
        request = b""
        while not (request.endswith(b"\r\n\r\n") or self.manner in BEFORE_TLS):
            request += connection.recv(65536) or b"\r\n\r\n"
        self.requests.append(request)
        self.manner(self, connection)

    def close(self) -> None:
        self.closing.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)


Manner = Callable[[Site, socket.socket], None]


@contextmanager
def running(host: str, tls: ssl.SSLContext | None) -> Iterator[Site]:
    site = Site(host, tls)
    try:
        yield site
    finally:
        site.close()


def saying(body: bytes, status: str = "200 OK", *headers: str) -> Manner:
    """A whole answer: status, headers, length and body."""

    def say(site: Site, connection: socket.socket) -> None:
        lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "", ""]
        connection.sendall("\r\n".join(lines).encode("latin-1") + body)

    return say


def raw(data: bytes) -> Manner:
    """These bytes, and the end of the connection."""

    def send(site: Site, connection: socket.socket) -> None:
        connection.sendall(data)

    return send


def flowing(head: bytes, piece: bytes) -> Manner:
    """`head`, and then `piece` for as long as anybody reads."""

    def flow(site: Site, connection: socket.socket) -> None:
        connection.sendall(head)
        while not site.closing.is_set():
            connection.sendall(piece)

    return flow


def dripping(head: bytes, piece: bytes = b"x") -> Manner:
    """`head`, and then `piece` now and then: never silent for long, and never done."""

    def drip(site: Site, connection: socket.socket) -> None:
        connection.sendall(head)
        while not site.closing.wait(0.05):
            connection.sendall(piece)

    return drip


def silent(site: Site, connection: socket.socket) -> None:
    site.closing.wait(10)


def silent_before_tls(site: Site, connection: socket.socket) -> None:
    site.closing.wait(10)


def dripping_tls(site: Site, connection: socket.socket) -> None:
    """The beginning of a large handshake message, byte by byte."""
    connection.sendall(b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc\x03\x03")
    dripping(b"")(site, connection)


def speaking_plainly(site: Site, connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")


BEFORE_TLS: Final = (silent_before_tls, dripping_tls, speaking_plainly)
