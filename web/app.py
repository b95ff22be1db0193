"""The api with the pages of the storefront and the console beside it: one application, one origin."""

from fastapi import FastAPI

from api import app as api
from api.wiring import Services
from hanse.settings import Settings
from web import pages, session


def build(settings: Settings, services: Services | None = None) -> FastAPI:
    """The application that `hanse up` serves. `services` as for the api."""
    app = api.build(settings, services)
    app.include_router(session.router(settings))
    app.include_router(pages.router(settings))
    return app
