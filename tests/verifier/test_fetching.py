"""The guarded fetch against real servers on loopback, and against names that lead inside."""

import gzip
import socket
import time
import tracemalloc
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Final

import pytest
import websites as w
from hypothesis import given
from hypothesis import strategies as st

from registry.core.did import MAX_DID_DOCUMENT_BYTES, read_did_document
from registry.core.did_methods import did_web_url
from registry.verifier.fetching import (
    MAX_ADDRESSES_TRIED,
    MAX_URL_CHARACTERS,
    Fetcher,
    FetchProblem,
    is_public,
    system_resolver,
)

NAME: Final = "northmere.example"
LIMIT: Final = 1000
# A public address that nothing here ever connects to: the other one with it is not public.
PUBLIC: Final = "93.184.215.14"
OK: Final = b"HTTP/1.1 200 OK\r\n"


class Names:
    """A resolver that gives its answers in turn, the last one for ever, and keeps the questions."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, int]] = []

    def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append((host, port))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> w.Authority:
    return w.Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def house(authority: w.Authority) -> Iterator[w.Site]:
    with w.running("127.0.0.2", authority.server(NAME, "127.0.0.2")) as site:
        yield site


@pytest.fixture
def site(house: w.Site) -> w.Site:
    house.manner = w.saying(b"hello")
    house.requests.clear()
    house.names.clear()
    house.connections = 0
    return house


@pytest.fixture(scope="module")
def fetcher(authority: w.Authority) -> Fetcher:
    """One that may go inside, for servers on loopback; it never waits long."""
    return Fetcher(True, 1.0, Names(["127.0.0.2"]), authority.client())


@pytest.fixture(scope="module")
def guarded(fetcher: Fetcher) -> Fetcher:
    return replace(fetcher, allow_internal=False)


def at(site: w.Site, path: str = "/x", scheme: str = "https", host: str = NAME) -> str:
    return f"{scheme}://{host}:{site.port}{path}"


def problem(fetcher: Fetcher, url: str) -> str:
    with pytest.raises(FetchProblem) as caught:
        fetcher.fetch(url, LIMIT)
    return str(caught.value)


def test_what_is_asked_for_is_given_byte_for_byte(site: w.Site, fetcher: Fetcher) -> None:
    body = bytes(range(256))
    for manner in (
        w.saying(body),
        w.saying(body, "200 OK", "Content-Encoding: Identity"),
        w.raw(OK + b"\r\n" + body),
        w.raw(OK + b"Transfer-Encoding: chunked\r\n\r\n100\r\n" + body + b"\r\n0\r\n\r\n"),
        w.raw(b"HTTP/1.1 103 Early Hints\r\n\r\n" + OK + b"\r\n" + body),
    ):
        site.manner = manner
        assert fetcher.fetch(at(site), LIMIT) == body


def test_the_request_names_the_host_and_asks_for_nothing_packed(
    site: w.Site, fetcher: Fetcher
) -> None:
    fetcher.fetch(at(site, "/a%20b/did.json?c=d#e"), LIMIT)
    line, *headers = site.requests[0].decode().lower().rstrip().split("\r\n")
    assert line == "get /a%20b/did.json?c=d http/1.1"
    assert f"host: {NAME}:{site.port}" in headers
    assert "accept-encoding: identity" in headers
    assert not [h for h in headers if h.startswith(("cookie", "authorization", "referer"))]
    assert site.names == [NAME]


def test_a_did_web_document_is_fetched_and_read(site: w.Site, fetcher: Fetcher) -> None:
    did = f"did:web:{NAME}%3A{site.port}:issuers:1"
    site.manner = w.saying(b'{"id": "%s"}' % did.encode())
    data = fetcher.fetch(did_web_url(did), MAX_DID_DOCUMENT_BYTES)
    assert read_did_document(data, did).id == did
    assert site.requests[0].startswith(b"GET /issuers/1/did.json ")


def test_the_limit_is_what_may_be_held(site: w.Site, fetcher: Fetcher) -> None:
    site.manner = w.saying(b"x" * LIMIT)
    assert len(fetcher.fetch(at(site), LIMIT)) == LIMIT
    site.manner = w.saying(b"x" * (LIMIT + 1))
    assert problem(fetcher, at(site)) == f"answered more than {LIMIT} bytes"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "location",
    ["https://169.254.169.254/latest/meta-data", "http://127.0.0.1:8545", "/other", "//evil", ""],
)
def test_a_redirect_is_told_and_not_followed(
    site: w.Site, fetcher: Fetcher, status: int, location: str
) -> None:
    site.manner = w.saying(b"", f"{status} Elsewhere", f"Location: {location}")
    assert problem(fetcher, at(site)) == f"sends on to {location!r}, which is not followed"
    assert site.connections == 1


def test_where_a_redirect_leads_is_told_without_its_tricks(site: w.Site, fetcher: Fetcher) -> None:
    site.manner = w.saying(b"", "302 Found", "Location: \x1b[2J" + "a" * 5000)
    told = problem(fetcher, at(site))
    assert "\x1b" not in told
    assert len(told) < 300


@pytest.mark.parametrize("status", ["201 Made", "204 Nothing", "206 Part", "404 No", "500 Oh"])
def test_any_other_status_is_told(site: w.Site, fetcher: Fetcher, status: str) -> None:
    site.manner = w.saying(b"", status)
    assert problem(fetcher, at(site)) == f"answered with HTTP status {status[:3]}"


@pytest.mark.parametrize(
    "manner",
    [
        w.silent_before_tls,
        w.dripping_tls,
        w.silent,
        w.dripping(b""),
        w.dripping(OK),
        w.dripping(OK, b"X: y\r\n"),
        w.dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        w.dripping(OK + b"\r\n"),
        w.dripping(OK + b"Content-Length: 900\r\n\r\n"),
        w.dripping(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        w.dripping(OK + b"Transfer-Encoding: chunked\r\n\r\n1;", b"x"),
    ],
)
def test_a_slow_answer_ends_when_the_time_is_over(
    site: w.Site, fetcher: Fetcher, manner: w.Manner
) -> None:
    site.manner = manner
    started = time.monotonic()
    assert problem(replace(fetcher, seconds=0.4), at(site)) == "no whole answer within 0.4 seconds"
    assert time.monotonic() - started < 0.9


@pytest.mark.parametrize(
    "manner",
    [
        w.flowing(OK + b"\r\n", b"x" * 65536),
        w.flowing(OK + b"Content-Length: 99999999999\r\n\r\n", b"x" * 65536),
        w.flowing(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"4000\r\n" + b"x" * 16384 + b"\r\n"),
        w.flowing(OK, b"X: y\r\n" * 1000),
        w.flowing(OK + b"X: ", b"y" * 65536),
        w.flowing(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100),
        w.flowing(OK + b"Transfer-Encoding: chunked\r\n\r\n1;", b"x" * 65536),
    ],
)
def test_an_endless_answer_is_not_held(site: w.Site, fetcher: Fetcher, manner: w.Manner) -> None:
    site.manner = manner
    tracemalloc.start()
    told = problem(fetcher, at(site))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert told
    assert peak < 4 << 20


def test_a_packed_bomb_is_neither_unpacked_nor_given(site: w.Site, fetcher: Fetcher) -> None:
    bomb = gzip.compress(bytes(10 << 20), 9)
    roomy = replace(fetcher, seconds=5.0)
    for coding in ("gzip", "GZIP", "br", "deflate", "x", "gzip, gzip"):
        site.manner = w.saying(bomb, "200 OK", f"Content-Encoding: {coding}")
        with pytest.raises(FetchProblem, match="packed"):
            roomy.fetch(at(site), 64 << 20)
    site.manner = w.saying(bomb)
    assert roomy.fetch(at(site), 64 << 20) == bomb


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"HTTP/1.1 200 OK",
        b"HTTP/1.1 abc OK\r\n\r\nx",
        b"HTTP/1.1 20 OK\r\n\r\nx",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
        OK + b"Content-Length: 10\r\n\r\nhalf",
        OK + b"Content-Length: -1\r\n\r\nx",
        OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
        OK + b"Transfer-Encoding: gzip\r\n\r\nx",
        OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab",
        OK + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffffffffffff\r\nab",
        OK + b"no colon\r\n\r\n",
        OK + b"X\x00Y: z\r\n\r\n",
        b"\x00" * 1000,
        b"\xff" * 1000,
    ],
)
def test_what_is_no_whole_http_answer_is_a_problem(
    site: w.Site, fetcher: Fetcher, data: bytes
) -> None:
    site.manner = w.raw(data)
    assert problem(fetcher, at(site))


@given(
    data=st.lists(st.sampled_from([OK, b"\r\n", b"1", b"X: y", b"\xff", b"HTTP/1.1 "]), max_size=6)
)
def test_any_bytes_are_an_answer_or_a_problem(
    house: w.Site, fetcher: Fetcher, data: list[bytes]
) -> None:
    house.manner = w.raw(b"".join(data))
    try:
        body = fetcher.fetch(at(house), LIMIT)
    except FetchProblem:
        return
    assert b"".join(data).endswith(body)
    assert b"".join(data).startswith(b"HTTP/1.1 ")


def test_the_certificate_must_be_the_name_s(
    site: w.Site, fetcher: Fetcher, authority: w.Authority, tmp_path: Path
) -> None:
    assert "certificate" in problem(fetcher, at(site, host="other.example"))
    assert site.requests == []
    stranger = w.Authority(tmp_path)
    with w.running("127.0.0.2", stranger.server(NAME)) as unknown:
        assert "certificate" in problem(fetcher, at(unknown))
    with w.running("127.0.0.2", authority.server(NAME, end=timedelta(days=-1))) as expired:
        assert "certificate" in problem(fetcher, at(expired))
    with w.running("127.0.0.2", authority.server("127.0.0.2")) as by_address:
        assert "certificate" in problem(fetcher, at(by_address))
        assert by_address.requests == []


def test_the_usual_authorities_are_trusted_and_no_other(site: w.Site) -> None:
    usual = Fetcher(allow_internal=True, resolver=Names(["127.0.0.2"]))
    assert "certificate" in problem(usual, at(site))


def test_a_server_without_tls_is_a_problem(site: w.Site, fetcher: Fetcher) -> None:
    site.manner = w.speaking_plainly
    assert "cannot be reached" in problem(fetcher, at(site))


def test_a_name_is_resolved_once_and_the_connection_goes_where_it_led(
    site: w.Site, fetcher: Fetcher, authority: w.Authority
) -> None:
    """A name that leads elsewhere the second time (DNS rebinding) has no second time."""
    with w.running("127.0.0.3", authority.server(NAME)) as inside:
        names = Names(["127.0.0.2"], ["127.0.0.3"])
        assert replace(fetcher, resolver=names).fetch(at(site), LIMIT) == b"hello"
        assert names.asked == [(NAME, site.port)]
        assert (site.connections, inside.connections) == (1, 0)


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.2"],
        [PUBLIC, "127.0.0.2"],
        ["127.0.0.2", PUBLIC],
        [*[PUBLIC] * (MAX_ADDRESSES_TRIED + 1), "127.0.0.2"],
        [PUBLIC, "::1"],
        ["::ffff:127.0.0.2"],
        ["64:ff9b::7f00:2"],
        ["0x7f.0.0.2"],
        ["127.0.0.02"],
        [""],
        ["localhost"],
    ],
)
def test_a_name_with_one_address_inside_is_not_asked_at_all(
    site: w.Site, guarded: Fetcher, addresses: list[str]
) -> None:
    names = Names(addresses)
    told = problem(replace(guarded, resolver=names), at(site))
    assert told == f"{NAME} has an address that is not public"
    assert names.asked == [(NAME, site.port)]
    assert site.connections == 0


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "localhost.localdomain", "127.0.0.2"])
def test_the_machine_itself_is_not_asked(site: w.Site, guarded: Fetcher, host: str) -> None:
    assert problem(replace(guarded, resolver=system_resolver), at(site, host=host))
    assert site.connections == 0


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.2",
        "127.2",
        "2130706434",
        "0x7f000002",
        "0x7F.0.0.0x2",
        "0177.0.0.2",
        "0177.0.0.0x2",
        "127.0.0.2.",
        "a.0x",
        "8.8.8.8",
        "[::1]",
        "[::ffff:127.0.0.2]",
        "[::ffff:7f00:2]",
        "[0:0:0:0:0:0:0:1]",
        "[64:ff9b::7f00:2]",
        "[2002:7f00:2::]",
        "[fe80::1%25lo]",
        "localhost.",
        "",
        ".",
        "-a.example",
        "a..example",
        "a" * 64 + ".example",
        "a." * 130 + "example",
        "northmere%2eexample",
        "[northmere.example]",
    ],
)
def test_a_host_that_is_no_name_is_refused_before_it_is_looked_up(
    guarded: Fetcher, host: str
) -> None:
    names = Names(["127.0.0.2"])
    assert problem(replace(guarded, resolver=names), f"https://{host}/x")
    assert names.asked == []


@pytest.mark.parametrize(
    "url",
    [
        "",
        "northmere.example",
        "/x",
        "//northmere.example/x",
        "http://northmere.example/x",
        "HTTP://northmere.example/x",
        "ftp://northmere.example/x",
        "file:///etc/passwd",
        "gopher://northmere.example/x",
        "data:,x",
        "https:",
        "https:///x",
        "https://user@northmere.example/x",
        "https://user:secret@northmere.example/x",
        "https://northmere.example@127.0.0.2/x",
        "https://@northmere.example/x",
        "https://northmere.example\\@127.0.0.2/x",
        "https://northmere.example\\x",
        "https://northmere.example/x y",
        "https://northmere.example/x\r\nHost: evil",
        "https://northmere.example/\x00",
        " https://northmere.example/x",
        "https://northmere.example/x\n",
        "https://north\tmere.example/x",
        "https://m\u00fcnchen.example/x",
        "https://\u2460\u2461\u2466.\u24ea.\u24ea.\u2461/x",
        "https://127\u30020\u30020\u30022/x",
        "https://northmere.example:x/",
        "https://northmere.example:-1/",
        "https://northmere.example:65536/",
        "https://northmere.example:443:443/",
        "https://[northmere/",
        "https://northmere.example/" + "x" * MAX_URL_CHARACTERS,
    ],
)
def test_what_is_no_plain_https_url_is_refused_before_anything_is_looked_up(
    guarded: Fetcher, url: str
) -> None:
    names = Names(["127.0.0.2"])
    assert problem(replace(guarded, resolver=names), url)
    assert names.asked == []


@pytest.mark.parametrize("port", [0, 1, 22, 25, 80, 444, 1023, 3306, 5432, 6000, 6379, 6667, 11211])
def test_the_ports_of_other_services_are_not_asked(guarded: Fetcher, port: int) -> None:
    names = Names(["127.0.0.2"])
    told = problem(replace(guarded, resolver=names), f"https://{NAME}:{port}/")
    assert told == f"the port {port} is another service's"
    assert names.asked == []


@pytest.mark.parametrize("port", ["", ":", ":443", ":1024", ":3000", ":8443", ":65535"])
def test_other_ports_are_asked(guarded: Fetcher, port: str) -> None:
    names = Names(["127.0.0.2"])
    assert "not public" in problem(replace(guarded, resolver=names), f"https://{NAME}{port}/")
    assert names.asked == [(NAME, int(port[1:] or 443))]


def test_an_unknown_name_is_a_problem(guarded: Fetcher, fetcher: Fetcher) -> None:
    def unknown(host: str, port: int) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    assert "not known" in problem(replace(guarded, resolver=unknown), f"https://{NAME}/")
    for each in (guarded, fetcher):
        assert problem(replace(each, resolver=Names([])), f"https://{NAME}/") == (
            f"{NAME} has no address"
        )
    assert problem(replace(fetcher, resolver=Names(["not an address"])), f"https://{NAME}/")


def test_a_slow_resolver_is_left_behind(guarded: Fetcher) -> None:
    def slow(host: str, port: int) -> Sequence[str]:
        time.sleep(2)
        return [PUBLIC]

    started = time.monotonic()
    patient = replace(guarded, resolver=slow, seconds=0.2)
    assert problem(patient, f"https://{NAME}/") == "no whole answer within 0.2 seconds"
    assert time.monotonic() - started < 1


def test_the_next_address_is_tried_where_one_is_closed(site: w.Site, fetcher: Fetcher) -> None:
    names = Names(["127.0.0.9", "127.0.0.8", "127.0.0.2"])
    assert replace(fetcher, resolver=names).fetch(at(site), LIMIT) == b"hello"
    closed = Names([f"127.0.1.{number}" for number in range(MAX_ADDRESSES_TRIED)] + ["127.0.0.2"])
    assert "cannot be reached" in problem(replace(fetcher, resolver=closed), at(site))
    assert site.connections == 1


def test_proxies_and_credentials_of_the_environment_are_not_used(
    site: w.Site, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with w.running("127.0.0.4", None) as proxy:
        for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.4:{proxy.port}")
            monkeypatch.setenv(name.lower(), f"http://127.0.0.4:{proxy.port}")
        (tmp_path / "netrc").write_text(f"machine {NAME} login me password secret\n")
        monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
        assert fetcher.fetch(at(site), LIMIT) == b"hello"
        assert proxy.connections == 0
        assert b"uthorization" not in site.requests[0]


def test_who_tries_things_at_home_asks_addresses_and_plain_http_of_this_machine(
    site: w.Site, fetcher: Fetcher, guarded: Fetcher
) -> None:
    home = replace(fetcher, resolver=system_resolver)
    assert home.fetch(at(site, host="127.0.0.2"), LIMIT) == b"hello"
    with w.running("127.0.0.1", None) as plain:
        for host in ("localhost", "127.0.0.1"):
            assert home.fetch(at(plain, scheme="http", host=host), LIMIT) == b"hello"
        assert problem(guarded, at(plain, scheme="http")) == "not an https URL"
        assert plain.connections == 2
    names = Names(["127.0.0.1", "10.0.0.1"])
    told = problem(replace(fetcher, resolver=names), f"http://{NAME}/")
    assert told == "http is for one's own machine alone"


@pytest.mark.parametrize(
    "address",
    [
        *(
            "8.8.8.8",
            "1.1.1.1",
            PUBLIC,
            "100.63.255.255",
            "100.128.0.0",
            "172.32.0.1",
            "223.255.1.1",
        ),
        *("2001:4860:4860::8888", "2606:4700::1111", "2a00:1450:4001:80b::200e", "2001:200::1"),
        *("2600::400:5efe:808:808", "2600::5efe:0:7f00:1", "2600::1:5efe:808:808"),
        *("::ffff:8.8.8.8", "64:ff9b::808:808", "64:ff9b::8.8.8.8"),
    ],
)
def test_an_address_that_everybody_reaches_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        # This network, private, shared (carriers), loopback, link-local (clouds' metadata).
        *("0.0.0.1", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1"),
        *("100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.255.254", "169.254.169.254"),
        # Protocols, documentation, relays, benchmarks, multicast, reserved, broadcast, a cloud's.
        *("192.0.0.1", "192.0.0.192", "192.0.2.1", "192.88.99.1", "198.18.0.1", "198.19.255.255"),
        *("198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1"),
        *("255.255.255.255", "168.63.129.16"),
        *("::", "::1", "fe80::1", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1", "ff0e::1"),
        *("100::1", "2001:db8::1", "3fff::1", "5f00::1", "4000::1", "2001:10::1", "2001:20::1"),
        # IPv4 inside IPv6: mapped, compatible, NAT64, local NAT64, 6to4, Teredo.
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1"),
        *("64:ff9b::7f00:1", "64:ff9b::10.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::808:808"),
        *("2002:7f00:1::", "2002:808:808::1", "2001:0:7f00:1::1", "::ffff:0:127.0.0.1"),
        # ISATAP (RFC 5214): the IPv4 address of a machine inside a site.
        *("2600:1:2:3:0:5efe:7f00:1", "2600::200:5efe:10.0.0.1", "2a00::300:5efe:8.8.8.8"),
        "2a00:1450::100:5efe:169.254.169.254",
        # No address in its usual form.
        *("", "localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "08.8.8.8", "8.8.8"),
        *("8.8.8.8 ", "8.8.8.8/32", "[::1]", "fe80::1%lo", "2606:4700::1111%lo"),
        *("::ffff:8.8.8.8%lo", "64:ff9b::808:808%lo", "\u0668.8.8.8"),
    ],
)
def test_any_other_address_is_not_public(address: str) -> None:
    assert not is_public(address)


@given(st.integers(0, (1 << 32) - 1))
def test_an_ipv4_address_inside_ipv6_is_judged_like_itself(number: int) -> None:
    alone = is_public(str(IPv4Address(number)))
    assert is_public(str(IPv6Address((0xFFFF << 32) + number))) == alone
    assert is_public(str(IPv6Address((0x64FF9B << 96) + number))) == alone
    assert not is_public(str(IPv6Address(number)))
    assert not is_public(str(IPv6Address((0x2002 << 112) + (number << 80))))


@given(st.ip_addresses())
def test_no_address_is_public_that_python_calls_something_else(
    address: IPv4Address | IPv6Address,
) -> None:
    if is_public(str(address)):
        assert not address.is_private
        assert not address.is_multicast
        assert not address.is_link_local
        assert not address.is_unspecified
