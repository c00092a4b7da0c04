"""Sphinx configuration; ``nox -s docs`` builds with warnings as errors."""

project = "gridgov"
copyright = "the gridgov founders"
extensions = ["myst_parser", "sphinx.ext.autodoc"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "gridgov · 网格化基层治理"
myst_heading_anchors = 3
myst_enable_extensions = ["deflist", "colon_fence"]
autodoc_typehints = "none"
autodoc_member_order = "bysource"
nitpicky = False
