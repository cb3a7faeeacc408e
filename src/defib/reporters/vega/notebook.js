// Puts a living figure in the place of the still one. Nothing is fetched; what other charts of the page use stays theirs.
async (given) => {
  "use strict";
  const {name, spec, vega} = given;
  const box = document.getElementById(name);

  /** Vega, unpacked once for all figures of the page. */
  async function unpacked() {
    const packed = Uint8Array.from(atob(vega), (one) => one.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    const before = window.vegaEmbed, script = document.createElement("script");
    script.textContent = await new Response(stream).text();
    document.head.append(script);
    script.remove();
    const found = window.vegaEmbed;
    window.vegaEmbed = before;
    return found;
  }

  try {
    window.defibVega ??= unpacked();
    const embed = await window.defibVega, plot = document.createElement("div");
    await embed(plot, spec, {renderer: "svg", actions: false, ast: true, tooltip: {theme: "custom"}});
    box.replaceChildren(plot);
    box.dataset.drawn = "yes";
  } catch (error) {
    console.warn("defib: the figure stays as it was drawn when the cell ran:", error);
  }
}
