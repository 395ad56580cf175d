// Renew the matrix while its filters are being changed; the address always says what is shown.
import { say, toast } from "../announce.js";
import { send } from "../request.js";
import { text as textOf } from "../texts.js";

const PATIENCE_MILLISECONDS = 250;
const text = (name, values) => textOf(name, values, "matrix-texts");

/** wait: returns when all is saved, with how many requests that took so far; done: takes up the new table. */
export function watchSearch(root, { wait, done }) {
  const form = document.querySelector(".matrix-filters");
  let timer = 0;
  let asked = null;
  const renew = async () => {
    window.clearTimeout(timer);
    asked?.abort();
    asked = new AbortController();
    const { signal } = asked;
    const address = makeAddress(form);
    root.setAttribute("aria-busy", "true");
    try {
      const page = await askForPage(address, signal, wait);
      window.history.replaceState(null, "", address);
      replace(root, page);
      done();
      say(root.querySelector(".matrix-count")?.textContent ?? "");
    } catch (error) {
      if (!signal.aborted) {
        toast(text("searchFailed", { reason: error.message }), "error");
      }
    } finally {
      if (!signal.aborted) {
        root.removeAttribute("aria-busy");
      }
    }
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    renew();
  });
  form.addEventListener("change", (event) => {
    // What is typed is searched for while it is typed.
    if (event.target.type !== "search") {
      renew();
    }
  });
  form.querySelector("input[type=search]").addEventListener("input", () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(renew, PATIENCE_MILLISECONDS);
  });
  form.querySelector("[data-clear]").addEventListener("click", (event) => {
    event.preventDefault();
    form.querySelectorAll("input:not([type=hidden]), select").forEach(empty);
    renew();
  });
}

/** Return the page at an address; it is asked for again where rights were saved meanwhile, of which it may not know. */
async function askForPage(address, signal, wait) {
  for (;;) {
    const before = await wait();
    const page = await send(address, { signal });
    const after = await wait();
    signal.throwIfAborted();
    if (after === before) {
      return page;
    }
  }
}

function makeAddress(form) {
  const query = new URLSearchParams();
  for (const [name, value] of new FormData(form)) {
    if (value) {
      query.append(name, value);
    }
  }
  return `${window.location.pathname}?${query}`;
}

function replace(root, page) {
  const fresh = new DOMParser().parseFromString(page, "text/html");
  const found = fresh.getElementById("matrix");
  root.replaceChildren(...[...found.childNodes].map((node) => document.importNode(node, true)));
  document.getElementById("group-choice-text").textContent = fresh.getElementById("group-choice-text").textContent;
  document.querySelector("[data-clear]").hidden = fresh.querySelector("[data-clear]").hidden;
  const news = document.querySelector(".refresh-news");
  if (news) {
    news.href = window.location.href;
  }
}

function empty(field) {
  if (field.type === "checkbox") {
    field.checked = false;
  } else {
    field.value = "";
  }
}
