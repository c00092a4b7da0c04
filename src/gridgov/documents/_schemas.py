"""JSON Schemas of the setup files, for editors."""

from __future__ import annotations

from typing import Any

from gridgov.documents._models import DOCUMENTS, TABLES

__all__ = ["json_schemas"]


def json_schemas() -> dict[str, dict[str, Any]]:
    """Give file name → JSON Schema (draft 2020-12): of a whole YAML file, or of one CSV row."""
    return {name: model.model_json_schema() for name, model in {**DOCUMENTS, **TABLES}.items()}
