"""Build the documentation: `sphinx-build -W docs docs/_build`."""

from __future__ import annotations

project = "sb_sync"
author = "the sb_sync contributors"
copyright = "the sb_sync contributors"

extensions = ["myst_parser"]
myst_enable_extensions = ["deflist", "colon_fence"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]
nitpicky = True

html_theme = "furo"
html_title = "sb_sync"
html_static_path = ["_static"]
html_copy_source = False
