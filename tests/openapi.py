"""The shop's application and its OpenAPI document: each built at most once a process, and only where a test asks. The document
takes seconds, and every process of a parallel run imports every test."""

from functools import cache
from typing import Any

from fastapi import FastAPI

from api.app import build
from hanse.settings import Settings


@cache
def application() -> FastAPI:
    """The application without services; tests give it their own, one after the other."""
    return build(Settings(environment="test"))


@cache
def document() -> dict[str, Any]:
    """The whole document; nobody changes it."""
    return application().openapi()
