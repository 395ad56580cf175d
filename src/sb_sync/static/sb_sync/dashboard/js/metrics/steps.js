// The steps of a chart: what stands below it, and what is said of one.
import { format } from "../local-times.js";

const language = document.documentElement.lang || undefined;
const tick = new Intl.DateTimeFormat(language, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

/** Return what stands below a step; days have their name from the server, by whose calendar they begin. */
export function nameStep(step) {
  return step.label || tick.format(new Date(step.start));
}

/** Return when a step begins and ends. */
export function describeStep(step) {
  return step.label || `${format(new Date(step.start), "short")} – ${format(new Date(step.end), "short")}`;
}

/** Open the page for one step alone, where there is more to see of it. */
export function openStep(step) {
  if (new Date(step.end) - new Date(step.start) > 3600000) {
    const query = new URLSearchParams(window.location.search);
    query.delete("period");
    query.set("since", step.start);
    query.set("until", step.end);
    window.location.search = query.toString();
  }
}
