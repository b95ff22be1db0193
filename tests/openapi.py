"""The shop's application and its OpenAPI document, built once a process: that takes seconds."""

from api.app import build
from hanse.settings import Settings

APP = build(Settings(environment="test"))
DOCUMENT = APP.openapi()
