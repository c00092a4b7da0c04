"""What a browser is told of an error: a code for the program, a sentence for the person."""

import logging
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse

from gridgov.errors import CommandConflictError, GridgovError, NotFoundError, RefusalError, SetupMismatchError
from street import offices

LOG = logging.getLogger("street")


class GridgovErrors:
    """Middleware: turns whatever gridgov raises into an answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer; None leaves it to Django."""
        return answer_to(error) if isinstance(error, GridgovError) else None


def answer_to(error: GridgovError) -> HttpResponse:
    if isinstance(error, RefusalError):
        told = {"code": error.code, "message": error.message, "why": error.facts.get("why", "")}
        return JsonResponse(told, status=403 if error.code.startswith(("access.", "private.")) else 409)
    if isinstance(error, NotFoundError):
        return JsonResponse({"code": "not-found", "message": str(error)}, status=404)
    if isinstance(error, CommandConflictError):
        return JsonResponse({"code": "key-used", "message": "this key was used for another request"}, status=409)
    if isinstance(error, SetupMismatchError):
        offices.close()  # somebody has amended the setup: the next request opens the office anew
    # Nothing happened, or the same key will tell what did; so the client may ask again with it.
    LOG.warning("street.unavailable error=%s", type(error).__name__)
    told = {"code": "unavailable", "message": "please try again"}
    return JsonResponse(told, status=503, headers={"Retry-After": "1" if error.temporary else "30"})
