// Ask every 30 s whether there is something new, and say so: what is being read never moves.
//
// <div data-refresh="address"> holds a link .refresh-news and a button [data-refresh-toggle]; the address answers
// {"count": 7, "text": "7 new entries"}. Parts marked [data-live] (with an id) are figures that stand still: they are
// taken from the page itself, asked for again, where <body> or a part of the page has data-live-page.
import { say } from "./announce.js";
import { showLocalTimes } from "./local-times.js";
import { send } from "./request.js";

const SECONDS = 30;
const works = [];

export function watchRefresh() {
  for (const element of document.querySelectorAll("[data-refresh]")) {
    watchNews(element);
  }
  const live = document.querySelectorAll("[data-live]");
  if (live.length) {
    repeat(() => renewParts(), Math.min(...[...live].map((part) => Number(part.dataset.live) || SECONDS)));
  }
}

function watchNews(element) {
  const link = element.querySelector(".refresh-news");
  const toggle = element.querySelector("[data-refresh-toggle]");
  let told = 0;
  repeat(async () => {
    const news = await send(element.dataset.refresh);
    if (news.count !== told) {
      told = news.count;
      link.hidden = !told;
      link.textContent = news.text;
      if (told) {
        say(news.text);
      }
    }
  }, Number(element.dataset.seconds) || SECONDS);
  toggle?.addEventListener("click", () => {
    const isPaused = toggle.getAttribute("aria-pressed") !== "true";
    toggle.setAttribute("aria-pressed", String(isPaused));
    // Whoever pauses wants nothing of the page to change.
    for (const work of works) {
      work.paused = isPaused;
    }
  });
}

/** Ask for this page again and put its [data-live] parts in place of those that stand. */
export async function renewParts() {
  const page = await fetch(window.location.href, { credentials: "same-origin", headers: { Accept: "text/html" } });
  if (!page.ok || page.redirected) {
    return;
  }
  const fresh = new DOMParser().parseFromString(await page.text(), "text/html");
  for (const part of document.querySelectorAll("[data-live][id]")) {
    const found = fresh.getElementById(part.id);
    const isUsed = part.contains(document.activeElement) || part.matches(":hover, details[open]");
    if (found && !isUsed && found.innerHTML !== part.dataset.shown) {
      part.dataset.shown = found.innerHTML;
      part.replaceChildren(...[...found.childNodes].map((node) => document.importNode(node, true)));
      showLocalTimes(part);
      part.dispatchEvent(new CustomEvent("sb:renewed", { bubbles: true }));
    }
  }
}

/** Do something every so many seconds while the page is seen; a failure is tried again at the next turn. */
function repeat(work, seconds) {
  const state = { paused: false };
  let asked = Date.now();
  const turn = async () => {
    if (document.hidden || state.paused || Date.now() - asked < seconds * 1000 - 50) {
      return;
    }
    asked = Date.now();
    try {
      await work();
    } catch (error) {
      // The next turn tries again; a reader who does something is told then.
    }
  };
  window.setInterval(turn, 1000);
  document.addEventListener("visibilitychange", turn);
  works.push(state);
}
