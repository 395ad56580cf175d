// The page of the settings: lists of words, what is not saved, the preview, saving.
import { say, toast } from "../announce.js";
import { send } from "../request.js";
import { text } from "../texts.js";
import { Changes } from "./changes.js";
import { fill } from "./fragments.js";
import { watchSearch } from "./model-search.js";
import { watchPreview } from "./preview.js";
import { showWords } from "./word-lists.js";

const TEXTS = "settings-texts";
const form = document.getElementById("settings");
const found = document.getElementById("preview");
const search = document.getElementById("preview-search");
const suggestions = JSON.parse(document.getElementById("suggestions").textContent);
const showModels = search ? watchSearch(search, found) : () => {};
const preview = "preview" in form.dataset ? watchPreview(form, found, showModels) : () => {};
let changes = null;

/** Begin with the form as the server made it. */
function begin() {
  if (!("editable" in form.dataset)) {
    return;
  }
  for (const setting of form.querySelectorAll('.setting[data-control="lines"]')) {
    showWords(setting, suggestions[setting.dataset.suggested]);
  }
  changes = new Changes(form, preview);
  form.querySelector("[data-focus]")?.focus();
}

async function save() {
  const button = form.querySelector("[data-save]");
  button.disabled = true;
  say(text("saving", {}, TEXTS));
  try {
    const { address } = await send(window.location.href, { method: "POST", form: new FormData(form) });
    changes = null;
    window.location.assign(address);
  } catch (error) {
    if (error.data?.html) {
      fill(form, error.data.html);
      begin();
      preview();
    } else {
      button.disabled = false;
      toast(text("kept", { reason: error.message }, TEXTS), "error");
    }
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (changes?.count()) {
    save();
  }
});
for (const kind of ["input", "change"]) {
  form.addEventListener(kind, (event) => changes?.follow(event));
}
form.addEventListener("click", (event) => {
  const back = event.target.closest("[data-back]");
  if (back && changes) {
    event.preventDefault();
    changes.toggleBack(back.closest(".setting"));
  } else if (event.target.closest("[data-discard]")) {
    changes?.discard();
  }
});
window.addEventListener("beforeunload", (event) => {
  if (changes?.count()) {
    event.preventDefault();
  }
});
begin();
