"""The events that a webhook may ask for, by the names of MLflow's protocol, and what is sent to try one out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_MODEL: Final = {"name": "example_model"}
_PROMPT: Final = {"name": "example_prompt"}
_TAG: Final = {"key": "example_key", "value": "example_value"}
_TAGS: Final = {"tags": {"example_key": "example_value"}}
_ALIAS: Final = {"alias": "example_alias"}
_FIRST: Final = {"version": "1"}

EXAMPLES: Final[Mapping[str, Mapping[str, Any]]] = {
    "registered_model.created": {**_MODEL, **_TAGS, "description": "An example registered model"},
    "model_version.created": {
        **_MODEL,
        **_FIRST,
        "source": "models:/123",
        "run_id": "abcd1234abcd5678",
        **_TAGS,
        "description": "An example model version",
    },
    "model_version_tag.set": {**_MODEL, **_FIRST, **_TAG},
    "model_version_tag.deleted": {**_MODEL, **_FIRST, "key": "example_key"},
    "model_version_alias.created": {**_MODEL, **_ALIAS, **_FIRST},
    "model_version_alias.deleted": {**_MODEL, **_ALIAS},
    "prompt.created": {**_PROMPT, **_TAGS, "description": "An example prompt"},
    "prompt_version.created": {
        **_PROMPT,
        **_FIRST,
        "template": "Hello {{name}}!",
        **_TAGS,
        "description": "An example prompt version",
    },
    "prompt_tag.set": {**_PROMPT, **_TAG},
    "prompt_tag.deleted": {**_PROMPT, "key": "example_key"},
    "prompt_version_tag.set": {**_PROMPT, **_FIRST, **_TAG},
    "prompt_version_tag.deleted": {**_PROMPT, **_FIRST, "key": "example_key"},
    "prompt_alias.created": {**_PROMPT, **_ALIAS, **_FIRST},
    "prompt_alias.deleted": {**_PROMPT, **_ALIAS},
}
