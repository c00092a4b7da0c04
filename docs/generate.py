"""Makes the parts of the reference that follow from the code: python docs/generate.py; a test compares."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import attrs

from gridgov.documents import ROOMS, json_schemas
from gridgov.documents._models import DOCUMENTS, TABLES
from gridgov.hooks import Hooks

HERE = Path(__file__).parent / "reference"


def first(text: str | None) -> str:
    return " ".join((text or "").split("\n\n")[0].split())


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
    ]
    for name, hook in vars(Hooks).items():
        if name.startswith("gridgov_"):
            signature = str(inspect.signature(hook)).replace("(self, ", "(").replace("(self)", "()").replace("'", "")
            lines += [f"## `{name}{signature}`", "", inspect.cleandoc(hook.__doc__ or ""), ""]
    return re.sub(r":class:`~?(?:[\w.]+\.)?(\w+)`", r"`\1`", "\n".join(lines))


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
            lines.append(
                f"| `{key}` | {'yes' if key in required else ''} | {default} | {field.get('description', '')} |"
            )
        lines.append("")
        for part, schema in schemas[name].get("$defs", {}).items():
            title = part.removesuffix("Part").lower()
            lines += [f"### {name}: a part of the kind {title}", "", first(schema.get("description")), ""]
            lines += ["| name | must be there | default | |", "|---|---|---|---|"]
            for key, field in schema["properties"].items():
                needed = key in schema.get("required", [])
                default = "" if needed or field.get("default") in ("", None, []) else f"`{field['default']}`"
                lines.append(f"| `{key}` | {'yes' if needed else ''} | {default} | {field.get('description', '')} |")
            lines.append("")
    lines += [
        "places.csv, organizations.csv, catalog.csv, rules.csv and setup.yaml must be there; the other tables may be absent.",
        "",
    ]
    return "\n".join(lines)


PAGES = {"events.md": events, "hooks.md": hooks, "setup-files.md": files}


def main() -> None:
    for name, make in PAGES.items():
        (HERE / name).write_text(make().rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
