"""The two pages, each the frame of an application that runs in the browser, and the files they load."""

from collections.abc import Iterable
from html import escape
from pathlib import Path
from string import Template
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Header, Response
from fastapi.responses import HTMLResponse

from hanse.settings import Settings
from models.shared.refusals import NotFound
from web.assets import Assets, read_assets

STATIC = Path(__file__).with_name("static")

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob:",  # evidence of after-sales takes the access token, so scripts fetch it
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
"""Everything comes from this origin; no script is inline, and none may make HTML out of text. A picture that only its owner may
see (the code to pay by) is fetched with the access token and shown from memory: `blob:`."""

_PAGE_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cache-Control": "no-cache",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_ASSET_HEADERS = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}
_PAGES = {"shop": ("/", "/shop", "/shop/{path:path}"), "console": ("/console", "/console/{path:path}")}
"""Which addresses show which page; the application in it reads the rest of the address."""


def router(settings: Settings) -> APIRouter:
    """Routes of the pages and their files. Both are read once, here."""
    assets = read_assets(STATIC)
    routes = APIRouter(include_in_schema=False)
    for name, paths in _PAGES.items():
        _add_page(routes, paths, _page(name, assets, settings))

    @routes.get("/assets/{digest}/{path:path}")
    async def show_asset(
        digest: str, path: str, accept_encoding: Annotated[str, Header(max_length=1000)] = ""
    ) -> Response:
        """A file of the present digest. Another digest belongs to another version of the shop: load the page again."""
        asset = assets.files.get(path)
        if asset is None or digest != assets.digest:
            raise NotFound("There is no such file in this version of the shop; load the page again.")
        if asset.packed is not None and "gzip" in accept_encoding:
            packed = {**_ASSET_HEADERS, "Content-Encoding": "gzip"}
            return Response(asset.packed, media_type=asset.media_type, headers=packed)
        return Response(asset.plain, media_type=asset.media_type, headers=_ASSET_HEADERS)

    return routes


def _add_page(routes: APIRouter, paths: Iterable[str], html: str) -> None:
    async def show_page() -> Response:
        return HTMLResponse(html, headers=_PAGE_HEADERS)

    for path in paths:
        routes.add_api_route(path, show_page, methods=["GET"])


def _page(name: str, assets: Assets, settings: Settings) -> str:
    base = f"/assets/{assets.digest}"
    modules = [path for path in assets.files if path.endswith(".js") and path.startswith((f"{name}/", "lib/"))]
    runs = f"{settings.temporal_ui_url}/namespaces/{quote(settings.temporal_namespace, safe='')}/workflows"
    template = Template((STATIC / f"{name}.html").read_text("utf-8"))
    return template.substitute(
        base=base,
        preload="\n".join(f'  <link rel="modulepreload" href="{base}/{path}">' for path in modules),
        temporal_runs=escape(runs),
    )
