"""The documentation site: `make docs` builds it into docs/_build."""

project = "Winnow"
author = "The Winnow authors"
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
html_theme = "alabaster"
html_theme_options = {"description": "One rule, one meaning, live and on history."}
myst_heading_anchors = 3
suppress_warnings = ["myst.xref_missing", "myst.header"]
