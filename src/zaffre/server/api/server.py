"""The server itself, and how a browser signs in and out."""

from __future__ import annotations

from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from zaffre import __version__
from zaffre.core.errors import AuthenticationException, InvalidValue
from zaffre.core.wire import ServerInfo, SignIn, TicketCreate, TicketCreated
from zaffre.server.accounts.credentials import COOKIE, SESSION_SECONDS
from zaffre.server.api.answers import Asker, answer, api_router, empty
from zaffre.server.api.guard import address_of
from zaffre.server.api.parts import PartsOf

router = api_router("", "server")
public = APIRouter(tags=["server"], generate_unique_id_function=lambda route: route.name)


@public.get("/health", response_class=PlainTextResponse)
async def health() -> Response:
    return PlainTextResponse("OK")


@public.get("/signin")
def sign_in(ticket: str, parts: PartsOf, request: Request, next: str = "/") -> Response:
    """Where a sign-in link leads: sets the session cookie and goes on to the Studio, which tells of a spent link."""
    try:
        session = parts.credentials.sign_in(ticket)
    except AuthenticationException:
        return RedirectResponse("/?signin=spent", 303)
    answer = RedirectResponse(_local(next), 303)
    _set_session(answer, session, request)
    return answer


@router.post("/signin", status_code=204)
async def sign_in_with_password(body: SignIn, parts: PartsOf, request: Request) -> Response:
    """Begin a browser's session with a user's name and password. Who guesses is made to wait."""
    session = await parts.credentials.sign_in_with_password(body.name, body.password, address_of(request.scope))
    response = empty()
    _set_session(response, session, request)
    return response


@router.get("/server", response_model=ServerInfo)
async def server(parts: PartsOf, asker: Asker) -> Response:
    settings = parts.settings
    home = str(settings.home) if asker.kind == "admin" else ""
    return answer(ServerInfo(version=__version__, home=home, team=settings.team, started_at=parts.started_at))


@router.post("/tickets", response_model=TicketCreated)
def create_ticket(parts: PartsOf, asker: Asker, request: Request, body: TicketCreate | None = None) -> Response:
    """A link that signs a browser in as the asker; good once, for a minute."""
    path = _local(body.path if body is not None else "/")
    query = urlencode({"ticket": parts.credentials.ticket(asker), **({"next": path} if path != "/" else {})})
    return answer(TicketCreated(url=f"{request.base_url}signin?{query}"))


@router.post("/signout", status_code=204)
def sign_out(parts: PartsOf, request: Request) -> Response:
    """End the session whose cookie the request carries; other tokens stay."""
    session = request.cookies.get(COOKIE)
    if session is not None:
        parts.credentials.sign_out(session)
    response = empty()
    response.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return response


def _set_session(response: Response, session: str, request: Request) -> None:
    response.set_cookie(
        COOKIE,
        session,
        max_age=SESSION_SECONDS,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )


def _local(path: str) -> str:
    """A page of this server; a link that leads elsewhere is refused."""
    if not path.startswith("/") or path.startswith(("//", "/\\")) or any(ord(c) < 32 for c in path):
        raise InvalidValue(f"{path!r} is not a page of the Studio: it must begin with one slash.")
    return path
