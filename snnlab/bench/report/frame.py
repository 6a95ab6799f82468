"""What every page has: head, style, way back, and a policy that forbids scripts and requests."""

from __future__ import annotations

from snnlab import __version__
from snnlab.bench.report.markup import Markup, element, text

__all__ = ["COLOURS", "page"]

COLOURS = {
    "ink": "#1b1b1b", "paper": "#ffffff", "quiet": "#555555", "line": "#8a8a8a",
    "link": "#0b4f8a", "band": "#f1f4f7", "worse": "#a33b00", "better": "#006b4d",
}  # fmt: skip
"""Text colours keep a contrast of at least 4.5 to paper and band."""

STYLE = """
*{{box-sizing:border-box}}
body{{margin:0 auto;padding:1rem;max-width:70rem;font:1rem/1.5 system-ui,sans-serif;
color:{ink};background:{paper}}}
a{{color:{link}}}a:focus-visible,[tabindex]:focus-visible{{outline:3px solid {link}}}
.skip{{position:absolute;left:-99rem}}.skip:focus{{left:1rem}}
h1,h2,h3{{line-height:1.2;overflow-wrap:anywhere}}
.wide{{overflow-x:auto;margin:1rem 0}}
table{{border-collapse:collapse}}caption{{text-align:left;font-weight:600;padding:.3rem 0}}
th,td{{padding:.25rem .7rem;text-align:left;border-bottom:1px solid {line};vertical-align:top;
overflow-wrap:break-word;max-width:34rem}}
thead th{{background:{band}}}tbody th{{font-weight:400}}
td.number{{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}}
.quiet,footer{{color:{quiet}}}.worse{{color:{worse};font-weight:600}}
.better{{color:{better};font-weight:600}}
svg{{max-width:100%;height:auto}}
pre{{overflow:auto;background:{band};padding:.7rem}}
""".format(**COLOURS)  # fmt: skip

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def page(title: str, *content: object, up: str | None = None) -> str:
    """Return a whole page.

    Parameters
    ----------
    title : str
    *content : object
        Below the title.
    up : str, optional
        Address of the index, from this page.
    """
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", http_equiv="Content-Security-Policy", content=POLICY),
        element("title", title),
        element("style", Markup(STYLE)),
    )
    way = element("nav", element("a", "All benchmarks", href=up), aria_label="way back")
    body = element(
        "body",
        element("a", "To the content", href="#content", class_="skip"),
        way if up else "",
        element("main", element("h1", title), *content, id="content"),
        element("footer", element("p", f"Made by snnlab {__version__} from stored records.")),
    )
    return f'<!DOCTYPE html>\n<html lang="en">{text(head)}{text(body)}</html>\n'
