"""Whom an https connection trusts: one context for everybody, since reading the authorities for each would be slow."""

import ssl
from functools import cache

import httpx


@cache
def authorities() -> ssl.SSLContext:
    """The certificate authorities that httpx knows."""
    return httpx.create_ssl_context()
