"""Makes the parts of the reference that follow from the code: python docs/generate.py; a test compares."""

from __future__ import annotations

import inspect
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

import attrs

from gridgov import cases, points, setup
from gridgov.access import STANDING_ROLES
from gridgov.cases import LIFE, STATES
from gridgov.documents import ROOMS, json_schemas
from gridgov.documents._files import _names
from gridgov.documents._models import DOCUMENTS, TABLES
from gridgov.hooks import (
    FAILURES,
    VERSION,
    Added,
    Code,
    CodeList,
    Exporter,
    Fault,
    Happening,
    Hooks,
    Importer,
    Loaded,
    Refused,
    Wanted,
)
from gridgov.notices import AUDIENCES
from gridgov.outreach import WITHDRAWALS
from gridgov.routing import FACTS
from gridgov.staffing import ORGANIZATION_KINDS
from gridgov.testing import life_sample

HERE = Path(__file__).parent / "reference"


OF_THE_OUTBOX = {
    "Mend": "changes | `office.mend` and `office.resend`: change a notice that has not arrived, and let it be tried again",
    "Undelivered": "looks | `office.undelivered(by=...)` and `office.progress(by=...)`: what has not arrived, and how far it is",
    "Unread": "looks | `office.unread`: who has not read what they were told",
}

# Where each state stands in the drawing: column and row.
DRAWN = {
    "Registered": (0, 1), "Dispatched": (1, 1), "Resolved": (2, 1), "Checked": (3, 1), "Answered": (4, 1),
    "Closed": (5, 1), "Declined": (0, 2), "Linked": (0, 0), "InParts": (1, 0), "HandedOver": (2, 0),
    "Held": (2, 2), "Withdrawn": (1, 2),
}  # fmt: skip
WIDTH, HEIGHT, COLUMN, ROW = 118, 40, 205, 185


def cell(field: Any) -> str:
    """Give a field's description so that it stays in its cell of a table."""
    return str(field.get("description", "")).replace("|", "\\|")


def first(text: str | None) -> str:
    return " ".join((text or "").split("\n\n")[0].split())


def transitions() -> dict[tuple[str, str], list[str]]:
    """Play a sample of every cell of the table; give from, to → the commands that lead there."""
    found: dict[tuple[str, str], list[str]] = {}
    for command, states in LIFE.items():
        for state in STATES:
            if state in states:
                samples = [life_sample(command, state)]
                with suppress(KeyError):
                    samples.append(life_sample(command, state, otherwise=True))
                for sample in samples:
                    sample.scenario.given(sample.command, by=sample.by)
                    after = type(sample.state).__name__
                    if after != state.__name__:
                        found.setdefault((state.__name__, after), []).append(command.__name__)
    return found


def picture() -> str:
    """Draw the states and every command that leads from one to another."""
    moves = transitions()
    width, height = 6 * COLUMN + 20, 3 * ROW + 10
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif">',
        '<defs><marker id="to" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0 8 4 0 8z" fill="#567"/></marker></defs>',
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
    ]
    for (one, other), names in sorted(moves.items()):
        lines += _edge(DRAWN[one], DRAWN[other], names, (other, one) in moves)
    for name, (column, row) in DRAWN.items():
        x, y = 20 + column * COLUMN, 40 + row * ROW
        ended = name in ("Closed", "Declined", "Linked", "Withdrawn")
        fill = "#e8e8e8" if ended else "#dcebf7"
        lines.append(
            f'<rect x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="8" fill="{fill}" stroke="#345"/>'
            f'<text x="{x + WIDTH / 2:g}" y="{y + 25}" font-size="15" text-anchor="middle">{name}</text>'
        )
    return "\n".join([*lines, "</svg>"])


