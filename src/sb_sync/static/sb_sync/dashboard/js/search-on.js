// A search for what is rare stops after some thousand entries: go on with it, page by page, until one page is full.
//
// <div id="older"> may hold [data-search-on] with a link to the next page; entries stand in <tbody id="entries"> within
// <div id="found" data-length>. Where nothing was found yet it begins by itself; what is being read never moves.
import { say } from "./announce.js";
import { showLocalTimes } from "./local-times.js";
import { text } from "./texts.js";

const SOURCE = "search-texts";
let isWanted = false;
let isRunning = false;
let holdsFocus = false; // Whether the focus stood in what was replaced.

export function watchSearch() {
  const notice = document.querySelector("[data-search-on]");
  if (!notice) {
    return;
  }
  document.getElementById("older").addEventListener("click", (event) => {
    const stop = event.target.closest("[data-search-stop]");
    const link = event.target.closest("[data-search-on] a");
    if (stop) {
      isWanted = false;
    } else if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      run();
    }
  });
  if (!count()) {
    run();
  }
}

async function run() {
  if (isRunning) {
    return;
  }
  isRunning = isWanted = true;
  const enough = count() + Number(document.getElementById("found").dataset.length);
  let failure = "";
  try {
    while (isWanted && count() < enough && document.querySelector("[data-search-on]")) {
      showStop();
      await goOn(document.querySelector("[data-search-on]").dataset.searchOn);
    }
  } catch (error) {
    failure = text("failed", {}, SOURCE);
  }
  isRunning = false;
  showLink(failure);
  say(failure || text("found", { count: count() }, SOURCE));
}

/** Ask for the next page and put what it found below what stands. */
async function goOn(address) {
  const answer = await fetch(address, { credentials: "same-origin", headers: { Accept: "text/html" } });
  if (!answer.ok || answer.redirected) {
    throw new Error(String(answer.status));
  }
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const found = fresh.getElementById("entries");
  const entries = document.getElementById("entries");
  if (found && entries) {
    entries.append(...adopt(found.children));
  } else if (found || !fresh.querySelector("[data-search-on]")) {
    // The first entries with their table; or that there is nothing, where none was found before.
    if (!entries) {
      document.getElementById("found").replaceChildren(...adopt(fresh.getElementById("found").childNodes));
    }
  }
  const older = document.getElementById("older");
  holdsFocus = older.contains(document.activeElement);
  older.replaceChildren(...adopt(fresh.getElementById("older").childNodes));
  showLocalTimes(document);
}

function adopt(nodes) {
  return [...nodes].map((node) => document.importNode(node, true));
}

function count() {
  return document.querySelectorAll("#entries > *").length;
}

function showStop() {
  const link = document.querySelector("[data-search-on] a");
  if (link) {
    const stop = document.createElement("button");
    stop.type = "button";
    stop.className = link.className;
    stop.dataset.searchStop = "";
    stop.textContent = text("stop", {}, SOURCE);
    const spinner = document.createElement("span");
    spinner.className = "spinner-border spinner-border-sm";
    spinner.setAttribute("aria-hidden", "true");
    stop.prepend(spinner, " ");
    replace(link, stop);
  }
}

function showLink(failure) {
  const notice = document.querySelector("[data-search-on]");
  const stop = notice?.querySelector("[data-search-stop]");
  if (stop) {
    const link = document.createElement("a");
    link.className = stop.className;
    link.rel = "next";
    link.href = notice.dataset.searchOn;
    link.textContent = text("further", {}, SOURCE);
    replace(stop, link);
  } else if (holdsFocus) {
    // At the end of the search there is no link: go on from where it stood.
    const older = document.getElementById("older");
    older.tabIndex = -1;
    (notice?.querySelector("a") ?? older).focus({ preventScroll: true });
  }
  if (failure && notice) {
    const told = document.createElement("p");
    told.className = "bad";
    told.textContent = failure;
    notice.append(told);
  }
}

/** Put one button or link in place of another, which takes the focus over. */
function replace(old, fresh) {
  const hadFocus = holdsFocus || document.activeElement === old;
  old.replaceWith(fresh);
  if (hadFocus) {
    fresh.focus({ preventScroll: true });
  }
  holdsFocus = false;
}

watchSearch();
