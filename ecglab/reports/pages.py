"""Pages of HTML from the templates: each is one file that needs no network and no other file."""

from pathlib import Path


def render(name: str, **values: object) -> str:
    """The page of a template with these values, which are escaped."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    return environment.get_template(name).render(**values)