def _edge(one: tuple[int, int], other: tuple[int, int], names: list[str], both: bool) -> list[str]:
    """Draw one arrow with its commands; the way back, where there is one, runs beside it."""
    (x1, y1), (x2, y2) = (
        (20 + column * COLUMN + WIDTH / 2, 40 + row * ROW + HEIGHT / 2) for column, row in (one, other)
    )
    far = abs(one[0] - other[0]) > 1
    length = ((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5
    across = (-(y2 - y1) / length, (x2 - x1) / length)
    bend = (62 if far else 16 if both else 0) * (1 if far or both else 0)
    cx, cy = (x1 + x2) / 2 + across[0] * bend * 1.6, (y1 + y2) / 2 + across[1] * bend * 1.6
    start, end = _edge_of(x1, y1, cx, cy), _edge_of(x2, y2, cx, cy)
    # Nearer to where it comes from, so that labels of crossing arrows do not meet in the middle.
    near = 0.36 if one[0] != other[0] and one[1] != other[1] else 0.5
    shares = ((1 - near) ** 2, 2 * near * (1 - near), near**2)
    mx, my = (sum(s * p for s, p in zip(shares, each, strict=True)) for each in zip(start, (cx, cy), end, strict=True))
    label = [
        f'<text x="{mx:.0f}" y="{my + 3 + 11 * place - 5 * (len(names) - 1):.0f}" font-size="10" text-anchor="middle"'
        f"{halo}>{name}</text>"
        for place, name in enumerate(names)
        for halo in (' stroke="#fff" stroke-width="3"', "")
    ]
    path = f"M{start[0]:.0f} {start[1]:.0f}Q{cx:.0f} {cy:.0f} {end[0]:.0f} {end[1]:.0f}"
    return [f'<path d="{path}" fill="none" stroke="#567" marker-end="url(#to)"/>', *label]


def _edge_of(x: float, y: float, towards_x: float, towards_y: float) -> tuple[float, float]:
    """Give where a line from the middle of a box leaves it."""
    dx, dy = towards_x - x, towards_y - y
    scale = min(WIDTH / 2 / abs(dx) if dx else 9e9, HEIGHT / 2 / abs(dy) if dy else 9e9)
    return x + dx * scale, y + dy * scale


def life() -> str:
    """The table of states and commands, and the drawing, both from the code."""
    lines = [
        "# The life of a case, from the code",
        "",
        "Made by `docs/generate.py`: the table from the types of the functions that decide, the drawing by playing",
        "a sample of every cell. Grey states are ended. What else must be true stands in [refusals](refusals.md).",
        "",
        "![states of a case and the commands that lead from one to another](life.svg)",
        "",
        "| command | in which states | leads to |",
        "|---|---|---|",
    ]
    moves = transitions()
    for command, states in LIFE.items():
        where = ", ".join(state.__name__ for state in STATES if state in states) or "(about no single case)"
        after = sorted({other for (_, other), names in moves.items() if command.__name__ in names})
        lines.append(f"| `{command.__name__}` | {where} | {', '.join(after) or '–'} |")
    return "\n".join(lines)


def events() -> str:
    lines = [
        "# Events",
        "",
        "Stored names are for ever. Every event says `at` (when it happened) and `by` (who did it).",
        "",
    ]
    for room in ROOMS:
        lines += [f"## {room.name}", "", "| stored name | class | what has happened | fields |", "|---|---|---|---|"]
        for name, shape in room.events.items():
            fields = ", ".join(f"`{f.name}`" for f in attrs.fields(shape) if f.name not in ("at", "by"))
            lines.append(f"| `{name}` | `{shape.__name__}` | {first(shape.__doc__)} | {fields} |")
        lines += ["", f"Commands: {', '.join(f'`{c.__name__}`' for c in room.commands)}.", ""]
    return "\n".join(lines)


def hooks() -> str:
    lines = [
        "# Hooks",
        "",
        "Mark a function with `gridgov.hookimpl`; its name and arguments must be those of the hook (fewer arguments",
        "are fine). Each docstring is the contract.",
        "",
        f"A plugin may state `gridgov_hooks = {VERSION}`, the version of the hooks that it was built for; with another one it",
        "is refused when it registers. How to write, try and package one stands in [the how-to](../howto/plugin.md).",
        "",
        *failures(),
    ]
    for name, hook in vars(Hooks).items():
        if name.startswith("gridgov_"):
            signature = str(inspect.signature(hook)).replace("(self, ", "(").replace("(self)", "()").replace("'", "")
            lines += [f"## `{name}{signature}`", "", inspect.cleandoc(hook.__doc__ or ""), ""]
    return re.sub(r":(?:class|data):`~?(?:[\w.]+\.)?(\w+)`", r"`\1`", "\n".join([*lines, *through_the_door()]))


def through_the_door() -> list[str]:
    """What plugins give and get, each with its docstring: values with their fields, objects with their methods."""
    lines = ["# What passes through the door", "", "All of it is in `gridgov.hooks`.", ""]
    for shape in (Refused, Happening, Wanted, Code, CodeList, Importer, Exporter, Loaded, Added, Fault):
        lines += [f"## {shape.__name__}", "", _told(shape), ""]
        if attrs.has(shape):
            lines += [*_fields(shape), ""]
            continue
        for name, each in vars(shape).items():
            function = each.fget if isinstance(each, property) else each
            if not name.startswith("_") and inspect.isfunction(function):
                told = (
                    "" if isinstance(each, property) else re.sub(r"self, |, /|'", "", str(inspect.signature(function)))
                )
                lines += [f"### `{name}{told}`", "", _told(function), ""]
    return lines


def failures() -> list[str]:
    """The one table of what becomes of a plugin that fails."""
    lines = [
        "## When a plugin fails",
        "",
        "*refused*: a `PluginError` with the plugin's name; the office does not open, or what was asked for does not happen.",
        "*fault*: kept in `office.faults`; everything else goes on. *set aside*: that, and the plugin is not asked again.",
        "*passed on*: an error of gridgov, of a file or a network reaches whoever called; any other is refused. *tried again*:",
        "later, and in the end a dead letter. Late is what is not back within two seconds; a plugin that is late while the",
        "office opens is set aside as well.",
        "",
        "| hook | asked when | on the thread of | raises | returns nonsense | late |",
        "|---|---|---|---|---|---|",
    ]
    for name, each in FAILURES.items():
        told = f"`{name}`" if name.startswith("gridgov_") else name
        lines.append(f"| {told} | {each.asked} | the {each.thread} | {each.raises} | {each.nonsense} | {each.late} |")
    return [*lines, ""]


def files() -> str:
    lines = [
        "# Setup files",
        "",
        "Made from the models that check them; `python -m gridgov schema FOLDER` writes JSON Schemas.",
        "",
    ]
    schemas = json_schemas()
    for name, model in {**DOCUMENTS, **TABLES}.items():
        lines += [
            f"## {name}",
            "",
            first(model.__doc__),
            "",
            "| name | must be there | default | |",
            "|---|---|---|---|",
        ]
        required = schemas[name].get("required", [])
        for key, field in schemas[name]["properties"].items():
            default = (
                ""
                if key in required
                else f"`{field.get('default', '')}`"
                if field.get("default") not in ("", None)
                else ""
            )
            lines.append(f"| `{key}` | {'yes' if key in required else ''} | {default} | {cell(field)} |")
        lines.append("")
        for part, schema in schemas[name].get("$defs", {}).items():
            title = part.removesuffix("Part").lower()
            lines += [f"### {name}: a part of the kind {title}", "", first(schema.get("description")), ""]
            lines += ["| name | must be there | default | |", "|---|---|---|---|"]
            for key, field in schema["properties"].items():
                needed = key in schema.get("required", [])
                default = "" if needed or field.get("default") in ("", None, []) else f"`{field['default']}`"
                lines.append(f"| `{key}` | {'yes' if needed else ''} | {default} | {cell(field)} |")
            lines.append("")
    lines += [
        "places.csv, organizations.csv, catalog.csv, rules.csv and setup.yaml must be there; the other tables may be absent.",
        "",
    ]
    return "\n".join(lines)


def _fields(shape: type) -> list[str]:
    rows = []
    for field in attrs.fields(shape):
        default = "" if field.default is attrs.NOTHING else f"`{field.default!r}`"
        kind = str(field.type).replace("dt.", "").replace("|", "or")
        note = f"private, kept for {field.metadata['private']}" if "private" in field.metadata else ""
        rows.append(f"| `{field.name}` | {kind} | {default} | {note} |")
    return ["| field | type | default | |", "|---|---|---|---|", *rows] if rows else ["No fields."]


def _told(shape: type) -> str:
    text = re.sub(r":(?:class|data|func|meth):`~?(?:[\w.]+\.)?([\w]+)`", r"`\1`", inspect.cleandoc(shape.__doc__ or ""))
    return re.sub(r":(?:param|returns|raises) ?([\w]*):", lambda m: f"*{m[1]}*:" if m[1] else "", text)


def commands() -> str:
    """Every command and every view with its fields, and the codes that may stand in them."""
    lines = [
        "# Commands, views, codes",
        "",
        "Commands go to `office.handle(command, by=...)`, views to `office.ask(view, by=...)`. Grants in access.csv name",
        "them as they stand here. A private field is taken out and kept in the private store; whoever reads it with",
        "`office.read_private(ref, by=..., purpose=...)` names the purpose that stands beside it, and leaves a trace.",
        "",
    ]
    for room in ROOMS:
        lines += [f"## Commands of {room.name}", ""]
        for shape in room.commands:
            lines += [f"### {shape.__name__}", "", _told(shape), "", *_fields(shape), ""]
    views = [(name, getattr(cases, name)) for name in cases.__all__]
    views += [(name, getattr(room, name)) for room in (points, setup) for name in room.__all__]
    lines += ["## Views", ""]
    for name, shape in sorted(views, key=lambda each: each[0]):
        if isinstance(shape, type) and hasattr(shape, "answer"):
            lines += [f"### {name}", "", _told(shape), "", _told(shape.answer), "", *_fields(shape), ""]
    lines += of_the_outbox()
    lines += ["## Codes", "", "| where | codes |", "|---|---|"]
    lines.append(f"| source of a report | {', '.join(f'`{each}`' for each in sorted(cases.SOURCES))} |")
    lines.append(f"| hotline kind | {', '.join(f'`{each}`' for each in cases.HOTLINE_KINDS)} |")
    lines.append(
        f"| roles in access.csv beside those of the place | {', '.join(f'`{each}`' for each in STANDING_ROLES)} |"
    )
    lines.append(f"| reasons of a withdrawn announcement | {', '.join(f'`{each}`' for each in WITHDRAWALS)} |")
    lines.append(f"| kinds of organizations | {', '.join(f'`{each}`' for each in sorted(ORGANIZATION_KINDS))} |")
    lines.append(f"| audiences of notices | {', '.join(f'`{each}`' for each in sorted(AUDIENCES))} |")
    lines += ["", "## Facts of rules", "", "| column of rules.csv | | values |", "|---|---|---|"]
    for fact in FACTS.values():
        values = ", ".join(f"`{each}`" for each in fact.domain) or fact.type
        lines.append(f"| `{fact.name}` | {fact.zh} {fact.en} | {values} |")
    return "\n".join(lines)


def of_the_outbox() -> list[str]:
    """What access.csv takes that is neither a command nor a view."""
    views = {name for room in (cases, points, setup) for name in room.__all__ if hasattr(getattr(room, name), "answer")}
    others = _names() - views - {shape.__name__ for room in ROOMS for shape in room.commands}
    lines = [
        "## What else a grant names",
        "",
        "What the office answers from its outbox is asked by methods. A grant in access.csv names it like a view or a",
        "command; `*read` allows what looks, `*write` what changes, `*` both.",
        "",
        "| name | | what it lets pass |",
        "|---|---|---|",
    ]
    return [*lines, *(f"| `{name}` | {OF_THE_OUTBOX[name]} |" for name in sorted(others)), ""]


PAGES = {
    "commands.md": commands,
    "events.md": events,
    "hooks.md": hooks,
    "setup-files.md": files,
    "life.md": life,
    "life.svg": picture,
}


def main() -> None:
    for name, make in PAGES.items():
        (HERE / name).write_text(make().rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
