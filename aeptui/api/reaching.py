"""The way to a host: whom to trust on it, and which proxy to go through.

Both come from the profile, else from the environment variables that other
programs take: SSL_CERT_FILE, REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE or SSL_CERT_DIR,
and HTTPS_PROXY, ALL_PROXY, NO_PROXY.
"""

from __future__ import annotations

import os
import ssl
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from aeptui.api.errors import SettingsError
from aeptui.api.http import httpx
from aeptui.api.settings import ApiSettings, is_loopback, origin

_BUNDLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_FOLDER = "SSL_CERT_DIR"


def trust(settings: ApiSettings) -> ssl.SSLContext:
    """Whom to trust; reading the authorities takes 50 ms, and plain loopback needs none."""
    urls = (settings.platform_url, settings.ims_url, settings.proxy or "")
    if not any(url.startswith("https:") for url in urls):
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # trusts nobody
    named = next((name for name in (*_BUNDLES, _FOLDER) if os.environ.get(name)), "")
    if settings.ca_bundle is not None:
        named, place = "ca_bundle", str(settings.ca_bundle)
    elif named:
        place = os.environ[named]
    else:
        return httpx.create_ssl_context(trust_env=False)
    try:
        if named == _FOLDER:
            return ssl.create_default_context(capath=place)
        return ssl.create_default_context(cafile=place)
    except (OSError, ssl.SSLError):
        raise SettingsError(
            f"{named} {place} cannot be read as certificates",
            remedy="point it at a PEM file",
        ) from None


def proxy_for(settings: ApiSettings, url: str) -> str | None:
    """The proxy to `url`; never one between us and this machine."""
    if is_loopback(url):
        return None
    scheme, host, _ = origin(url)
    proxy = settings.proxy
    if not proxy and not proxy_bypass(host):
        known = getproxies()
        proxy = known.get(scheme) or known.get("all")
    if not proxy:
        return None
    try:
        parts = urlsplit(proxy)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        # The address itself may hold a password, so it is not repeated.
        raise SettingsError(
            f"The proxy to {host} is none that can be used",
            remedy="write it like http://proxy.example.org:3128, in the profile or HTTPS_PROXY",
        )
    return proxy
