"""Self-contained web pages in one style, light and dark."""

from __future__ import annotations

from jinja2 import (
    ChoiceLoader,
    Environment,
    PackageLoader,
    StrictUndefined,
    select_autoescape,
)


def page_templates(package: str) -> Environment:
    """The templates of a package's folder `templates`, which may include `style.css`."""
    return Environment(
        loader=ChoiceLoader(
            [PackageLoader(package, "templates"), PackageLoader("multigen_core", "pages")]
        ),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
