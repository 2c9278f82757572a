"""Checks of what goes by HTTP as files, and a plain client for it that sends just what it is given."""

from __future__ import annotations

import hashlib
import http.client
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from .conform_check import Differs, Station, expect

HTTP_S = 5.0


@dataclass(frozen=True)
class Page:
    """An answer over HTTP. headers: names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def __str__(self) -> str:
        return f"{self.status}, {len(self.body):,} bytes, {self.body[:60]!r}"


def get(on: Station, target: str, headers: Mapping[str, str] | None = None) -> Page:
    """GET of a path at the HTTP server of what is tested. headers: may name Host. Raises Differs, or Skip."""
    host, port = on.http_at
    given = {"Host": f"[{host}]:{port}" if ":" in host else f"{host}:{port}", **(headers or {})}
    connection = http.client.HTTPConnection(host, port, timeout=HTTP_S)
    try:
        connection.putrequest("GET", target, skip_host=True, skip_accept_encoding=True)
        for name, value in given.items():
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        return Page(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
    except (OSError, http.client.HTTPException) as error:
        raise Differs(f"an answer from http://{host}:{port}{target}", repr(error)) from error
    finally:
        connection.close()


def path_of(url: str) -> str:
    """What is asked for at a server, of a URL that was told."""
    parts = urlsplit(url)
    expect(parts.scheme == "http" and parts.path.startswith("/files/"), "a URL as http://…/files/…", url)
    return parts.path


def fetch(on: Station, url: str, sha256: str) -> bytes:
    """A file that was told with its hash: whole, in part, and not again if it is known. Raises Differs."""
    target, tag = path_of(url), f'"{sha256}"'
    whole = get(on, target)
    expect(whole.status == 200, f"200 for {target}", whole)
    found = hashlib.sha256(whole.body).hexdigest()
    expect(found == sha256, f"a file with the sha256 {sha256}", f"{found}, {len(whole.body):,} bytes")
    expect(whole.headers.get("etag") == tag, f"the ETag {tag}", whole.headers.get("etag"))
    first, last = 4, min(99, len(whole.body) - 1)
    part = get(on, target, {"Range": f"bytes={first}-{last}"})
    expect(part.status == 206, f"206 for the bytes {first}-{last}", part)
    told = part.headers.get("content-range")
    expect(
        told == f"bytes {first}-{last}/{len(whole.body)}", f"Content-Range bytes {first}-{last}/{len(whole.body)}", told
    )
    expect(part.body == whole.body[first : last + 1], f"the {last - first + 1} bytes asked for", part)
    known = get(on, target, {"If-None-Match": tag})
    expect(known.status == 304 and not known.body, f"304 with If-None-Match: {tag}", known)
    beyond = get(on, target, {"Range": f"bytes={len(whole.body)}-"})
    expect(beyond.status == 416, "416 for a range behind the end", beyond)
    return whole.body
