"""The HTTP session that every model call goes through, whichever protocol it speaks."""

from __future__ import annotations

import aiohttp

from watchbill.kit.outbound.connector import guarded_connector
from watchbill.kit.outbound.interim_answers import FewInterim
from watchbill.kit.outbound.way_out import WayOut

# Bytes of one header, and of all the rest of aiohttp's reading: servers' answers have a few hundred.
_MOST_HEADER = 16 * 1024


def open_session(way: WayOut) -> aiohttp.ClientSession:
    """A guarded session that is shared by all tenants: it keeps no cookies, takes no proxy from the
    environment, and has no time-outs of its own. Nor has it a limit on connections, since each call waits
    for minutes on one.
    """
    return aiohttp.ClientSession(
        connector=guarded_connector(way, limit=0, ttl_dns_cache=60),
        timeout=aiohttp.ClientTimeout(total=None),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": "Watchbill"},
        trust_env=False,
        response_class=FewInterim,
        max_line_size=_MOST_HEADER,
        max_field_size=_MOST_HEADER,
    )
