"""Users with passwords, and who asks."""

from __future__ import annotations

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from zaffre.core.entities import User
from zaffre.core.errors import InvalidValue
from zaffre.core.wire import Identity, Page, UserCreate, UserPatch
from zaffre.server.api.answers import After, Asker, Limit, answer, api_router, empty, page
from zaffre.server.api.guard import address_of
from zaffre.server.api.parts import PartsOf

router = api_router("", "users")


@router.get("/me", response_model=Identity)
async def who_am_i(asker: Asker) -> Response:
    """Who the server takes the asker for."""
    return answer(
        Identity(
            name=asker.name,
            kind=asker.kind,
            role=asker.role,
            has_password=asker.user_pk is not None,
            workspace=asker.workspace,
            expires_at=asker.expires_at,
        )
    )


@router.get("/users", response_model=Page[User])
def list_users(parts: PartsOf, asker: Asker, limit: Limit = None, after: After = None) -> Response:
    """Every user, by name; for admins."""
    return answer(page(parts.users.list(asker), limit, after))


@router.post("/users", response_model=User)
def create_user(body: UserCreate, parts: PartsOf, asker: Asker) -> Response:
    """For admins."""
    return answer(parts.users.create(asker, body.name, body.password, body.role))


@router.get("/users/{name}", response_model=User)
def get_user(name: str, parts: PartsOf, asker: Asker) -> Response:
    """For admins, and for the user."""
    return answer(parts.users.get(asker, name))


@router.patch("/users/{name}", response_model=User)
async def change_user(name: str, body: UserPatch, parts: PartsOf, asker: Asker, request: Request) -> Response:
    """An admin changes roles and passwords; a user the own password, with the current one beside it. A new password
    ends the user's sessions."""
    if body.role is None and body.password is None:
        raise InvalidValue("Nothing was sent to change: send a role or a password.")
    changed: User | None = None
    if body.role is not None:
        changed = await run_in_threadpool(parts.users.set_role, asker, name, body.role)
    if body.password is not None:
        changed = await parts.users.set_password(
            asker, name, body.password, body.current_password, address_of(request.scope)
        )
    return answer(changed)


@router.delete("/users/{name}", status_code=204)
def delete_user(name: str, parts: PartsOf, asker: Asker) -> Response:
    """For admins. The user's tokens and sessions go too; what the user made stays."""
    parts.users.delete(asker, name)
    return empty()
