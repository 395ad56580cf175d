// Parts of the page that the server made.
import { showLocalTimes } from "../local-times.js";

/** Put a part in place of what an element holds. */
export function fill(element, html) {
  const parsed = new DOMParser().parseFromString(html, "text/html");
  element.replaceChildren(...[...parsed.body.childNodes].map((node) => document.importNode(node, true)));
  showLocalTimes(element);
}
