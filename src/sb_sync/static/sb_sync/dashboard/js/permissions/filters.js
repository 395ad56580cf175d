// The editor of a row filter: a builder that writes the JSON which the form sends, and a count of the rows it shows.
import { send } from "../request.js";
import { text as textOf } from "../texts.js";
import { Builder } from "./builder.js";
import { asJson, readJson } from "./condition.js";

const PATIENCE_MILLISECONDS = 400;
const text = (name, values) => textOf(name, values, "filter-texts");

const form = document.querySelector(".filter-form");
const area = form.querySelector("textarea");
const place = form.querySelector("[data-builder]");
const result = form.querySelector("[data-result]");
const user = form.querySelector("[data-user]");
const jsonFault = form.querySelector("[data-json-fault]");
const editor = JSON.parse(document.getElementById("filter-editor").textContent);

const builder = new Builder(place, editor, () => {
  const condition = asJson(builder.root);
  area.value = condition === null ? "" : JSON.stringify(condition, null, 2);
  jsonFault.textContent = "";
  countSoon();
});

let timer = 0;
let asked = null;

/** Show in the builder what the JSON says; where it cannot, the JSON itself. */
function take() {
  let condition = null;
  let fault = "";
  try {
    condition = area.value.trim() ? JSON.parse(area.value) : null;
  } catch (error) {
    fault = text("notJson");
  }
  const root = fault ? null : readJson(condition);
  if (!fault && !root) {
    fault = text("notShown");
  }
  jsonFault.textContent = fault;
  place.hidden = Boolean(fault);
  if (fault) {
    form.querySelector("[data-json]").open = true;
  } else {
    builder.show(root);
  }
  return !fault;
}

function countSoon() {
  window.clearTimeout(timer);
  asked?.abort();
  timer = window.setTimeout(count, PATIENCE_MILLISECONDS);
}

async function count() {
  let condition;
  try {
    condition = area.value.trim() ? JSON.parse(area.value) : null;
  } catch (error) {
    result.textContent = "";
    return;
  }
  if (condition === null) {
    builder.showFaults([]);
    result.textContent = "";
    return;
  }
  asked = new AbortController();
  const { signal } = asked;
  result.textContent = text("counting");
  try {
    const answer = await send(form.dataset.count, {
      method: "POST",
      json: { condition, user: user?.value || null },
      signal,
    });
    builder.showFaults(answer.faults);
    result.textContent = describe(answer);
  } catch (error) {
    if (!signal.aborted) {
      result.textContent = text("countFailed", { reason: error.message });
    }
  }
}

function describe(answer) {
  if (answer.faults.length) {
    return text("faulty");
  }
  if (answer.needsUser) {
    return text("needsUser");
  }
  return text("count", { matching: write(answer.matching), total: write(answer.total) });
}

function write({ number, isMore }) {
  if (number === null) {
    return text("tooLong");
  }
  const shown = number.toLocaleString(document.documentElement.lang);
  return isMore ? text("more", { number: shown }) : shown;
}

take();
builder.showFaults(editor.faults);
if (area.value.trim() && !editor.faults.length) {
  countSoon();
}
area.addEventListener("input", () => {
  take();
  countSoon();
});
user?.addEventListener("change", countSoon);
