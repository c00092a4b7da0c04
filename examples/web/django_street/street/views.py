"""What can be asked. Views are plain functions; under ASGI Django runs them in a thread."""

import json
import re
from collections.abc import Callable
from functools import wraps
from typing import Any

import attrs
from django.core.signing import BadSignature, TimestampSigner
from django.http import HttpRequest, HttpResponse, JsonResponse

from gridgov.cases import CaseView, OpenCase, Resolve, WorkList
from street.offices import office

KEY = re.compile(r"[\w-]{8,64}", re.ASCII)
FIELDS = ("kind", "place", "text", "contact")


class BadRequestError(Exception):
    """Something that the client has to mend: an HTTP status and a sentence."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def asked(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Answer what the client did wrong before gridgov was asked."""

    @wraps(view)
    def answered(request: HttpRequest, **parts: str) -> HttpResponse:
        try:
            return view(request, by=actor_of(request), **parts)
        except BadRequestError as error:
            return JsonResponse({"code": "bad-request", "message": str(error)}, status=error.status)

    return answered


def actor_of(request: HttpRequest) -> str:
    """Put your own login here (``request.user``); what it gives is an id of the roster or an opaque one."""
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    try:
        return TimestampSigner(salt="street").unsign(token, max_age=8 * 3600)
    except BadSignature:
        raise BadRequestError(401, "log in first") from None


def key_of(request: HttpRequest) -> str:
    """The client makes the key once for one thing that it wants done, and sends it again with every retry."""
    key = request.headers.get("Idempotency-Key", "")
    if not KEY.fullmatch(key):
        raise BadRequestError(400, "send an Idempotency-Key of 8 to 64 letters, digits, _ and -")
    return f"web-{key}"


def body_of(request: HttpRequest, *names: str) -> dict[str, str]:
    try:
        body = json.loads(request.body)
    except ValueError:
        raise BadRequestError(400, "the body is no JSON") from None
    if not isinstance(body, dict) or not all(isinstance(body.get(name, ""), str) for name in names):
        raise BadRequestError(400, f"the body is an object with the strings {', '.join(names)}")
    return {name: body.get(name, "") for name in names}


@asked
def cases(request: HttpRequest, by: str) -> HttpResponse:
    body = body_of(request, *FIELDS)
    command = OpenCase(source="resident", reporter=by if by.startswith("resident:") else "", **body)
    return JsonResponse(told(office().handle(command, by=by, id=key_of(request)).state), status=201)


@asked
def resolve(request: HttpRequest, by: str, case: str) -> HttpResponse:
    command = Resolve(case, **body_of(request, "result"))
    return JsonResponse(told(office().handle(command, by=by, id=key_of(request)).state))


@asked
def case_view(request: HttpRequest, by: str, case: str) -> HttpResponse:
    return JsonResponse(told(office().ask(CaseView(case), by=by)))


@asked
def work_list(request: HttpRequest, by: str) -> HttpResponse:
    return JsonResponse({"entries": [attrs.asdict(each) for each in office().ask(WorkList(of=by), by=by)]})


def health(request: HttpRequest) -> HttpResponse:
    found = office().health()
    figures = {name: value for name, value in attrs.asdict(found).items() if isinstance(value, int | str)}
    return JsonResponse(figures, status=200 if found.ok else 503)


def told(state: Any) -> dict[str, Any]:
    """Choose what leaves the house; an outcome holds more than a browser needs."""
    return {"case": state.id, "state": type(state).__name__.lower(), "due_at": state.deadline.due_at}
