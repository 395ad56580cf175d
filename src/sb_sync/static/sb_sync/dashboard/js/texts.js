// The texts that scripts show, in the reader's language, as the page carries them.
const found = {};

/** Return the text of a name, its {placeholders} filled in. A section adds texts by a json_script of its own. */
export function text(name, values = {}, source = "texts") {
  if (!(source in found)) {
    const element = document.getElementById(source);
    found[source] = element ? JSON.parse(element.textContent) : {};
  }
  const pattern = found[source][name] ?? name;
  return pattern.replace(/\{(\w+)\}/g, (whole, key) => (key in values ? String(values[key]) : whole));
}
