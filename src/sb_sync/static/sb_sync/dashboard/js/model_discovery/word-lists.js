// Lists of words: each word a mark that can be taken away, with suggestions for the next. The text box below holds them.
import { icon } from "../icons.js";
import { text } from "../texts.js";

const TEXTS = "settings-texts";

/** Put marks in place of the text box of a setting. */
export function showWords(setting, suggestions) {
  const box = setting.querySelector("textarea");
  const list = document.createElement("ul");
  list.className = "words";
  const field = makeField(setting, box, suggestions);
  const frame = document.createElement("div");
  frame.className = "words-frame";
  frame.append(list, field);
  box.hidden = true;
  box.after(frame);
  setting.querySelector("label.setting-title").htmlFor = field.id;

  const words = () => box.value.split(/\r?\n/).filter((word) => word.trim());
  const keep = (changed) => {
    box.value = changed.join("\n");
    draw();
    box.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const draw = () => list.replaceChildren(...words().map((word, place) => makeWord(word, () => remove(place))));
  const remove = (place) => {
    keep(words().filter((_word, other) => other !== place));
    field.focus();
  };
  const add = () => {
    const typed = field.value.split("\n").map((word) => word.trim());
    field.value = "";
    const fresh = typed.filter((word) => word && !words().includes(word));
    if (fresh.length) {
      keep([...words(), ...fresh]);
    }
  };
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && field.value.trim()) {
      event.preventDefault();
      add();
    } else if (event.key === "Backspace" && !field.value && words().length) {
      remove(words().length - 1);
    }
  });
  // What is chosen of the suggestions needs no Enter.
  field.addEventListener("input", (event) => {
    if (event.inputType === "insertReplacementText" || !event.inputType) {
      add();
    }
  });
  field.addEventListener("paste", (event) => {
    const pasted = event.clipboardData.getData("text");
    if (pasted.includes("\n")) {
      event.preventDefault();
      keep([...words(), ...pasted.split(/\r?\n/).map((word) => word.trim()).filter(Boolean)]);
    }
  });
  field.addEventListener("blur", add);
  setting.addEventListener("sb:written", draw);
  draw();
}

function makeField(setting, box, suggestions) {
  const field = document.createElement("input");
  field.type = "text";
  field.id = `${box.id}_word`;
  field.className = "words-field";
  field.placeholder = text("add", {}, TEXTS);
  field.autocomplete = "off";
  field.spellcheck = false;
  field.disabled = box.disabled;
  field.setAttribute("aria-describedby", box.getAttribute("aria-describedby"));
  if (box.hasAttribute("aria-invalid")) {
    field.setAttribute("aria-invalid", "true");
  }
  if (suggestions) {
    field.setAttribute("list", listOf(setting.dataset.suggested, suggestions));
  }
  return field;
}

function makeWord(word, remove) {
  const item = document.createElement("li");
  const button = document.createElement("button");
  button.type = "button";
  button.setAttribute("aria-label", text("remove", { name: word }, TEXTS));
  button.append(icon("x-lg", "icon-small"));
  button.addEventListener("click", remove);
  const name = document.createElement("span");
  name.textContent = word;
  item.append(name, button);
  return item;
}

/** Return the id of the list of suggestions of a kind, which is made once. */
function listOf(kind, suggestions) {
  const id = `suggested-${kind}`;
  if (!document.getElementById(id)) {
    const list = document.createElement("datalist");
    list.id = id;
    list.append(
      ...suggestions.map((word) => {
        const option = document.createElement("option");
        option.value = word;
        return option;
      }),
    );
    document.body.append(list);
  }
  return id;
}
