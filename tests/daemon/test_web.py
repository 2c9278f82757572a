"""The web server: files with ranges and hashes, and everything that others may try."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from oscbridge.daemon import served_files, web
from oscbridge.daemon.served_files import ServedFolder
from oscbridge.daemon.web import MAX_CONNECTIONS, MAX_STRANGERS
from oscbridge.errors import BridgeError
from tests.wire import ROOT, Running

from .web_client import Site, read_answer, web_server

CONTENT = bytes(range(100))
HASH = hashlib.sha256(CONTENT).hexdigest()
SECRET = b"nobody may read this"
STRANGER = "127.0.0.2"  # all of 127/8 is this machine on Linux and Windows
ALLOWED = ("127.0.0.1", "::1", "10.1.2.3")
needs_strangers = pytest.mark.skipif(sys.platform == "darwin", reason="macOS has one loopback address")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """One file to fetch, and a secret beside the folder."""
    (tmp_path / "secret.bin").write_bytes(SECRET)
    served = Site(tmp_path / "layouts", lambda ip: ip in ALLOWED)
    served.put("map.f32", CONTENT)
    yield served
    served.stop()


# ---- files


def test_a_file_comes_whole_with_its_hash_as_etag(site: Site) -> None:
    answer = site.get("/files/layouts/map.f32")
    assert (answer.status, answer.body) == (200, CONTENT)
    assert answer.headers["etag"] == f'"{HASH}"'
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_head_tells_what_get_would_and_sends_no_body(site: Site) -> None:
    with site.connect() as sock:
        host = f"Host: 127.0.0.1:{site.web.port}\r\n".encode()
        sock.sendall(b"HEAD /files/layouts/map.f32 HTTP/1.1\r\n" + host + b"Connection: close\r\n\r\n")
        raw = b""
        while block := sock.recv(4_096):
            raw += block
    head, _, body = raw.partition(b"\r\n\r\n")
    assert b" 200 " in head and b"Content-Length: 100" in head and HASH.encode() in head
    assert body == b""


def test_many_requests_go_over_one_connection(site: Site) -> None:
    with site.connect() as sock:
        for method in ("GET", "HEAD", "GET"):
            sock.sendall(f"{method} /files/layouts/map.f32 HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            answer = read_answer(sock, method == "HEAD")
            assert (answer.status, answer.headers["content-length"]) == (200, "100")


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-9", 0, 9),
        ("bytes=5-", 5, 99),
        ("bytes=-7", 93, 99),
        ("bytes=-1000", 0, 99),
        ("bytes=90-1000", 90, 99),
        ("bytes=99-99", 99, 99),
        ("Bytes=0-0", 0, 0),
    ],
)
def test_a_range_of_bytes_is_sent_alone(site: Site, asked: str, first: int, last: int) -> None:
    answer = site.get("/files/layouts/map.f32", f"Range: {asked}")
    assert (answer.status, answer.body) == (206, CONTENT[first : last + 1])
    assert answer.headers["content-range"] == f"bytes {first}-{last}/100"
    assert answer.headers["etag"] == f'"{HASH}"'


@pytest.mark.parametrize("asked", ["bytes=100-", "bytes=-0", "bytes=999999999999999999-", "bytes=100-200"])
def test_a_range_where_there_is_nothing_is_refused_with_the_size(site: Site, asked: str) -> None:
    answer = site.get("/files/layouts/map.f32", f"Range: {asked}")
    assert (answer.status, answer.headers["content-range"]) == (416, "bytes */100")
    assert "the file has 100 bytes" in answer.text


@pytest.mark.parametrize("asked", ["bytes=5-2", "lines=1-2", "bytes=0-1,3-4", "bytes=a-b", "bytes=-", "bytes=1", "x"])
def test_what_is_no_single_range_gets_the_whole(site: Site, asked: str) -> None:
    answer = site.get("/files/layouts/map.f32", f"Range: {asked}")
    assert (answer.status, answer.body) == (200, CONTENT)


def test_a_range_of_another_version_gets_the_whole_of_this_one(site: Site) -> None:
    same = site.get("/files/layouts/map.f32", "Range: bytes=0-9", f'If-Range: "{HASH}"')
    other = site.get("/files/layouts/map.f32", "Range: bytes=0-9", f'If-Range: "{"0" * 64}"')
    assert (same.status, len(same.body), other.status, len(other.body)) == (206, 10, 200, 100)


@pytest.mark.parametrize("tag", [f'"{HASH}"', f'W/"{HASH}"', f'"x", "{HASH}"', "*"])
def test_who_has_the_file_already_is_told_so(site: Site, tag: str) -> None:
    answer = site.get("/files/layouts/map.f32", f"If-None-Match: {tag}")
    assert (answer.status, answer.body, answer.headers["etag"]) == (304, b"", f'"{HASH}"')


@pytest.mark.parametrize("tag", [f'"{HASH[:-1]}0"', HASH[:10], '""'])
def test_who_has_another_version_gets_this_one(site: Site, tag: str) -> None:
    assert site.get("/files/layouts/map.f32", f"If-None-Match: {tag}").body == CONTENT


@pytest.mark.parametrize(("tag", "status"), [(f'"{HASH}"', 200), ("*", 200), ('"old"', 412), (f'W/"{HASH}"', 412)])
def test_who_insists_on_a_version_gets_that_or_none(site: Site, tag: str, status: int) -> None:
    assert site.get("/files/layouts/map.f32", f"If-Match: {tag}").status == status


def test_an_empty_file_is_a_file(site: Site) -> None:
    site.put("empty", b"")
    answer = site.get("/files/layouts/empty")
    assert (answer.status, answer.body, answer.headers["content-length"]) == (200, b"", "0")


def test_a_large_file_comes_whole_and_in_ranges(site: Site) -> None:
    content = os.urandom(5_000_001)
    site.put("large", content)
    assert site.get("/files/layouts/large").body == content
    assert site.get("/files/layouts/large", "Range: bytes=999999-4000000").body == content[999_999:4_000_001]


def test_a_name_may_hold_spaces_and_letters_of_any_language(site: Site) -> None:
    site.put("größe 1.f32", CONTENT)
    url = site.web.url_of("layouts", "größe 1.f32")
    assert site.get(url.partition(str(site.web.port))[2]).body == CONTENT


def test_a_file_is_hashed_once_and_again_when_it_has_changed(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed = []
    real = hashlib.sha256
    monkeypatch.setattr(served_files.hashlib, "sha256", lambda: hashed.append(1) or real())
    for _ in range(3):
        assert site.get("/files/layouts/map.f32").headers["etag"] == f'"{HASH}"'
    assert len(hashed) == 1
    new = CONTENT[::-1]
    site.put("new", new)
    os.replace(site.folder / "new", site.folder / "map.f32")
    answer = site.get("/files/layouts/map.f32", f'If-None-Match: "{HASH}"')
    assert (answer.status, answer.body) == (200, new)
    assert answer.headers["etag"] == f'"{real(new).hexdigest()}"'
    assert len(hashed) == 2


def test_the_folder_is_not_made_and_may_come_later(tmp_path: Path) -> None:
    site = Site(tmp_path / "later")
    assert site.get("/files/layouts/map.f32").status == 404
    assert not site.folder.exists()
    site.put("map.f32", CONTENT)
    assert site.get("/files/layouts/map.f32").status == 200
    site.stop()


def test_the_loop_goes_on_while_a_file_is_hashed(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(*_: Any) -> str:
        time.sleep(1.0)
        return HASH

    async def longest_pause() -> float:
        pause, end, before = 0.0, time.monotonic() + 1.5, time.monotonic()
        while before < end:
            await asyncio.sleep(0.01)
            pause, before = max(pause, time.monotonic() - before), time.monotonic()
        return pause

    monkeypatch.setattr(ServedFolder, "_hash", slow)
    ticking = asyncio.run_coroutine_threadsafe(longest_pause(), site.loop)
    assert site.get("/files/layouts/map.f32").status == 200
    assert ticking.result(10) < 0.8


# ---- what is outside

HOSTILE = [
    "/files/layouts/../secret.bin",
    "/files/layouts/..%2fsecret.bin",
    "/files/layouts/..%2Fsecret.bin",
    "/files/layouts/%2e%2e/secret.bin",
    "/files/layouts/%2e%2e%2fsecret.bin",
    "/files/layouts/%252e%252e%252fsecret.bin",
    "/files/layouts/..%5csecret.bin",
    "/files/layouts/..\\secret.bin",
    "/files/layouts/....//secret.bin",
    "/files/layouts/%c0%ae%c0%ae%c0%afsecret.bin",
    "/files/layouts/map.f32/../../secret.bin",
    "/files/layouts/map.f32%00.png",
    "/files/layouts/%00",
    "/files/layouts/..",
    "/files/layouts/.",
    "/files/layouts/",
    "/files/layouts",
    "/files/layouts//map.f32",
    "/files//layouts/map.f32",
    "/files/../files/../secret.bin",
    "/files/presets/secret.bin",
    "/secret.bin",
    "/files/layouts/~root",
    "/files/layouts/C:%5csecret.bin",
    "/files/layouts/map.f32::$DATA",
    "/files/layouts/" + "a" * 5_000,
    "/files/layouts/.hidden",
    "/files/layouts/inner",
    "/files/layouts/inner%2fdeep",
    "/files/layouts/inner/deep",
    "/files/layouts/out",
    "/files/layouts/up",
    "/files/layouts/up%2fsecret.bin",
    "/files/layouts/circle",
    "/files/layouts/pipe",
    "/favicon.ico",
]


@pytest.fixture
def booby_trapped(site: Site) -> Site:
    (site.folder / ".hidden").write_bytes(SECRET)
    (site.folder / "inner").mkdir()
    (site.folder / "inner" / "deep").write_bytes(SECRET)
    if os.name == "posix":
        (site.folder / "out").symlink_to(site.folder.parent / "secret.bin")
        (site.folder / "up").symlink_to(site.folder.parent)
        (site.folder / "circle").symlink_to("circle")
        os.mkfifo(site.folder / "pipe")
    return site


@pytest.mark.parametrize("target", HOSTILE, ids=lambda t: t[:50])
def test_nothing_outside_the_folder_is_ever_served(booby_trapped: Site, target: str) -> None:
    answer = booby_trapped.get(target)
    assert answer.status == 404
    assert SECRET not in answer.body
    assert booby_trapped.get("/files/layouts/map.f32").status == 200


def test_an_absolute_path_is_none(site: Site) -> None:
    outside = site.folder.parent / "secret.bin"
    for name in (str(outside), str(outside).replace("/", "%2f"), f"file://{outside}"):
        assert site.get(f"/files/layouts/{name}").status == 404


@pytest.mark.skipif(os.name != "posix", reason="links need a privilege on Windows")
def test_a_link_within_the_folder_is_followed_and_so_is_the_folder_itself(tmp_path: Path) -> None:
    real = tmp_path / "disk"
    real.mkdir()
    (real / "map.f32").write_bytes(CONTENT)
    (real / "newest").symlink_to("map.f32")
    (tmp_path / "layouts").symlink_to(real)
    site = Site(tmp_path / "layouts")
    assert site.get("/files/layouts/newest").body == CONTENT
    site.stop()


def test_anything_else_is_told_what_there_is(site: Site) -> None:
    for target in ("/files/", "/files", "/nothing", "/earth", "/files/clips/x.wav"):
        answer = site.get(target)
        assert answer.status == 404
        assert "/files/layouts/<name>" in answer.text
        assert answer.headers["content-type"].startswith("text/plain")


def test_a_browser_is_sent_to_the_page_and_all_others_get_the_address_space(site: Site) -> None:
    browser, host = site.get("/", "Accept: text/html,application/xhtml+xml"), site.get("/", "Accept: */*")
    assert (browser.status, browser.headers["location"]) == (302, "/ui/")
    assert host.headers["content-type"].startswith("application/json") and '"/ear"' in host.text
    assert site.get("/?HOST_INFO", "Accept: text/html").status == 200, "who asks for a part is no browser"
    assert site.get("/ui").headers["location"] == "/ui/"


def test_the_page_comes_with_its_types_and_a_policy_that_lets_nothing_else_in(site: Site) -> None:
    for name, kind in (("", "text/html"), ("main.js", "text/javascript"), ("style.css", "text/css")):
        answer = site.get(f"/ui/{name}")
        assert answer.status == 200 and answer.headers["content-type"].startswith(kind)
        assert answer.headers["content-security-policy"].startswith("default-src 'self';")
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert site.get("/ui/../sections.py").status == 404
    assert site.get("/ui/%2e%2e%2fsections.py").status == 404


def test_a_file_that_is_not_there_is_named(site: Site) -> None:
    assert "no file 'map.f64'" in site.get("/files/layouts/map.f64").text


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "PROPFIND"])
def test_files_can_be_read_and_nothing_else(site: Site, method: str) -> None:
    answer = site.get("/files/layouts/map.f32", method=method)
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")
    assert (site.folder / "map.f32").read_bytes() == CONTENT


MALFORMED = [
    b"\r\n\r\n\r\n",
    b"GET\r\n\r\n",
    b"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n",
    b"GET /files/layouts/map.f32\r\n\r\n",
    b"GET /files/layouts/\0 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\nX: a\0b\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\n bad: folded\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: " + b"a" * 100_000 + b"\r\n\r\n",
    b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"/ear/hello\0\0,si\0x\0\0\0\0\0\0\0" + b"\r\n\r\n",
    b"\xff" * 1_000 + b"\r\n\r\n",
]


@pytest.mark.parametrize("raw", MALFORMED, ids=lambda r: repr(r[:30]))
def test_what_is_not_http_is_refused_without_a_word_in_the_log(
    site: Site, raw: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with site.connect() as sock:
        sock.sendall(raw)
        sock.shutdown(socket.SHUT_WR)
        answer = read_answer(sock)
    assert answer.status in (0, 400, 404, 505)
    assert CONTENT not in answer.body
    assert not [r for r in caplog.records if r.levelname in ("WARNING", "ERROR", "CRITICAL")]
    assert site.get("/files/layouts/map.f32").status == 200


# ---- who asks, and whom

FOREIGN = [
    "evil.example", "evil.example:9871", "localhost.evil.example", "127.0.0.1.evil.example", "127.1", "2130706433",
    "0x7f000001", "0.0.0.0", "[::]", "8.8.8.8", "192.168.1.5", "[2001:db8::1]", "localhost:80:80", "a b", "[", "%6c",
    "user@localhost", "localhost/", "localhost#", "127.0.0.1, evil.example", "LOCALHOST.EVIL.EXAMPLE", ":9871",
]  # fmt: skip


@pytest.mark.parametrize("host", FOREIGN)
def test_a_foreign_host_is_refused(site: Site, host: str) -> None:
    answer = site.get("/files/layouts/map.f32", f"Host: {host}")
    assert answer.status in (400, 403)
    assert CONTENT not in answer.body
    if answer.headers.get("server", "").startswith("oscbridge"):
        assert "expected localhost" in answer.text


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.0.0.1:1234", "localhost", "LocalHost:9871", "localhost.", "[::1]", "[::1]:9871", "10.1.2.3:80"],
)
def test_this_machine_and_any_ip_of_the_allowed_networks_are_hosts(site: Site, host: str) -> None:
    assert site.get("/files/layouts/map.f32", f"Host: {host}").body == CONTENT


def test_the_machines_own_name_is_a_host(site: Site) -> None:
    assert site.get("/files/layouts/map.f32", f"Host: {socket.gethostname()}").status == 200


def test_a_request_without_a_host_or_with_two_is_malformed(site: Site) -> None:
    assert site.get("/files/layouts/map.f32", "").status == 400
    assert site.get("/files/layouts/map.f32", "Host: localhost", "Host: localhost").status == 400
    assert site.send(b"GET /files/layouts/map.f32 HTTP/1.0\r\n\r\n").status == 400


def test_a_whole_url_as_target_does_not_get_around_the_host(site: Site) -> None:
    for target in ("http://evil.example/files/layouts/map.f32", "http://evil.example:80/", "//evil.example/x"):
        answer = site.get(target, "Host: localhost")
        assert answer.status in (400, 404)
        assert CONTENT not in answer.body


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "https://evil.example:9871", "null", "http://127.0.0.1.evil.example", "file://", "", "x",
     "http://192.168.1.5", "http://10.1.2.3", "chrome-extension://abc", "http://localhost@evil.example", "http://[::",
     "ws://localhost"],
)  # fmt: skip
def test_a_page_of_a_foreign_host_is_refused(site: Site, origin: str) -> None:
    answer = site.get("/files/layouts/map.f32", f"Origin: {origin}")
    assert answer.status == 403
    assert "pages of other hosts are not served" in answer.text


@pytest.mark.parametrize(
    "origin", ["http://127.0.0.1:9871", "http://localhost", "https://localhost:3000", "http://[::1]"]
)
def test_a_page_of_this_machine_is_served(site: Site, origin: str) -> None:
    assert site.get("/files/layouts/map.f32", f"Origin: {origin}").status == 200


def test_a_page_of_the_host_that_is_asked_is_served(site: Site) -> None:
    answer = site.get("/files/layouts/map.f32", "Host: 10.1.2.3:9871", "Origin: http://10.1.2.3:9871")
    assert answer.status == 200


@needs_strangers
def test_a_client_outside_the_allowed_networks_is_refused(site: Site) -> None:
    answer = site.get("/files/layouts/map.f32", source=STRANGER)
    assert answer.status == 403
    assert "server.allow" in answer.text
    assert site.get("/", source=STRANGER).status == 403


def test_a_text_that_was_sent_never_comes_back_as_a_page(site: Site) -> None:
    answer = site.get("/files/layouts/<script>alert(1)</script>", "Accept: text/html")
    assert answer.headers["content-type"].startswith("text/plain")


# ---- many at once


def test_idle_connections_have_an_end_and_leave_room_again(site: Site) -> None:
    crowd = [site.connect() for _ in range(MAX_CONNECTIONS)]
    time.sleep(0.2)
    assert site.get("/files/layouts/map.f32").status == 0, "there is no room"
    for sock in crowd:
        sock.close()
    end = time.monotonic() + 5
    while site.get("/files/layouts/map.f32").status != 200:
        assert time.monotonic() < end
        time.sleep(0.05)


@needs_strangers
def test_strangers_have_a_corner_of_their_own_and_leave_the_rest_to_those_allowed(site: Site) -> None:
    crowd = [site.connect(STRANGER) for _ in range(MAX_STRANGERS)]
    crowd += [site.connect() for _ in range(MAX_CONNECTIONS - 1)]
    time.sleep(0.2)
    assert site.get("/files/layouts/map.f32").status == 200
    assert site.get("/files/layouts/map.f32", source=STRANGER).status == 0
    for sock in crowd:
        sock.close()


def test_a_connection_that_asks_nothing_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "IDLE_S", 0.3)
    site = Site(tmp_path)
    with site.connect() as silent, site.connect() as slow, site.connect() as once:
        slow.sendall(b"GET / HTTP/1.1\r\nHost:")
        once.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert read_answer(once).status == 200
        for sock in (silent, slow, once):
            with contextlib.suppress(ConnectionResetError):
                assert sock.recv(1) == b""
    site.stop()


@pytest.fixture
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a site that starts after it."""
    monkeypatch.setattr(web, "IDLE_S", 0.3)


