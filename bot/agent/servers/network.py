"""Requests to a server over HTTP, and to nothing else.

Promises: every connection goes to an address that was looked at, so a name that changes its address
in between wins nothing; loopback, private and reserved addresses only where the operator said so,
link-local ones never; what an answer weighs is counted while it comes. Never: uses a proxy of the
environment, takes a compressed answer, keeps a cookie.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from http.cookiejar import CookieJar, DefaultCookiePolicy

import anyio
import httpx2

MOST_BYTES = 4_000_000  # of all that a server says in one session


class Forbidden(httpx2.TransportError):
    """An address that must not be reached, or an answer that must not be read; a word of a rule."""


class Guarded(httpx2.AsyncBaseTransport):
    """`private`: whether loopback and private addresses are allowed. `noticed`: is told the word
    for what went wrong, since the SDK makes errors of its own of it: address | compressed | flood |
    credential | redirect.
    """

    def __init__(
        self, private: bool, noticed: Callable[[str], None], most: int = MOST_BYTES
    ) -> None:
        self._inner = httpx2.AsyncHTTPTransport(verify=ssl.create_default_context())
        self._private, self._noticed, self._left = private, noticed, most

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        url = request.url
        address = await self._address(url.host, url.port or (443 if url.scheme == "https" else 80))
        sent = httpx2.Request(
            request.method,
            url.copy_with(host=address),
            headers=request.headers,  # with the name as Host
            stream=request.stream,
            extensions={**request.extensions, "sni_hostname": url.host},
        )
        answer = await self._inner.handle_async_request(sent)
        if answer.headers.get("content-encoding", "identity") != "identity":
            await answer.aclose()
            raise self._forbidden("compressed")
        if answer.status_code in (401, 403):
            self._noticed("credential")
        if answer.has_redirect_location:
            to = url.join(answer.headers["location"])
            if (to.scheme, to.host, to.port) != (url.scheme, url.host, url.port):
                self._noticed("redirect")
        assert isinstance(answer.stream, httpx2.AsyncByteStream)
        return httpx2.Response(
            answer.status_code,
            headers=answer.headers,
            stream=_Counted(answer.stream, self._count),
            extensions=answer.extensions,
        )

    async def aclose(self) -> None:
        await self._inner.aclose()

    def _count(self, weight: int) -> None:
        self._left -= weight
        if self._left < 0:
            raise self._forbidden("flood")

    def _forbidden(self, rule: str) -> Forbidden:
        self._noticed(rule)
        return Forbidden(rule)

    async def _address(self, host: str, port: int) -> str:
        try:
            found = await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise httpx2.ConnectError("the host has no address") from error
        addresses = [ipaddress.ip_address(str(one[4][0]).partition("%")[0]) for one in found]
        if not addresses or not all(self._may(one) for one in addresses):
            raise self._forbidden("address")
        return str(addresses[0])

    def _may(self, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
        one = getattr(address, "ipv4_mapped", None) or address
        if one.is_link_local or one.is_multicast or one.is_unspecified:
            return False
        return self._private or one.is_global


class _Counted(httpx2.AsyncByteStream):
    """A stream of which every part is counted."""

    def __init__(self, stream: httpx2.AsyncByteStream, count: Callable[[int], None]) -> None:
        self._stream, self._count = stream, count

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._stream:
            self._count(len(part))
            yield part

    async def aclose(self) -> None:
        await self._stream.aclose()


def client(guarded: Guarded, headers: dict[str, str], seconds: float) -> httpx2.AsyncClient:
    """A client for one session with one server."""
    return httpx2.AsyncClient(
        transport=guarded,
        headers={**headers, "Accept-Encoding": "identity"},
        timeout=httpx2.Timeout(seconds),
        trust_env=False,
        follow_redirects=False,
        max_redirects=2,  # the SDK follows those within the origin
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
    )
