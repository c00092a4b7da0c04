"""What hangs on the notice board about a month, what a resident takes home, and the page that compares the two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from gridgov.wording import Text

if TYPE_CHECKING:
    from gridgov.points import StatementProof

__all__ = ["notice_page", "statement_page", "verifier_page"]


def notice_page(
    note_text: str,
    words: str,
    *,
    street: str = "",
    roll: Sequence[tuple[int, str, int, str]] = (),
    roll_title: Text | None = None,
) -> str:
    """Give the notice of a month as one HTML page: the twelve characters large, the signed note, and its QR code.

    :param note_text: the signed note, as :meth:`MonthNote.signed` gives it; :param words: its twelve characters.
    :param street: whose notice it is.
    :param roll: rows of a roll of honor: rank, name as it may be shown, points, title.
    :raises ValueError: where the characters are not those that the note says.
    :raises ModuleNotFoundError: without the extras ``reports`` and ``notice``.
    """
    facts = dict(line.partition(" ")[::2] for line in note_text.partition("\n\n")[0].splitlines())
    if not words or facts.get("words") != words:
        raise ValueError(f"the note does not say {words!r}")
    title = roll_title or Text("光荣榜", "Roll of honor")
    return _rendered(
        "notice.html.jinja",
        facts=facts,
        note=note_text,
        signed="\n— " in note_text,
        code=_code(note_text),
        groups=words.split(" "),
        street=street,
        roll=roll,
        roll_title=title,
    )


def statement_page(
    proof: StatementProof, *, street: str = "", name: str = "", categories: Mapping[str, Text] | None = None
) -> str:
    """Give a resident's statement as one HTML page to print: the figures, and the whole copy as a QR code.

    The characters of the root do not stand on it: a resident takes them from the board.

    :param name: whose statement it is, if the page shall say so.
    :param categories: what the categories of deeds are called; one that is not there is shown by its id.
    :raises ModuleNotFoundError: without the extras ``reports`` and ``notice``.
    """
    line = proof.line
    rows = [
        ("", Text("期初", "Opening"), line.opening),
        ("＋", Text("获得", "Earned"), sum(line.earned.values())),
        *(("", _category(each, categories or {}), points) for each, points in sorted(line.earned.items())),
        ("＋", Text("转入转出", "Moved"), line.moved),
        ("－", Text("兑换", "Spent"), line.spent),
        ("－", Text("到期", "Expired"), line.expired),
        ("－", Text("更正扣回", "Reversed"), line.reversed),
        ("－", Text("捐赠", "Donated"), line.donated),
        ("＝", Text("期末", "Closing"), line.closing),
    ]
    text = proof.text()
    return _rendered(
        "statement.html.jinja", proof=proof, rows=rows, text=text, code=_code(text), street=street, name=name
    )


def _category(category: str, names: Mapping[str, Text]) -> Text:
    called = names.get(category, Text(category, ""))
    return Text(f"· {called.zh}", called.en)


def verifier_page() -> str:
    """Give the page with which anybody checks a statement against the board, without any network.

    It is one file with its own arithmetic; ``#statement=…&words=…`` behind its address fills it in.
    """
    return files("gridgov.reports").joinpath("verify.html").read_text(encoding="utf-8")


def _code(text: str) -> Any:
    """Draw *text* as a QR code, as SVG; the fewest squares that hold it, and as much redundancy as fits into them."""
    try:
        import segno
        from markupsafe import Markup
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError("QR codes need segno: python -m pip install 'gridgov[reports,notice]'") from error
    drawn = segno.make_qr(text, error="l", boost_error=True)
    return Markup(drawn.svg_inline(omitsize=True, border=4, svgclass="qr"))  # noqa: S704 - drawn here, of squares only


def _rendered(template: str, **values: object) -> str:
    try:
        import jinja2
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError("pages need Jinja2: python -m pip install 'gridgov[reports]'") from error
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    text = files("gridgov.reports").joinpath(template).read_text(encoding="utf-8")
    return environment.from_string(text).render(**values)
