"""The place's own words for a notice, over a closed list of facts without personal data."""

from __future__ import annotations

from collections.abc import Mapping
from string import Template as Blanks

from gridgov.setup import Template

__all__ = ["PLACEHOLDERS", "check_template", "worded"]

PLACEHOLDERS: Mapping[str, str] = {
    "text": "the usual line",
    "subject": "the id of the case or award",
    "at": "when it happened, in local time",
    "kind": "what kind of matter the case is, or which deed the award is for",
    "place": "the name of the place of the case, or of the community of the award",
    "code": "the code of that place",
    "stage": "which of the seven stages the case has reached; empty for an award",
    "due": "when the case is due, in local time; empty where it has no deadline",
}
"""What may stand in a template after a dollar sign, and what comes in its place."""


def check_template(text: str) -> str:
    """Say what is wrong with a text; nothing where it is a template."""
    blanks = Blanks(text)
    if not text.strip():
        return "a template without a text"
    if not blanks.is_valid():
        return "a dollar sign stands alone; write $$ for one, or a name after it, as in $text or ${text}"
    unknown = sorted(set(blanks.get_identifiers()) - PLACEHOLDERS.keys())
    if unknown:
        return f"there is nothing called ${unknown[0]}; there are {', '.join(f'${name}' for name in PLACEHOLDERS)}"
    return ""


def worded(templates: tuple[Template, ...], event: str, audience: str, language: str, facts: Mapping[str, str]) -> str:
    """Give the text of a notice: of the template for this audience, of the one for all, or the usual line."""
    fitting = [each for each in templates if (each.event, each.language) == (event, language)]
    for wanted in (audience, ""):
        for template in fitting:
            if template.audience == wanted:
                said = Blanks(template.text).substitute(dict.fromkeys(PLACEHOLDERS, "") | dict(facts))
                # A template of facts that a case does not have says nothing, and nothing is no notice.
                return said if said.strip() else facts["text"]
    return facts["text"]
