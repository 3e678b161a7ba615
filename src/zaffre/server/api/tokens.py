"""Tokens: made, listed without their secrets, revoked."""

from __future__ import annotations

from starlette.responses import Response

from zaffre.core.entities import Token
from zaffre.core.wire import Page, TokenCreate, TokenCreated
from zaffre.server.accounts.credentials import token_id
from zaffre.server.api.answers import After, Asker, Limit, answer, api_router, empty, page
from zaffre.server.api.parts import PartsOf

router = api_router("/tokens", "tokens")


@router.get("", response_model=Page[Token])
def list_tokens(
    parts: PartsOf,
    asker: Asker,
    everyone: bool = False,
    runs: bool = False,
    limit: Limit = None,
    after: After = None,
) -> Response:
    """The asker's valid tokens, the newest first; with `everyone`, for admins, those of all users; with `runs`, also
    those that the server made for runs."""
    found = parts.credentials.list(asker, everyone=everyone, runs=runs)
    return answer(page(found, limit, after))


@router.post("", response_model=TokenCreated)
def create_token(body: TokenCreate, parts: PartsOf, asker: Asker) -> Response:
    """A token that allows no more and lives no longer than what the asker came with. The answer alone holds it."""
    token, expires_at = parts.credentials.mint(
        asker,
        body.kind,
        workspace=body.workspace,
        expires_in_seconds=body.expires_in_seconds,
        description=body.description,
    )
    return answer(TokenCreated(token=token, expires_at=expires_at, id=token_id(token)))


@router.delete("/{token_id}", status_code=204)
def revoke_token(token_id: str, parts: PartsOf, asker: Asker) -> Response:
    """End a token of the asker; an admin may end anyone's."""
    parts.credentials.revoke(asker, token_id)
    return empty()
