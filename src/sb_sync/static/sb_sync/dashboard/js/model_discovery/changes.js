// What is not saved yet: marked at each setting, counted below all of them.
import { text } from "../texts.js";
import { read, write } from "./controls.js";

const TEXTS = "settings-texts";

/** The settings of a form against what was set when it was read; `changed` is called when one says something else. */
export class Changes {
  constructor(form, changed) {
    this.form = form;
    this.changed = changed;
    this.settings = [...form.querySelectorAll(".setting")];
    for (const setting of this.settings) {
      if ("removed" in setting.dataset) {
        this.markRemoved(setting, true);
      }
    }
    this.count();
  }

  /** Take note of what was typed or chosen. */
  follow(event) {
    const setting = event.target.closest(".setting");
    if (setting && event.target.name) {
      if (this.isRemoved(setting)) {
        this.markRemoved(setting, false);
      }
      this.count();
      this.changed();
    }
  }

  isRemoved(setting) {
    return Boolean(setting.querySelector('input[name="reset"]'));
  }

  isChanged(setting) {
    return this.isRemoved(setting) || JSON.stringify(read(setting)) !== JSON.stringify(JSON.parse(setting.dataset.shown));
  }

  /** Let a setting have its default again, once it is saved; pressed again, what it said before. */
  toggleBack(setting) {
    const isRemoved = this.isRemoved(setting);
    write(setting, JSON.parse(isRemoved ? setting.dataset.shown : setting.dataset.without));
    this.markRemoved(setting, !isRemoved);
    this.count();
    this.changed();
  }

  markRemoved(setting, isRemoved) {
    setting.querySelector('input[name="reset"]')?.remove();
    if (isRemoved) {
      const mark = document.createElement("input");
      mark.type = "hidden";
      mark.name = "reset";
      mark.value = setting.dataset.key;
      setting.append(mark);
      // The server takes the mark; the control is free for another value.
      for (const input of setting.querySelectorAll(".setting-control :disabled")) {
        input.disabled = false;
      }
    }
    setting.querySelector("[data-back-text]").textContent = text(isRemoved ? "undo" : "back", {}, TEXTS);
  }

  /** Let every setting say what is set. */
  discard() {
    for (const setting of this.settings) {
      if (this.isChanged(setting)) {
        write(setting, JSON.parse(setting.dataset.shown));
        if (this.isRemoved(setting)) {
          this.markRemoved(setting, false);
        }
      }
    }
    this.count();
    this.changed();
  }

  /** Mark what is changed, and return how much that is. */
  count() {
    let count = 0;
    for (const setting of this.settings) {
      const isChanged = this.isChanged(setting);
      setting.classList.toggle("is-changed", isChanged);
      setting.querySelector("[data-mark]").hidden = !isChanged;
      count += isChanged;
    }
    const line = this.form.querySelector("[data-count]");
    const words = count ? text("changes", { count }, TEXTS) : text("saved", {}, TEXTS);
    if (line.textContent !== words) {
      line.textContent = words;
    }
    this.form.classList.toggle("has-changes", count > 0);
    this.form.querySelector("[data-discard]").disabled = !count;
    this.form.querySelector("[data-save]").disabled = !count;
    return count;
  }
}
