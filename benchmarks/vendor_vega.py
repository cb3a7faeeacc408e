"""Take Vega, Vega-Lite and vega-embed once from vl-convert into the package: ``python -m benchmarks.vendor_vega``.

``src/defib/reporters/vega/bundle.js.gz`` is what every HTML report holds. ``--check`` says whether it is what the
installed vl-convert gives (exit code 1 when it is not). The licences beside it are those of the npm packages in the
bundle; look them over when a version changes.
"""

from __future__ import annotations

import gzip
import sys
from pathlib import Path

import vl_convert

BUNDLE = Path(__file__).resolve().parents[1] / "src" / "defib" / "reporters" / "vega" / "bundle.js.gz"


def bundled() -> bytes:
    """One script that leaves ``window.vegaEmbed`` and no other name behind."""
    script = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
    return gzip.compress(f"(()=>{{{script}}})();".encode(), 9, mtime=0)


def main() -> None:
    found = bundled()
    same = BUNDLE.is_file() and gzip.decompress(BUNDLE.read_bytes()) == gzip.decompress(found)
    if "--check" in sys.argv:
        print("the bundle is that of vl-convert" if same else "the bundle differs from that of vl-convert")
        sys.exit(0 if same else 1)
    BUNDLE.write_bytes(found)
    versions = f"vega {vl_convert.get_vega_version()}, vega-embed {vl_convert.get_vega_embed_version()}"
    print(f"{BUNDLE.name}: {len(found):,} bytes, {len(gzip.decompress(found)):,} unpacked; {versions}")


if __name__ == "__main__":
    main()
