// What a checker of accessibility looks for, as far as it can be seen from within the page: a list of faults in words.
() => {
  const faults = [];
  const visible = (one) => one.checkVisibility({opacityProperty: true, visibilityProperty: true, contentVisibilityAuto: true});
  const say = (rule, one, more = "") => faults.push(`${rule}: ${one.outerHTML.slice(0, 120)} ${more}`);

  // Colours, after WCAG 2.2: relative luminance, 4.5 for text, 3 for large text.
  const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const rgba = (text) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = text;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, below) => [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
  const behind = (one) => {
    const layers = [];
    for (let at = one; at; at = at.parentElement) layers.push(rgba(getComputedStyle(at).backgroundColor));
    const dark = matchMedia("(prefers-color-scheme: dark)").matches;
    return layers.reduceRight((below, top) => over(top, below), dark ? [0, 0, 0, 1] : [255, 255, 255, 1]);
  };
  const light = (colour) => {
    const [r, g, b] = colour.map((c) => (c /= 255, c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a, b) => {
    const [low, high] = [light(a), light(b)].sort((x, y) => x - y);
    return (high + 0.05) / (low + 0.05);
  };
  let texts = 0;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const one = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || ["SCRIPT", "STYLE", "NOSCRIPT"].includes(one.tagName) || !visible(one)) continue;
    if (one.closest("title, .hidden")) continue;
    const style = getComputedStyle(one);
    const background = behind(one);
    const colour = over(rgba(one.namespaceURI.endsWith("svg") ? style.fill : style.color), background);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && parseInt(style.fontWeight) >= 700);
    const found = contrast(colour, background);
    texts += 1;
    if (found < (large ? 3 : 4.5)) say("contrast", one, found.toFixed(2));
    if (size < 10) say("tiny text", one, size);
  }
  // Marks that carry meaning: 3 against what is behind them.
  for (const mark of document.querySelectorAll(".mark-symbol path, .mark-rule line")) {
    const style = getComputedStyle(mark);
    const filled = !mark.matches("line") && style.fill !== "none" && rgba(style.fill)[3] > 0;
    const paint = filled ? style.fill : style.stroke;
    if (paint === "none" || mark.closest(".role-axis, .role-axis-grid") || +style.opacity === 0) continue;
    const found = contrast(over(rgba(paint), behind(mark)), behind(mark));
    if (found < 3) say("contrast of a mark", mark, found.toFixed(2));
  }
  if (texts < 50) faults.push(`only ${texts} texts were looked at`);

  // Names of what is no text, and of what can be operated.
  const named = (one) => (one.getAttribute("aria-label") || one.textContent || "").trim();
  for (const one of document.querySelectorAll("[role=img], [role=region], [role=group], nav, button, a, summary"))
    if (!named(one)) say("no name", one);
  for (const one of document.querySelectorAll("svg:not(.marks)"))
    if (!one.closest("[aria-label]")) say("no name", one);
  for (const table of document.querySelectorAll("table"))
    if (!table.caption || !table.querySelector("th[scope=col]")) say("table without caption or heads", table);
  for (const one of document.querySelectorAll("button, summary")) {
    const box = one.getBoundingClientRect();
    if (visible(one) && (box.height < 24 || box.width < 24)) say("small target", one, `${box.width}x${box.height}`);
  }

  // The page as a whole.
  const root = document.documentElement;
  if (!root.lang) faults.push("no language");
  if (!document.title.trim()) faults.push("no title");
  if (document.querySelectorAll("main").length !== 1) faults.push("not one main landmark");
  if (/user-scalable=no|maximum-scale/.test(document.querySelector("meta[name=viewport]").content)) faults.push("no zoom");
  const navs = [...document.querySelectorAll("nav")].map((one) => one.getAttribute("aria-label"));
  if (new Set(navs).size !== navs.length) faults.push(`landmarks of one name: ${navs}`);
  const ids = [...document.querySelectorAll("[id]")].map((one) => one.id);
  for (const id of ids.filter((one, at) => ids.indexOf(one) !== at && !one.startsWith("clip"))) faults.push(`id twice: ${id}`);
  const levels = [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")].map((one) => +one.tagName[1]);
  if (levels.filter((one) => one === 1).length !== 1) faults.push("not one h1");
  levels.forEach((one, at) => at && one - levels[at - 1] > 1 && faults.push(`h${levels[at - 1]} is followed by h${one}`));

  // What scrolls must be reachable by keyboard; the order of focus is the order of the page.
  for (const one of document.querySelectorAll("*")) {
    const style = getComputedStyle(one);
    const scrolls = (/auto|scroll/.test(style.overflowX) && one.scrollWidth > one.clientWidth + 1)
      || (/auto|scroll/.test(style.overflowY) && one.scrollHeight > one.clientHeight + 1);
    if (scrolls && one !== root && one.tabIndex < 0) say("scrolls, but not by keyboard", one);
    if (one.tabIndex > 0) say("order of focus is changed", one);
  }
  return faults;
}
