"""A street behind FastAPI: uvicorn fastapi_street:app (see docs/howto/fastapi.md)."""

from __future__ import annotations

import logging
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Annotated, Any

import attrs
from fastapi import Depends, FastAPI, Header, HTTPException, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel

import gridgov
from gridgov.cases import CaseView, OpenCase, Resolve, WorkList
from gridgov.delivery import Worker
from gridgov.errors import CommandConflictError, GridgovError, NotFoundError, RefusalError

LOG = logging.getLogger("street")


class Report(BaseModel):
    kind: str
    place: str
    text: str = ""
    contact: str = ""


class Result(BaseModel):
    result: str


# --- errors ---------------------------------------------------------------------------------------


def answer_to(_request: Request, error: GridgovError) -> JSONResponse:
    """One answer for everything that gridgov raises: a code for the program, a sentence for the person."""
    if isinstance(error, RefusalError):
        told = {"code": error.code, "message": error.message, "why": error.facts.get("why", "")}
        return JSONResponse(told, 403 if error.code.startswith(("access.", "private.")) else 409)
    if isinstance(error, NotFoundError):
        return JSONResponse({"code": "not-found", "message": str(error)}, 404)
    if isinstance(error, CommandConflictError):
        return JSONResponse({"code": "key-used", "message": "this key was used for another request"}, 409)
    # Nothing happened, or the same key will tell what did; so the client may ask again with it.
    LOG.warning("street.unavailable error=%s", type(error).__name__)
    pause = {"Retry-After": "1" if error.temporary else "30"}
    return JSONResponse({"code": "unavailable", "message": "please try again"}, 503, headers=pause)


# --- who asks -------------------------------------------------------------------------------------


def office_of(request: Request) -> gridgov.Office:
    return request.app.state.office


def actor_of(request: Request, authorization: Annotated[str, Header()] = "") -> str:
    """Put your own login here; what it gives is an id of the roster, or an opaque one of a resident."""
    actor = request.app.state.actors.get(authorization.removeprefix("Bearer "))
    if actor is None:
        raise HTTPException(401, "log in first")
    return actor


def key_of(idempotency_key: Annotated[str, Header(pattern=r"^[\w-]{8,64}$")]) -> str:
    """The client makes the key once for one thing that it wants done, and sends it again with every retry."""
    return f"web-{idempotency_key}"


Street = Annotated[gridgov.Office, Depends(office_of)]
Actor = Annotated[str, Depends(actor_of)]
Key = Annotated[str, Depends(key_of)]


# --- what can be asked: plain functions, which FastAPI runs in its thread pool --------------------


def report(body: Report, office: Street, by: Actor, key: Key) -> dict[str, Any]:
    reporter = by if by.startswith("resident:") else ""
    command = OpenCase(source="resident", reporter=reporter, **body.model_dump())
    outcome = office.handle(command, by=by, id=key)
    return told(outcome.state) | {"position": outcome.position}


def resolve(case: str, body: Result, office: Street, by: Actor, key: Key) -> dict[str, Any]:
    return told(office.handle(Resolve(case, result=body.result), by=by, id=key).state)


def case_view(case: str, office: Street, by: Actor, at_least: int | None = None) -> dict[str, Any]:
    return told(office.ask(CaseView(case), by=by, at_least=at_least))


def work_list(office: Street, by: Actor) -> list[dict[str, Any]]:
    return [attrs.asdict(entry) for entry in office.ask(WorkList(of=by), by=by)]


def health(office: Street) -> JSONResponse:
    found = office.health()
    figures = {name: value for name, value in attrs.asdict(found).items() if isinstance(value, int | str)}
    return JSONResponse(figures, 200 if found.ok else 503)


def told(state: Any) -> dict[str, Any]:
    """Choose what leaves the house; an outcome holds more than a browser needs."""
    return {"case": state.id, "state": type(state).__name__.lower(), "due_at": state.deadline.due_at}


# --- the app --------------------------------------------------------------------------------------


def tick(office: gridgov.Office, stop: threading.Event, seconds: float) -> None:
    """Let things fall due until the app ends; several processes may do so on one store."""
    while not stop.wait(seconds):
        try:
            office.tick()
        except GridgovError as error:
            warn(error)


def warn(error: Exception) -> None:
    LOG.warning("street.worker error=%s", type(error).__name__)


def make_app(
    setup: Callable[[], gridgov.Setup], store: str, *, actors: Mapping[str, str], seconds: float = 30.0, **more: Any
) -> FastAPI:
    """Give the app of one street.

    :param setup: gives the setup; :param store: a URL; :param actors: token → actor.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        # Opened here and not at import: a server that forks its workers forks before this runs.
        with gridgov.open_office(setup(), store, **more) as office:
            app.state.office, stop = office, threading.Event()
            clock = threading.Thread(target=tick, args=(office, stop, seconds), name="street clock")
            # Threads of their own, one for each channel: a slow one must not hold up what falls due.
            worker = Worker(office.deliver, channels=office.channels, poll_seconds=seconds, failed=warn)
            clock.start()
            worker.start()
            yield
            stop.set()
            clock.join()
            with suppress(GridgovError):  # what had ended it was told when it did
                worker.stop()

    app = FastAPI(lifespan=lifespan)
    app.state.actors = actors
    app.add_exception_handler(GridgovError, answer_to)
    app.post("/cases", status_code=201)(report)
    app.post("/cases/{case}/resolve")(resolve)
    app.get("/cases/{case}")(case_view)
    app.get("/work-list")(work_list)
    app.get("/health", response_model=None)(health)
    return app
