// What the control of a setting says, whatever kind it is: a text, a truth, or a list of texts.

const inputsOf = (setting) => [...setting.querySelectorAll(".setting-control [name]")];

/** Return what a control says. */
export function read(setting) {
  const inputs = inputsOf(setting);
  if (setting.dataset.control === "switch") {
    return inputs[0].checked;
  }
  if (inputs[0].type === "checkbox") {
    return inputs.filter((input) => input.checked).map((input) => input.value);
  }
  return inputs.length > 1 ? inputs.map((input) => input.value) : inputs[0].value.replace(/\r\n/g, "\n");
}

/** Let a control say something else. */
export function write(setting, value) {
  const inputs = inputsOf(setting);
  if (setting.dataset.control === "switch") {
    inputs[0].checked = value;
  } else if (inputs[0].type === "checkbox") {
    inputs.forEach((input) => {
      input.checked = value.includes(input.value);
    });
  } else if (inputs.length > 1) {
    inputs.forEach((input, place) => {
      input.value = value[place] ?? "";
    });
  } else {
    inputs[0].value = value;
  }
  setting.dispatchEvent(new CustomEvent("sb:written"));
}

/** Show what is wrong with a control; without texts nothing is. */
export function showFaults(setting, texts = []) {
  const box = setting.querySelector(".setting-faults");
  box.replaceChildren(
    ...texts.map((words) => {
      const line = document.createElement("p");
      line.className = "filter-fault";
      line.textContent = words;
      return line;
    }),
  );
  for (const input of setting.querySelectorAll(".setting-control :is(input, select, textarea)")) {
    if (texts.length) {
      input.setAttribute("aria-invalid", "true");
    } else {
      input.removeAttribute("aria-invalid");
    }
  }
}
