// Tell the reader what happened: aloud to screen readers, and in a corner that goes away by itself.
import { icon } from "./icons.js";
import { text } from "./texts.js";

const SECONDS = { success: 4, info: 6, error: 0 };

const waiting = [];

/** Say something to screen readers without showing it; what comes at once is said one after the other. */
export function say(message) {
  waiting.push(message);
  if (waiting.length > 1) {
    return;
  }
  const live = document.getElementById("live");
  live.textContent = "";
  // A text that replaces itself is not read out again.
  window.setTimeout(() => {
    live.textContent = waiting.splice(0).join(" ");
  }, 50);
}

/**
 * Show a message; kind is success, info or error. An error stays until it is closed.
 * action: {text, run} puts a button beside it; seconds says how long it stays, longer where somebody is at it.
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
  const dismiss = watchFocus(element);
  close.addEventListener("click", dismiss);
  element.append(words, ...(action ? [makeButton(action, dismiss)] : []), close);
  document.getElementById("toasts").append(element);
  say(message);
  if (seconds) {
    window.setTimeout(() => leave(element), seconds * 1000);
  }
  return element;
}

/** Return what takes an element away and gives the focus back to where it came from. */
function watchFocus(element) {
  let origin = null;
  element.addEventListener("focusin", (event) => {
    if (!element.contains(event.relatedTarget)) {
      origin = event.relatedTarget;
    }
  });
  return () => {
    element.remove();
    origin?.focus({ preventScroll: true });
  };
}

/** Take an element away as soon as neither focus nor pointer is at it. */
function leave(element) {
  if (element.matches(":hover, :focus-within")) {
    window.setTimeout(() => leave(element), 1000);
  } else {
    element.remove();
  }
}

function makeButton({ text: words, run }, dismiss) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn-quiet";
  button.textContent = words;
  button.addEventListener("click", () => {
    dismiss();
    run();
  });
  return button;
}
