"""matplotlib's SVG text as a fragment for a page that allows no inline style.

Text in, text out. Guarantees: no `style` attribute or element, no comment, no reference outside, every
id and every reference to it under the figure's own name, a title and a description.
"""

from __future__ import annotations

import html
import re

_STYLE = re.compile(r'\sstyle="([^"]*)"')
_TAG = re.compile(r"<[a-zA-Z][^>]*>")
_DROPPED = re.compile(r"<metadata>.*?</metadata>|<style[^>]*>.*?</style>|<!--.*?-->", re.DOTALL)
_SIZE = re.compile(r"(?:\s|^)([\d.]+)px\b")


def inline(source: str, *, name: str, title: str, description: str, width: float, height: float) -> str:
    """One `<svg role="img">` named and described for screen readers. Units: width and height in pixels."""
    body = _DROPPED.sub("", source[source.index("<svg") :])
    safe = html.escape(name, quote=True)
    body = _TAG.sub(lambda tag: _attributes(tag.group(0), safe), body)
    head = (
        f'<svg class="chart" role="img" aria-labelledby="{safe}-t {safe}-d" viewBox="0 0 {width:g} {height:g}" '
        f'width="{width:g}" height="{height:g}" stroke-linejoin="round" stroke-linecap="butt">'
        f'<title id="{safe}-t">{html.escape(title)}</title><desc id="{safe}-d">{html.escape(description)}</desc>'
    )
    return head + re.sub(r"\n\s*", "", body[body.index(">") + 1 :])


def _attributes(tag: str, name: str) -> str:
    """One start tag: style declarations as attributes, ids and references to them under the figure's name."""
    tag = _STYLE.sub(lambda match: _presentation(match.group(1)), tag)
    tag = re.sub(r'\sid="([^"]*)"', rf' id="{name}-\1"', tag)
    tag = re.sub(r"url\(#([^)]*)\)", rf"url(#{name}-\1)", tag)
    return re.sub(r'\s(?:xlink:)?href="#([^"]*)"', rf' href="#{name}-\1"', tag)


def _presentation(style: str) -> str:
    """CSS declarations as SVG presentation attributes; the page chooses the font, the figure its size."""
    made = []
    for declaration in filter(None, (part.strip() for part in style.split(";"))):
        key, _, value = (part.strip() for part in declaration.partition(":"))
        if key == "font":
            size = _SIZE.search(value)
            made.append(f' font-size="{size.group(1) if size else 10}"')
        elif key == "font-size":
            made.append(f' font-size="{value.removesuffix("px")}"')
        elif not key.startswith("font"):
            made.append(f' {key}="{value}"')
    return "".join(made)
