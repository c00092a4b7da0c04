"""A page that can be opened from a file, printed, and hung on a notice board."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files

import attrs

from gridgov.wording import Text

__all__ = ["Bars", "Page", "Rows", "render_page"]


@attrs.frozen(kw_only=True)
class Rows:
    """A table on the page."""

    title: Text
    header: tuple[Text, ...]
    rows: Sequence[Sequence[object]]
    note: str = ""


@attrs.frozen(kw_only=True)
class Bars:
    """Bars of counts: (label, count, count of a second kind that stands behind it)."""

    title: Text
    rows: Sequence[tuple[Text, int, int]]
    first: Text
    second: Text
    note: str = ""

    @property
    def most(self) -> int:
        """The longest bar."""
        return max([one + other for _, one, other in self.rows], default=1) or 1


@attrs.frozen(kw_only=True)
class Page:
    """Everything that stands on a page.

    :param figures: (label, value) of the top line.
    :param maps: (title, SVG of :func:`gridgov.reports.grid_map`); the first one is drawn large.
    """

    title: Text
    subtitle: Text
    figures: Sequence[tuple[Text, object]]
    maps: Sequence[tuple[Text, str]] = ()
    parts: Sequence[Rows | Bars] = ()
    footer: str = ""


def render_page(page: Page) -> str:
    """Give the page as one HTML document, without scripts and without anything from the network.

    :raises ModuleNotFoundError: without the extra ``reports``.
    """
    try:
        import jinja2
        from markupsafe import Markup
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError("pages need Jinja2: python -m pip install 'gridgov[reports]'") from error
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    environment.filters["svg"] = Markup  # made by grid_map, which escapes what it is given
    environment.tests["bars"] = lambda part: isinstance(part, Bars)
    template = files("gridgov.reports").joinpath("page.html.jinja").read_text(encoding="utf-8")
    return environment.from_string(template).render(page=page)
