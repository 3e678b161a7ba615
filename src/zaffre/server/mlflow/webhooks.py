"""Webhooks over MLflow's protocol."""

from __future__ import annotations

from typing import Any, Final

from msgspec import field

from zaffre.server.mlflow import answers, values
from zaffre.server.mlflow.door import Act
from zaffre.server.mlflow.errors import invalid, missing
from zaffre.server.mlflow.framing import Int64, Message, Text
from zaffre.server.mlflow.rooms import Rooms
from zaffre.server.store.webhooks import Webhook

_MOST: Final = 1000
_ENTITIES: Final = (
    "REGISTERED_MODEL",
    "MODEL_VERSION",
    "MODEL_VERSION_TAG",
    "MODEL_VERSION_ALIAS",
    "PROMPT",
    "PROMPT_VERSION",
    "PROMPT_TAG",
    "PROMPT_VERSION_TAG",
    "PROMPT_ALIAS",
    "BUDGET_POLICY",
)
_ACTIONS: Final = ("CREATED", "UPDATED", "DELETED", "SET", "EXCEEDED")
_STATUSES: Final = ("ACTIVE", "DISABLED")


class Event(Message):
    entity: str | int
    action: str | int


class CreateWebhook(Message):
    name: Text
    url: Text
    events: list[Event] = field(default_factory=list)
    description: str | None = None
    secret: str | None = None
    status: str | int = "ACTIVE"


class ListWebhooks(Message):
    max_results: Int64 = 100
    page_token: str | None = None


class OfWebhook(Message, kw_only=True):
    webhook_id: Text


class UpdateWebhook(OfWebhook, kw_only=True):
    name: str | None = None
    url: str | None = None
    events: list[Event] = field(default_factory=list)
    description: str | None = None
    secret: str | None = None
    status: str | int | None = None


class TestWebhook(OfWebhook, kw_only=True):
    __test__ = False  # no test, though its name in the protocol begins like one's

    event: Event | None = None


def create(rooms: Rooms, message: CreateWebhook) -> object:
    if not message.events:
        raise missing("events")
    made = rooms.webhooks.create(
        rooms.workspace,
        name=message.name,
        url=message.url,
        events=[_event(event) for event in message.events],
        description=message.description or "",
        secret=message.secret,
        active=_active(message.status),
    )
    return {"webhook": _answer(made)}


def list_all(rooms: Rooms, message: ListWebhooks) -> object:
    rooms.check_workspace()
    limit = values.page_size(message.max_results, _MOST)
    found = rooms.webhooks.search(rooms.workspace, limit=limit, after=message.page_token or None)
    return answers.without_empty({"webhooks": [_answer(item) for item in found.items], "next_page_token": found.next})


def get(rooms: Rooms, message: OfWebhook) -> object:
    return {"webhook": _answer(rooms.webhooks.get(rooms.workspace, message.webhook_id))}


def update(rooms: Rooms, message: UpdateWebhook) -> object:
    """What is not given stays; clients send an empty name or URL for one that stays."""
    given: dict[str, Any] = {"name": message.name or None, "url": message.url or None}
    given["events"] = [_event(event) for event in message.events] or None
    given |= {"description": message.description, "secret": message.secret}
    given["active"] = None if message.status is None else _active(message.status)
    changes = {key: value for key, value in given.items() if value is not None}
    return {"webhook": _answer(rooms.webhooks.change(rooms.workspace, message.webhook_id, **changes))}


def delete(rooms: Rooms, message: OfWebhook) -> object:
    rooms.webhooks.delete(rooms.workspace, message.webhook_id)
    return {}


def test(rooms: Rooms, message: TestWebhook) -> object:
    event = None if message.event is None else _event(message.event)
    outcome = rooms.webhooks.test(rooms.workspace, message.webhook_id, event)
    result = {
        "response_status": outcome.status,
        "response_body": outcome.body,
        "error_message": outcome.error,
    }
    return {"result": {"success": outcome.arrived, **answers.without_empty(result)}}


def _event(event: Event) -> str:
    entity = _name(event.entity, _ENTITIES, "entity")
    return f"{entity}.{_name(event.action, _ACTIONS, 'action')}".lower()


def _active(status: str | int) -> bool:
    return _name(status, _STATUSES, "status") == "ACTIVE"


def _name(value: str | int, names: tuple[str, ...], parameter: str) -> str:
    """The name of an enum's member, which travels by its name or its number from 1."""
    name = dict(enumerate(names, start=1)).get(value, "") if isinstance(value, int) else value
    if name not in names:
        raise invalid(parameter, value, f"it must be one of {', '.join(names)}.")
    return name


def _answer(found: Webhook) -> answers.Json:
    events = [event.upper().split(".") for event in found.events]
    return answers.without_empty(
        {
            "webhook_id": found.id,
            "name": found.name,
            "description": found.description,
            "url": found.url,
            "events": [{"entity": entity, "action": action} for entity, action in events],
            "status": "ACTIVE" if found.active else "DISABLED",
            "creation_timestamp": found.created_at,
            "last_updated_timestamp": found.updated_at,
        }
    )


_OF: Final = "2.0/mlflow/webhooks/{webhook_id}"
ACTS: Final[tuple[Act[Any], ...]] = (
    Act("POST", "2.0/mlflow/webhooks", CreateWebhook, create),
    Act("GET", "2.0/mlflow/webhooks", ListWebhooks, list_all),
    Act("GET", _OF, OfWebhook, get),
    Act("PATCH", _OF, UpdateWebhook, update),
    Act("DELETE", _OF, OfWebhook, delete),
    Act("POST", f"{_OF}/test", TestWebhook, test),
)
