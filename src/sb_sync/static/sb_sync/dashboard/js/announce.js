// Tell the reader what happened: aloud to screen readers, and in a corner that goes away by itself.
import { icon } from "./icons.js";
import { text } from "./texts.js";

const SECONDS = { success: 4, info: 6, error: 0 };

/** Say something to screen readers without showing it. */
export function say(message) {
  const live = document.getElementById("live");
  live.textContent = "";
  // A text that replaces itself is not read out again.
  window.setTimeout(() => {
    live.textContent = message;
  }, 50);
}

/**
 * Show a message; kind is success, info or error. An error stays until it is closed.
 * action: {text, run} puts a button beside it; seconds says how long it stays.
 */
export function toast(message, kind = "info", { action, seconds = SECONDS[kind] } = {}) {
  const element = document.createElement("div");
  element.className = `toast-note notice-${kind}`;
  element.append(icon({ success: "check-circle", info: "info-circle", error: "exclamation-octagon" }[kind]));
  const words = document.createElement("p");
  words.textContent = message;
  const close = document.createElement("button");
  close.type = "button";
  close.className = "top-button";
  close.setAttribute("aria-label", text("close"));
  close.append(icon("x-lg"));
  close.addEventListener("click", () => element.remove());
  element.append(words, ...(action ? [makeButton(action, element)] : []), close);
  document.getElementById("toasts").append(element);
  say(message);
  if (seconds) {
    window.setTimeout(() => element.remove(), seconds * 1000);
  }
  return element;
}

function makeButton({ text: words, run }, element) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn-quiet";
  button.textContent = words;
  button.addEventListener("click", () => {
    element.remove();
    run();
  });
  return button;
}
