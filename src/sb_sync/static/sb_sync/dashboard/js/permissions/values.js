// Fields in which the value of a comparison is entered, as its kind asks for.
import { text as textOf } from "../texts.js";

const text = (name, values) => textOf(name, values, "filter-texts");
const LISTS = ["in", "not_in"];
const EXAMPLES = { datetime: "2026-01-31T12:00:00Z", date: "2026-01-31", time: "12:00", duration: "P1DT2H", uuid: "" };

/** Return a value for an operator of a field: the one there is where it fits, else an empty one. */
export function valueFor(field, operator, value) {
  const is = (shape) => shape(value);
  if (operator === "isnull") {
    return is((each) => typeof each === "boolean") ? value : true;
  }
  if (LISTS.includes(operator)) {
    return Array.isArray(value) ? value : value === undefined || value === "" || typeof value === "boolean" ? [] : [value];
  }
  if (operator === "range") {
    return Array.isArray(value) && value.length === 2 ? value : ["", ""];
  }
  if (field?.kind === "boolean") {
    return is((each) => typeof each === "boolean") ? value : true;
  }
  if (field?.choices.length && (value === undefined || Array.isArray(value))) {
    return field.choices[0][0];
  }
  return value === undefined || Array.isArray(value) || typeof value === "boolean" ? "" : value;
}

/** Return the element in which a comparison's value is entered; changed is called when it is. */
export function makeValue(node, field, changed) {
  const box = document.createElement("div");
  box.className = "part-value";
  const set = (value) => {
    node.value = value;
    changed();
  };
  if (node.operator === "isnull" || (field?.kind === "boolean" && !LISTS.includes(node.operator))) {
    box.append(makeChoice(text("value"), [[true, text("yes")], [false, text("no")]], [node.value], (found) => set(found[0])));
  } else if (node.operator === "range") {
    const pair = Array.isArray(node.value) ? node.value : ["", ""];
    [text("from"), text("until")].forEach((label, index) => {
      box.append(makeInput(label, field, pair[index], (value) => {
        pair[index] = value;
        set(pair);
      }));
    });
  } else if (field?.choices.length && ["exact", "ne", ...LISTS].includes(node.operator)) {
    const isList = LISTS.includes(node.operator);
    const chosen = isList ? node.value : [node.value];
    const choice = makeChoice(text("value"), field.choices, chosen, (found) => set(isList ? found : found[0]), isList);
    box.append(choice);
  } else if (LISTS.includes(node.operator)) {
    const shown = writeList(Array.isArray(node.value) ? node.value : [node.value]);
    box.append(makeInput(text("values"), null, shown, (value) => {
      set(readList(value).map((each) => convert(field, each)));
    }));
  } else {
    box.append(makeInput(text("value"), field, node.value, set));
  }
  return box;
}

function makeInput(label, field, value, set) {
  const input = document.createElement("input");
  input.className = "control";
  input.type = field?.kind === "date" && /^(\d{4}-\d\d-\d\d)?$/.test(String(value)) ? "date" : "text";
  input.value = String(value ?? "");
  input.setAttribute("aria-label", label);
  input.placeholder = EXAMPLES[field?.kind] ?? "";
  if (input.type === "text") {
    input.setAttribute("list", "filter-placeholders");
    input.autocomplete = "off";
  }
  input.addEventListener("input", () => set(convert(field, input.value)));
  return input;
}

/** Return a select of values that are no texts as well; several can be chosen from a list. */
function makeChoice(label, choices, chosen, set, isList = false) {
  const select = document.createElement("select");
  select.className = "control";
  select.multiple = isList;
  select.setAttribute("aria-label", label);
  choices.forEach(([value, shown], index) => {
    select.append(new Option(shown, String(index), false, chosen.includes(value)));
  });
  const known = choices.map(([value]) => value);
  // One that is none of the choices stays until another one is chosen.
  const foreign = chosen.filter((value) => !known.includes(value));
  foreign.forEach((value, index) => select.append(new Option(String(value), String(known.length + index), false, true)));
  const values = [...known, ...foreign];
  select.addEventListener("change", () => set([...select.selectedOptions].map((option) => values[Number(option.value)])));
  return select;
}

/** Return values separated by commas; one that would be taken for several, or for another one, stands in quotes. */
function writeList(values) {
  return values
    .map(String)
    .map((value) => (/[,"]|^\s|\s$|^$/.test(value) ? `"${value.replaceAll('"', '""')}"` : value))
    .join(", ");
}

/** Return the values of a list that is written so. */
function readList(line) {
  const parts = line.matchAll(/\s*(?:"((?:[^"]|"")*)"\s*|([^,]*))(?:,|$)/g);
  return [...parts]
    .filter(([, quoted, plain]) => quoted !== undefined || plain.trim())
    .map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain.trim());
}

/** Return what was entered as JSON holds it: numbers that are exact are numbers. */
function convert(field, value) {
  const isNumber = ["integer", "float"].includes(field?.kind) && /^-?\d{1,15}(\.\d+)?$/.test(value);
  return isNumber ? Number(value) : value;
}
