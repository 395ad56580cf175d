// Search among the models that are found: as it is typed, and in the address.

/** Return what shows the models that the search takes; to be called again when the list is a new one. */
export function watchSearch(form, found) {
  const field = form.querySelector("[name=q]");
  const show = () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    const kind = form.querySelector("[name=show]:checked")?.value ?? "";
    narrow(found, words, kind);
    remember({ q: field.value.trim(), show: kind });
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    show();
  });
  form.addEventListener("input", show);
  return show;
}

function narrow(found, words, kind) {
  let shown = 0;
  for (const app of found.querySelectorAll("[data-app]")) {
    let shownHere = 0;
    for (const model of app.querySelectorAll("[data-label]")) {
      const isOfKind = !kind || kind === model.dataset.in || (kind === "changed" && model.dataset.change !== "");
      const text = `${model.dataset.label} ${model.dataset.name} ${model.querySelector(".preview-reason").textContent}`.toLowerCase();
      model.hidden = !(isOfKind && words.every((word) => text.includes(word)));
      shownHere += !model.hidden;
    }
    app.hidden = !shownHere;
    if (kind || words.length) {
      app.open = true;
    }
    shown += shownHere;
  }
  found.querySelector("[data-nothing]").hidden = shown > 0;
}

function remember(values) {
  const query = new URLSearchParams(window.location.search);
  for (const [name, value] of Object.entries(values)) {
    if (value) {
      query.set(name, value);
    } else {
      query.delete(name);
    }
  }
  const text = query.toString();
  window.history.replaceState(null, "", `${window.location.pathname}${text ? `?${text}` : ""}${window.location.hash}`);
}
