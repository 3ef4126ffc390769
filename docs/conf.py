"""Sphinx's configuration. `python -m docs` copies it with the pages and builds the site."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import ecglab

project = "ecglab"
author = "the ecglab authors"
project_copyright = author
release = version = ecglab.__version__
language = "en"

extensions = [
    "docstrings",
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
    "sphinx_design",
]

# API reference
autodoc_member_order = "bysource"
autodoc_inherit_docstrings = False
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 80
add_module_names = False
default_role = "py:obj"
toc_object_entries_show_parents = "hide"

# Pages
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 4
nb_execution_mode = "off"  # the notebooks are executed before, by `python -m docs`
nb_output_stderr = "remove"
highlight_language = "bash"
suppress_warnings = ["mystnb.unknown_mime_type"]
copybutton_exclude = ".linenos, .gp, .go"
exclude_patterns = ["README.md"]

# Looks
html_theme = "pydata_sphinx_theme"
smartquotes = False  # they would turn --fs into a dash
html_title = f"ecglab {release}"
html_static_path = ["static"]
html_css_files = ["ecglab.css"]
html_show_sourcelink = False
html_copy_source = False
html_sidebars = {"changelog": [], "contributing": [], "experiments/README": []}
html_theme_options = {
    "header_links_before_dropdown": 6,
    "navigation_with_keys": False,
    "navbar_align": "left",
    "show_toc_level": 2,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": ["sphinx-version"],
    "logo": {"text": "ecglab"},
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
