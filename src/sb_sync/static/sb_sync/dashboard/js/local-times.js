// Times in the reader's own zone and language; the exact one in UTC stays as the title.
const language = document.documentElement.lang || undefined;
const FORMS = {
  full: { dateStyle: "medium", timeStyle: "medium" },
  short: { dateStyle: "short", timeStyle: "short" },
  date: { dateStyle: "medium" },
  time: { timeStyle: "medium" },
};
const UNITS = [
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];

/** Write every time within an element as the reader's clock has it. */
export function showLocalTimes(root) {
  for (const element of root.querySelectorAll("time[data-form]")) {
    const moment = new Date(element.dateTime);
    if (!Number.isNaN(moment.getTime())) {
      element.textContent = element.dataset.form === "ago" ? ago(moment) : format(moment, element.dataset.form);
    }
  }
}

/** Return a moment as text; form is full, short, date or time. */
export function format(moment, form = "full") {
  return new Intl.DateTimeFormat(language, FORMS[form] || FORMS.full).format(moment);
}

/** Return how long ago it was, the date where that is more than a week. */
export function ago(moment) {
  const seconds = (moment.getTime() - Date.now()) / 1000;
  if (Math.abs(seconds) > 7 * 86400) {
    return format(moment, "short");
  }
  const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) >= length) || ["second", 1];
  return new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(Math.round(seconds / size), unit);
}

window.setInterval(() => {
  for (const element of document.querySelectorAll('time[data-form="ago"]')) {
    element.textContent = ago(new Date(element.dateTime));
  }
}, 30000);
