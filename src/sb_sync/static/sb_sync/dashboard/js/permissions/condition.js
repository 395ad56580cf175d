// A condition as the builder holds it, to and from JSON.
//
// A group: {word: "and" | "or", parts, negated}; a comparison: {field, operator, value, negated}.

/** Return an empty group with one comparison to fill in. */
export function makeRoot(comparison) {
  return { word: "and", parts: [comparison], negated: false };
}

/** Return what a JSON condition says with a group at its root; null where it is written as the builder cannot show. */
export function readJson(condition) {
  if (condition === null || (isObject(condition) && !Object.keys(condition).length)) {
    return { word: "and", parts: [], negated: false };
  }
  const node = read(condition, 0);
  if (!node) {
    return null;
  }
  return node.word ? node : makeRoot(node);
}

/** Return the JSON of a group or comparison, null for an empty one; every node learns its place in it. */
export function asJson(node, place = []) {
  const inner = node.negated ? [...place, "not"] : place;
  const condition = node.word ? writeGroup(node, inner) : writeComparison(node);
  node.place = JSON.stringify(inner);
  return condition !== null && node.negated ? { not: condition } : condition;
}

function read(condition, depth) {
  if (!isObject(condition) || depth > 20) {
    return null;
  }
  const keys = Object.keys(condition);
  if (keys.length === 1 && keys[0] === "not") {
    const part = read(condition.not, depth + 1);
    return part && { ...part, negated: !part.negated };
  }
  if (keys.length === 1 && ["and", "or"].includes(keys[0])) {
    return readGroup(keys[0], condition[keys[0]], depth);
  }
  const { field, operator, value } = condition;
  const isComparison = keys.length === 3 && typeof field === "string" && typeof operator === "string";
  return isComparison && value !== undefined ? { field, operator, value, negated: false } : null;
}

function readGroup(word, inner, depth) {
  const parts = Array.isArray(inner) ? inner.map((part) => read(part, depth + 1)) : [null];
  return parts.length && parts.every(Boolean) ? { word, parts, negated: false } : null;
}

function writeGroup(node, place) {
  if (node.parts.length === 1) {
    return asJson(node.parts[0], place);
  }
  const parts = node.parts.map((part, index) => asJson(part, [...place, node.word, index]));
  return parts.length ? { [node.word]: parts } : null;
}

function writeComparison({ field, operator, value }) {
  return { field, operator, value };
}

function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
