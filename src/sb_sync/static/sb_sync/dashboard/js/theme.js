// Light, dark or as the system has it: chosen before anything is drawn. Not a module, which would run too late.
(function () {
  "use strict";
  const KEY = "sb_sync.theme";
  const dark = window.matchMedia("(prefers-color-scheme: dark)");

  function choice() {
    try {
      const kept = window.localStorage.getItem(KEY);
      return kept === "light" || kept === "dark" ? kept : "auto";
    } catch (error) {
      return "auto"; // Storage is closed to this page.
    }
  }

  function apply() {
    const chosen = choice();
    const theme = chosen === "auto" ? (dark.matches ? "dark" : "light") : chosen;
    const changed = document.documentElement.dataset.bsTheme !== theme;
    document.documentElement.dataset.bsTheme = theme;
    document.documentElement.dataset.chosenTheme = chosen;
    for (const button of document.querySelectorAll("[data-theme-choice]")) {
      button.setAttribute("aria-pressed", String(button.dataset.themeChoice === chosen));
    }
    if (changed) {
      document.dispatchEvent(new CustomEvent("sb:theme", { detail: { theme } }));
    }
  }

  document.documentElement.classList.add("has-script");
  apply();
  dark.addEventListener("change", apply);
  window.addEventListener("storage", apply);
  document.addEventListener("DOMContentLoaded", apply);
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-theme-choice]");
    if (button) {
      try {
        window.localStorage.setItem(KEY, button.dataset.themeChoice);
      } catch (error) {
        // It holds for this page only.
      }
      apply();
    }
  });
})();
