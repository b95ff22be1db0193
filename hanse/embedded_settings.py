"""Settings an embedded stack left in the data folder: `secrets.env` and, while it runs, the endpoints in `run/stack.json`."""

import json
from pathlib import Path
from typing import Any

from dotenv import dotenv_values
from pydantic.fields import FieldInfo
from pydantic_settings import PydanticBaseSettingsSource

from hanse.stack.state import read_state

_PREFIX = "HANSE_"


class EmbeddedSource(PydanticBaseSettingsSource):
    """The weakest source: anything said by arguments, environment or `.env` goes before it."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """One field of what the source answers as a whole."""
        return self().get(field_name, field.default), field_name, False

    def __call__(self) -> dict[str, Any]:
        data_dir = Path(self.current_state.get("data_dir") or self.settings_cls.model_fields["data_dir"].default)
        return {**_secrets(data_dir / "secrets.env"), **_endpoints(data_dir)}


def _secrets(file: Path) -> dict[str, Any]:
    if not file.exists():
        return {}
    values = dotenv_values(file)
    return {name.removeprefix(_PREFIX).lower(): value for name, value in values.items() if name.startswith(_PREFIX)}


def _endpoints(data_dir: Path) -> dict[str, Any]:
    state = read_state(data_dir)
    if state is None or not state.is_running():
        return {}
    return {name: _as_value(text) for name, text in state.settings.items()}


def _as_value(text: str) -> Any:
    """Lists and tables were written down as JSON, everything else as it is."""
    return json.loads(text) if text[:1] in ("[", "{") else text
