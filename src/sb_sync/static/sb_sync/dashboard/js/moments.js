// Fields for a day or a time: chosen by the reader's clock, sent to the server in UTC.

/** Turn each field within an element into a picker of local time. */
export function readMoments(root) {
  const fields = [...root.querySelectorAll("input[data-moment]")].filter(becomePicker);
  for (const form of new Set(fields.map((field) => field.form))) {
    form?.addEventListener("formdata", (event) => {
      for (const field of fields.filter((each) => each.form === form)) {
        const text = write(field);
        if (text) {
          event.formData.set(field.name, text);
        } else {
          event.formData.delete(field.name);
        }
      }
    });
  }
}

/** Let a field be a picker; false for one whose text the server could not read, which stays for the reader to see. */
function becomePicker(field) {
  const given = field.value;
  const moment = new Date(given);
  if (given && Number.isNaN(moment.getTime())) {
    return false;
  }
  // Browsers complain of a text that is no time of theirs in such a field.
  field.value = "";
  field.type = "datetime-local";
  field.step = "1";
  field.value = given ? toLocal(moment) : "";
  field.dataset.given = given;
  field.dataset.shown = field.value;
  return true;
}

/** Return what a field says, in UTC. One that was left alone says what it was given: it shows no parts of a second, and
    not which of two equal hours is meant when clocks go back. */
function write(field) {
  if (!field.value || field.value === field.dataset.shown) {
    return field.value && field.dataset.given;
  }
  return new Date(field.value).toISOString().replace(/\.\d+Z$/, "Z");
}

function toLocal(moment) {
  const shifted = new Date(moment.getTime() - moment.getTimezoneOffset() * 60000);
  return shifted.toISOString().slice(0, 19);
}
