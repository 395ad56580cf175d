// Go through the points of a chart by the arrow keys: each is shown and said.
import { say } from "../announce.js";
import { write } from "./figures.js";
import { describeStep, openStep } from "./steps.js";

/** Let the keys move a chart's point; Enter opens its step, Escape lets it go. */
export function followKeys(chart, canvas, steps, { unit, nothing }) {
  let place = null;
  const moves = {
    ArrowRight: () => (place === null ? 0 : place + 1),
    ArrowLeft: () => (place === null ? steps.length - 1 : place - 1),
    Home: () => 0,
    End: () => steps.length - 1,
  };
  const letGo = () => {
    place = null;
    show(chart, place);
  };
  canvas.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && place !== null) {
      openStep(steps[place]);
    } else if (event.key === "Escape") {
      letGo();
    } else if (event.key in moves) {
      event.preventDefault();
      place = Math.min(Math.max(moves[event.key](), 0), steps.length - 1);
      show(chart, place);
      say(describe(chart, steps[place], place, unit, nothing));
    }
  });
  canvas.addEventListener("blur", letGo);
}

function show(chart, place) {
  const isShown = (series, index) => place !== null && chart.isDatasetVisible(index) && series.data[place] !== null;
  const active = chart.data.datasets
    .map((series, index) => (isShown(series, index) ? { datasetIndex: index, index: place } : null))
    .filter(Boolean);
  chart.setActiveElements(active);
  chart.tooltip.setActiveElements(active, { x: 0, y: 0 });
  chart.update();
}

function describe(chart, step, place, unit, nothing) {
  const values = chart.data.datasets
    .filter((series, index) => chart.isDatasetVisible(index) && series.data[place] !== null)
    .map((series) => `${series.label} ${write(series.data[place], unit)}`);
  return `${describeStep(step)}: ${values.join(", ") || nothing}`;
}
