// Show what the settings of a form would find, a moment after they were changed, without saving them.
import { send } from "../request.js";
import { text } from "../texts.js";
import { showFaults } from "./controls.js";
import { fill } from "./fragments.js";

const PAUSE = 350;
const TEXTS = "settings-texts";

/** Return what asks for a new preview. */
export function watchPreview(form, found, shown) {
  let timer = 0;
  let asked = null;

  const ask = async () => {
    asked?.abort();
    asked = new AbortController();
    const { signal } = asked;
    found.setAttribute("aria-busy", "true");
    try {
      const answer = await send(form.dataset.preview, { method: "POST", form: new FormData(form), signal });
      markFaults(form, {});
      fill(found, answer.html);
      shown();
    } catch (error) {
      if (signal.aborted) {
        return;
      }
      const faults = error.data?.errors;
      markFaults(form, faults || {});
      tell(found, faults ? text("correct", {}, TEXTS) : text("noPreview", { reason: error.message }, TEXTS));
    }
    if (asked?.signal === signal) {
      found.setAttribute("aria-busy", "false");
    }
  };
  return () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(ask, PAUSE);
  };
}

function markFaults(form, faults) {
  for (const setting of form.querySelectorAll(".setting")) {
    showFaults(setting, faults[setting.dataset.key]);
  }
}

/** Say above the list why it is not that of the settings. */
function tell(found, words) {
  found.querySelector(".preview-fault")?.remove();
  const line = document.createElement("p");
  line.className = "preview-fault filter-fault";
  line.textContent = words;
  found.prepend(line);
}
