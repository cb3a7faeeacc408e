// Draws the figures of the report with Vega and gives those over time buttons to zoom. Nothing is fetched.
(() => {
  "use strict";
  const specs = JSON.parse(document.getElementById("defib-figures").textContent);
  const options = {renderer: "svg", actions: false, ast: true, tooltip: {theme: "custom"}};
  const ZOOM = 2, NARROW = 560;

  /** Buttons move the ends of the time axis: they work by keyboard and by touch, and a wheel still scrolls the page. */
  function zoomable(box, view) {
    const group = box.parentElement.querySelector(".zoom");
    if (!group) return;
    const least = view.signal("zoom_from"), most = view.signal("zoom_to");
    const moves = {
      "in": (a, b) => [a + (b - a) / (2 * ZOOM), b - (b - a) / (2 * ZOOM)],
      "out": (a, b) => [a - (b - a) / 2, b + (b - a) / 2],
      "earlier": (a, b) => [a - (b - a) / 4, b - (b - a) / 4],
      "later": (a, b) => [a + (b - a) / 4, b + (b - a) / 4],
      "all": () => [least, most],
    };
    group.addEventListener("click", (event) => {
      const move = moves[event.target.dataset.move];
      if (!move) return;
      let [from, to] = move(view.signal("zoom_from"), view.signal("zoom_to"));
      if (from < least) [from, to] = [least, Math.min(most, to + least - from)];
      if (to > most) [from, to] = [Math.max(least, from + most - to), most];
      if (to - from >= 1) view.signal("zoom_from", from).signal("zoom_to", to).run();
    });
  }

  /** Words on as many lines as fit into so many characters each. */
  function broken(words, most) {
    const lines = [""];
    for (const word of words.split(" ")) {
      const longer = lines.at(-1) ? `${lines.at(-1)} ${word}` : word;
      if (longer.length > most && lines.at(-1)) lines.push(word); else lines[lines.length - 1] = longer;
    }
    return lines;
  }

  /** The same specification with the titles of axes and legends broken, and short words where there are some. */
  function shortened(part, most) {
    if (Array.isArray(part)) return part.map((one) => shortened(one, most));
    if (part === null || typeof part !== "object") return part;
    const known = Object.entries(part).map(([key, value]) => [
      key,
      key === "title" && typeof value === "string" ? broken(value, most)
        : key === "data" || key === "tooltip" ? value
        : key === "field" && value === "words" ? "short" : shortened(value, most),
    ]);
    return Object.fromEntries(known);
  }

  /** On a phone the legend goes one below the other, and names take less of the width. */
  function narrowed(spec, width) {
    if (width >= NARROW) return spec;
    const {legend, axis} = spec.config;
    const config = {...spec.config, legend: {...legend, columns: 1}, axis: {...axis, labelLimit: width / 3}};
    return {...shortened(spec, width / 11), config};
  }

  /** A deep network scrolls in a box of its own: show the layer in which the rows become equal. */
  function toTheMark(box) {
    const scrolled = box.closest(".tall"), mark = box.querySelector(".mark-text text");
    if (!scrolled || !mark) return;
    const far = mark.getBoundingClientRect().top - scrolled.getBoundingClientRect().top;
    scrolled.scrollTop += far - scrolled.clientHeight / 2;
  }

  async function draw(box) {
    const plot = box.querySelector(".plot");
    try {
      const {view} = await vegaEmbed(plot, narrowed(specs[box.dataset.figure], plot.clientWidth), options);
      box.dataset.drawn = "yes";
      zoomable(box, view);
      toTheMark(box);
    } catch (error) {
      box.dataset.drawn = "no";
      plot.textContent = "This figure could not be drawn; its numbers stand below.";
      console.error(error);
    }
  }

  /** One after the other, so that the page answers meanwhile. */
  async function all() {
    for (const box of document.querySelectorAll("[data-figure]")) await draw(box);
    document.documentElement.dataset.drawn = "yes";
  }

  all();
})();
