// Icons of the sprite.
const SVG = "http://www.w3.org/2000/svg";

/** Return an icon by its name; it is decoration. */
export function icon(name, css = "") {
  const element = document.createElementNS(SVG, "svg");
  element.setAttribute("class", `icon ${css}`.trim());
  element.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${document.documentElement.dataset.icons}#${name}`);
  element.append(use);
  return element;
}