@pytest.mark.usefixtures("impatience")
def test_a_download_may_take_longer_than_silence_may(site: Site) -> None:
    site.put("large", bytes(20_000_000))
    with site.connect() as slow:
        slow.sendall(b"GET /files/layouts/large HTTP/1.1\r\nHost: localhost\r\n\r\n")
        slow.recv(100)
        time.sleep(0.8)
        assert sum(map(len, iter(lambda: slow.recv(1 << 20), b""))) > 19_999_000, "until it is idle again"


def test_who_takes_nothing_is_ended(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    from oscbridge.daemon import web_app

    monkeypatch.setattr(web_app, "STALLED_S", 0.3)
    site.put("large", bytes(40_000_000))
    with site.connect() as stalled:
        stalled.sendall(b"GET /files/layouts/large HTTP/1.1\r\nHost: localhost\r\n\r\n")
        stalled.recv(100)
        assert site.web._runner is not None and site.web._runner.server is not None
        end = time.monotonic() + 10
        while site.web._runner.server.connections:
            assert time.monotonic() < end
            time.sleep(0.05)
    assert site.get("/files/layouts/map.f32").status == 200


# ---- its life


def test_a_free_port_is_taken_and_told(tmp_path: Path) -> None:
    first, second = (web_server("127.0.0.1", 0, {}) for _ in range(2))
    assert 0 < first.port != second.port > 0
    for server in (first, second):
        asyncio.run(server.stop())


def test_a_busy_port_is_told_with_what_to_do(site: Site) -> None:
    port = site.web.port
    words = rf"server\.http_port is {port} on 127\.0\.0\.1.*server\.http_port=0"
    with pytest.raises(BridgeError, match=words) as error:
        web_server("127.0.0.1", port, {})
    assert error.value.code == 409


def test_a_port_is_taken_from_the_moment_a_server_is_built() -> None:
    first = web_server("127.0.0.1", 0, {})
    with pytest.raises(BridgeError, match=str(first.port)):
        web_server("127.0.0.1", first.port, {})
    asyncio.run(first.stop())


def test_an_address_of_another_machine_is_refused_in_words() -> None:
    with pytest.raises(BridgeError, match=r"server\.http_port is 0 on 203\.0\.113\.7, which cannot be used"):
        web_server("203.0.113.7", 0, {})


def test_after_the_stop_nothing_listens_and_the_port_is_free(site: Site) -> None:
    with site.connect() as kept:
        kept.sendall(b"GET /files/layouts/map.f32 HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert read_answer(kept).status == 200
        site.wait(site.web.stop())
        assert kept.recv(1) == b"", "what was idle is closed"
    with pytest.raises(OSError):
        site.connect()
    asyncio.run(web_server("127.0.0.1", site.web.port, {}).stop())


def test_a_stop_does_not_wait_for_who_takes_nothing(site: Site) -> None:
    site.put("large", bytes(40_000_000))
    with site.connect() as stalled:
        stalled.sendall(b"GET /files/layouts/large HTTP/1.1\r\nHost: localhost\r\n\r\n")
        stalled.recv(100)
        began = time.monotonic()
        site.wait(site.web.stop())
        assert time.monotonic() - began < 5


def test_urls_name_the_file_as_the_client_reaches_it(tmp_path: Path) -> None:
    server = web_server("0.0.0.0", 0, {"layouts": tmp_path})
    assert server.url() == f"http://127.0.0.1:{server.port}"
    assert server.url_of("layouts", "a b.f32") == f"http://127.0.0.1:{server.port}/files/layouts/a%20b.f32"
    assert server.url("127.9.9.9") == f"http://127.0.0.1:{server.port}", "as the system would answer"
    for folder, name in (("clips", "x"), ("layouts", "../x"), ("layouts", "a/b")):
        with pytest.raises(ValueError, match="not served"):
            server.url_of(folder, name)
    asyncio.run(server.stop())


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6 here")
def test_an_ipv6_host_stands_in_brackets(tmp_path: Path) -> None:
    try:
        server = web_server("::1", 0, {"layouts": tmp_path})
    except BridgeError:
        pytest.skip("this machine has no ::1")
    assert server.url() == f"http://[::1]:{server.port}"
    asyncio.run(server.stop())


# ---- with the daemon


def test_the_daemon_serves_its_layouts_where_welcome_and_the_ready_line_say(server: Running) -> None:
    folder = server.folder / "layouts"
    assert not folder.exists(), "it is made when something is put there"
    folder.mkdir()
    (folder / "map.f32").write_bytes(CONTENT)
    with server.wire() as wire:
        url = wire.welcome[4]
    assert url == f"http://127.0.0.1:{server.facts['http_port']}"
    with socket.create_connection(("127.0.0.1", server.facts["http_port"]), 10) as sock:
        sock.sendall(b"GET /files/layouts/map.f32 HTTP/1.1\r\nHost: localhost\r\n\r\n")
        answer = read_answer(sock)
    assert (answer.status, answer.body, answer.headers["etag"]) == (200, CONTENT, f'"{HASH}"')
    (folder / "map.f32").unlink()
    folder.rmdir()


def test_a_daemon_whose_http_port_is_taken_says_which_and_what_to_do(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        command = [sys.executable, "-m", "oscbridge", "run", "--port", "0", "--set", f"server.http_port={port}"]
        command += ["--set", f"server.folder={tmp_path}"]
        result = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60, check=False)
    assert result.returncode == 2
    assert f"server.http_port is {port}" in result.stderr
    assert "--set server.http_port=0" in result.stderr
    assert "Traceback" not in result.stderr


def test_the_daemon_ends_cleanly_with_a_connection_open(tmp_path: Path) -> None:
    with Running(tmp_path) as running:
        with socket.create_connection(("127.0.0.1", running.facts["http_port"]), 10) as sock:
            sock.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert read_answer(sock).status == 200
            assert running.end() == 0
            assert sock.recv(1) == b""
        assert running.text.rstrip().endswith("ended")
        assert "Traceback" not in (tmp_path / "oscbridge.log").read_text()


def test_the_module_that_loads_aiohttp_waits_until_the_server_starts() -> None:
    code = "import sys, oscbridge.daemon.control; sys.exit('aiohttp' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
    assert web.__name__ == "oscbridge.daemon.web"
