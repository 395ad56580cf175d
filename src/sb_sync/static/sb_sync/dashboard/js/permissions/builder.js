// Build a condition by hand: groups of comparisons, joined by "all" or "any", each turned round by "not".
import { icon } from "../icons.js";
import { text as textOf } from "../texts.js";
import { asJson } from "./condition.js";
import { makeValue, valueFor } from "./values.js";

const text = (name, values) => textOf(name, values, "filter-texts");
const DEEPEST = 6;

export class Builder {
  /** changed: called after every change. */
  constructor(element, { fields, placeholders }, changed) {
    this.element = element;
    this.fields = new Map(fields.map((field) => [field.path, field]));
    this.changed = changed;
    this.root = null;
    this.serial = 0;
    this.placeholders = makeElement("datalist", { id: "filter-placeholders" });
    this.placeholders.append(...placeholders.map((value) => makeElement("option", { value })));
  }

  /** Show a condition; one that is empty gets a comparison to fill in. */
  show(root) {
    this.root = root;
    if (!root.parts.length) {
      root.parts.push(this.makeComparison());
    }
    this.draw();
  }

  /** Show faults, each beside the part in whose place it stands. */
  showFaults(faults) {
    this.element.querySelectorAll(".part-fault").forEach((element) => element.remove());
    this.element.querySelectorAll("[aria-invalid]").forEach((field) => field.removeAttribute("aria-invalid"));
    for (const fault of faults) {
      const part = this.find(fault.place);
      const told = makeElement("p", { className: "filter-fault part-fault", textContent: fault.text });
      part.append(told);
      part.querySelector(":scope > .part-line .control")?.setAttribute("aria-invalid", "true");
    }
  }

  /** Return the part at a place, the nearest one around it where it has none of its own. */
  find(place) {
    for (let end = place.length; end >= 0; end -= 1) {
      const wanted = JSON.stringify(place.slice(0, end));
      const found = [...this.element.querySelectorAll("[data-place]")].filter((part) => part.dataset.place === wanted);
      if (found.length) {
        return found[found.length - 1];
      }
    }
    return this.element;
  }

  makeComparison() {
    const [field] = this.fields.values();
    const operator = field.operators[0];
    return { field: field.path, operator, value: valueFor(field, operator), negated: false };
  }

  draw() {
    asJson(this.root);
    this.element.replaceChildren(this.drawGroup(this.root, null, 0), this.placeholders);
  }

  /** Draw everything again, with the focus in the part that was worked at. */
  redraw(node, selector) {
    this.draw();
    this.changed();
    const part = node && [...this.element.querySelectorAll("[data-place]")].find((each) => each.node === node);
    (part?.querySelector(selector) ?? this.element.querySelector("select"))?.focus();
  }

  drawGroup(group, parent, depth) {
    const element = this.makePart(group, "group");
    const word = this.makeSelect(text("join"), [["and", text("and")], ["or", text("or")]], group.word);
    word.addEventListener("change", () => {
      group.word = word.value;
      this.redraw(group, "select");
    });
    const line = makeElement("div", { className: "part-line" });
    line.append(word, this.makeNegation(group), ...(parent ? [this.makeRemoval(group, parent)] : []));
    const list = makeElement("div", { className: "part-list" });
    list.append(
      ...group.parts.map((part) => (part.word ? this.drawGroup(part, group, depth + 1) : this.drawComparison(part, group))),
    );
    const more = makeElement("div", { className: "part-more" });
    more.append(this.makeButton("plus-lg", text("addComparison"), () => this.add(group, this.makeComparison())));
    if (depth < DEEPEST) {
      const word = group.word === "and" ? "or" : "and";
      const inner = () => ({ word, parts: [this.makeComparison(), this.makeComparison()], negated: false });
      more.append(this.makeButton("intersect", text("addGroup"), () => this.add(group, inner())));
    }
    element.append(line, list, more);
    return element;
  }

  drawComparison(node, parent) {
    const element = this.makePart(node, "comparison");
    const line = makeElement("div", { className: "part-line" });
    const field = this.makeFieldChoice(node);
    const known = this.fields.get(node.field);
    const names = known ? [...known.operators] : [];
    const choices = names.includes(node.operator) ? names : [...names, node.operator];
    const operator = this.makeSelect(text("operator"), choices.map((name) => [name, text(`op.${name}`)]), node.operator);
    operator.addEventListener("change", () => {
      node.operator = operator.value;
      node.value = valueFor(known, node.operator, node.value);
      this.redraw(node, "[data-operator]");
    });
    operator.dataset.operator = "";
    const value = makeValue(node, known, () => this.changed());
    line.append(field, operator, value, this.makeNegation(node), this.makeRemoval(node, parent));
    element.append(line);
    return element;
  }

  makeFieldChoice(node) {
    const select = this.makeSelect(text("field"), [], "");
    const groups = new Map();
    for (const { path, text: name, relation } of this.fields.values()) {
      if (!groups.has(relation)) {
        const label = relation ? text("through", { relation }) : text("ownFields");
        groups.set(relation, makeElement("optgroup", { label }));
        select.append(groups.get(relation));
      }
      groups.get(relation).append(makeElement("option", { value: path, textContent: `${path} · ${name}` }));
    }
    if (!this.fields.has(node.field)) {
      const label = text("otherPath", { path: node.field });
      select.append(makeElement("option", { value: node.field, textContent: label }));
    }
    select.value = node.field;
    select.addEventListener("change", () => {
      const field = this.fields.get(select.value);
      node.field = select.value;
      if (field && !field.operators.includes(node.operator)) {
        node.operator = field.operators[0];
      }
      node.value = valueFor(field, node.operator);
      this.redraw(node, "select");
    });
    return select;
  }

  makePart(node, kind) {
    const element = makeElement("div", { className: `part part-${kind}` });
    element.classList.toggle("is-negated", node.negated);
    element.dataset.place = node.place;
    element.node = node;
    return element;
  }

  makeNegation(node) {
    const button = this.makeButton("", text("not"), () => {
      node.negated = !node.negated;
      this.redraw(node, "[aria-pressed]");
    });
    button.setAttribute("aria-pressed", String(node.negated));
    button.title = text("negate");
    return button;
  }

  makeRemoval(node, parent) {
    const button = this.makeButton("x-lg", text("remove"), () => {
      parent.parts.splice(parent.parts.indexOf(node), 1);
      if (!this.root.parts.length) {
        this.root.parts.push(this.makeComparison());
      }
      this.redraw(parent, "select");
    });
    button.classList.add("is-icon");
    return button;
  }

  makeButton(symbol, label, run) {
    const button = makeElement("button", { type: "button", className: "btn btn-quiet" });
    button.append(...(symbol ? [icon(symbol)] : []), makeElement("span", { textContent: label }));
    button.addEventListener("click", run);
    return button;
  }

  makeSelect(label, choices, value) {
    const select = makeElement("select", { className: "control" });
    select.setAttribute("aria-label", label);
    select.append(...choices.map(([name, shown]) => makeElement("option", { value: name, textContent: shown })));
    select.value = value;
    return select;
  }

  add(group, node) {
    group.parts.push(node);
    this.redraw(node, "select");
  }
}

function makeElement(name, properties = {}) {
  return Object.assign(document.createElement(name), properties);
}
