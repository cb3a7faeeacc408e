"""Charts that a notebook draws without a network: with the Vega that lies in the package.

Altair's own way of showing a chart fetches Vega from a server, and shows nothing where there is none. Here the cell
holds a drawing that never moves, and a script that puts the living figure, with values on hover, in its place. Where no
script may run (a notebook that is not trusted, a converted one) the drawing stays. Altair is imported: this module is
loaded by ``Diagnosis.plot`` alone.
"""

from __future__ import annotations

import base64
import uuid
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import altair
from markupsafe import Markup

from defib.reporters.html import as_data

VEGA: Final = Path(__file__).parent / "vega"
OF_ALTAIR: Final = "default"
"""The renderer that is active until a user chooses another one, which is then respected."""


class OfflineChart(altair.LayerChart):
    """A layered chart of Altair's in everything but how a notebook shows it."""

    def _repr_mimebundle_(self, *args: Any, **kwds: Any) -> Any:
        if altair.renderers.active != OF_ALTAIR:
            return altair.LayerChart._repr_mimebundle_(self, *args, **kwds)
        spec = self.to_dict()
        return {"text/plain": f"<{spec.get('description', 'a chart')}>", "text/html": shown(spec)}


def shown(spec: dict[str, Any]) -> str:
    """A specification as a piece of HTML that fetches nothing."""
    name = f"defib-{uuid.uuid4().hex}"
    script = (VEGA / "notebook.js").read_text(encoding="utf-8")
    data = {"name": name, "spec": spec, "vega": base64.b64encode((VEGA / "bundle.js.gz").read_bytes()).decode()}
    page = Markup('<div id="{name}">{still}</div>\n<script>({script})({data});</script>')
    return str(page.format(name=name, still=_still(spec), script=Markup(script.strip()), data=Markup(as_data(data))))


def _still(spec: dict[str, Any]) -> Markup:
    """The drawing, as an image, so that its names and styles meet nobody else's; words where it cannot be made."""
    label = spec.get("description", "")
    try:
        svg = import_module("vl_convert").vegalite_to_svg(spec)
    except (ImportError, ValueError):
        return Markup("<p>{label}</p>").format(label=label)
    source = f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"
    return Markup('<img alt="{label}" src="{source}">').format(label=label, source=source)
