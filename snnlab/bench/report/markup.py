"""HTML and SVG from text that nobody vouches for: all of it is escaped, in one place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

__all__ = ["Markup", "element", "link", "table", "text"]

EMPTY = {"meta", "link", "br", "hr", "path", "line", "circle", "rect", "polygon"}
"""Elements without an end tag, or without content in SVG."""


class Markup(str):
    """Text that is markup already; `element` makes it, nothing else should."""

    __slots__ = ()


def text(value: object) -> Markup:
    """Return a value as escaped text."""
    if isinstance(value, Markup):
        return value
    return Markup(escape(str(value), quote=True))


def element(name: str, /, *children: object, **attributes: object) -> Markup:
    """Return an element; children and attributes are escaped unless they are `Markup`.

    Parameters
    ----------
    name : str
        Of the element; from the source, never from data.
    *children : object
    **attributes : object
        ``class_`` is written as class, ``stroke_width`` as stroke-width; None leaves one out.
    """
    own = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{text(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in EMPTY and not children:
        return Markup(f"<{name}{own}/>")
    return Markup(f"<{name}{own}>{''.join(map(text, children))}</{name}>")


def link(target: str, content: object) -> Markup:
    """Return a link to a page of the same site."""
    return element("a", content, href=target)


def table(
    caption: str, head: Sequence[str], rows: Iterable[Sequence[object]], *, numbers: int = 0
) -> Markup:
    """Return a table that says what it is about; the first cell of a row is its head.

    Parameters
    ----------
    caption : str
    head : sequence of str
    rows : iterable of sequence
    numbers : int
        How many columns at the right hold numbers.
    """
    first_number = len(head) - numbers
    body = []
    for row in rows:
        # Put together here: a report of a thousand records has half a million cells.
        cells = [f'<th scope="row">{text(row[0])}</th>']
        cells += [f"<td>{text(cell)}</td>" for cell in row[1:first_number]]
        cells += [f'<td class="number">{text(cell)}</td>' for cell in row[max(first_number, 1) :]]
        body.append(Markup(f"<tr>{''.join(cells)}</tr>"))
    if not body:
        return element("p", f"{caption}: none.")
    names = [element("th", name, scope="col") for name in head]
    whole = element(
        "table", element("caption", caption), element("thead", element("tr", *names)),
        element("tbody", *body),
    )  # fmt: skip
    return element("div", whole, class_="wide", tabindex="0", role="region", aria_label=caption)
