// Fields for a day or a time: chosen by the reader's clock, sent to the server in UTC.

/** Turn each field within an element into a picker of local time. */
export function readMoments(root) {
  for (const field of root.querySelectorAll("input[data-moment]")) {
    const given = field.value;
    const moment = parse(given, field.dataset.moment === "end");
    if (given && !moment) {
      continue; // What the server could not read stays as it is, for the reader to see.
    }
    // Browsers complain of a text that is no time of theirs in such a field.
    field.value = "";
    field.type = "datetime-local";
    field.step = "1";
    field.value = moment ? toLocal(moment) : "";
  }
  for (const form of new Set([...root.querySelectorAll("input[data-moment]")].map((field) => field.form))) {
    form?.addEventListener("formdata", (event) => {
      for (const field of form.querySelectorAll("input[data-moment][type=datetime-local]")) {
        const moment = field.value ? new Date(field.value) : null;
        if (moment) {
          event.formData.set(field.name, moment.toISOString().replace(/\.\d+Z$/, "Z"));
        } else {
          event.formData.delete(field.name);
        }
      }
    });
  }
}

function parse(text, isEnd) {
  if (/^\d{4}-\d{2}-\d{2}$/.test(text)) {
    return new Date(`${text}T${isEnd ? "23:59:59" : "00:00:00"}`);
  }
  const moment = new Date(text);
  return Number.isNaN(moment.getTime()) ? null : moment;
}

function toLocal(moment) {
  const shifted = new Date(moment.getTime() - moment.getTimezoneOffset() * 60000);
  return shifted.toISOString().slice(0, 19);
}
