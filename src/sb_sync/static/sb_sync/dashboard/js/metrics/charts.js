// Draw the charts of the metrics; the tables below them say the same.
import { colour, makeOptions, makeSeries, nameSteps, numberOf } from "./drawing.js";
import { followKeys } from "./keyboard.js";
import { openStep } from "./steps.js";

const { steps, charts, texts } = JSON.parse(document.getElementById("metrics").textContent);
const drawn = [];

function draw(canvas) {
  const data = charts[canvas.dataset.chart];
  const chart = new window.Chart(canvas, {
    type: data.kind,
    data: { labels: nameSteps(steps), datasets: makeSeries(data) },
    options: makeOptions(data, steps, openStep),
  });
  listSeries(chart, data, document.querySelector(`[data-legend="${canvas.dataset.chart}"]`));
  followKeys(chart, canvas, steps, { unit: data.unit, nothing: texts.nothing });
  drawn.push({ chart, data });
  canvas.dataset.drawn = "true";
}

/** Name the series beside the chart; a press on one hides it. */
function listSeries(chart, data, list) {
  chart.data.datasets.forEach((series, place) => {
    const item = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    button.setAttribute("aria-pressed", "true");
    const mark = document.createElement("span");
    mark.className = `legend-mark legend-mark-${numberOf(data.lines[place], place)}`;
    button.append(mark, series.label);
    button.addEventListener("click", () => {
      const isShown = !chart.isDatasetVisible(place);
      chart.setDatasetVisibility(place, isShown);
      chart.update();
      button.setAttribute("aria-pressed", String(isShown));
    });
    item.append(button);
    list.append(item);
  });
}

/** Give the charts the colours of the theme that was chosen. */
function recolour() {
  for (const { chart, data } of drawn) {
    chart.options = makeOptions(data, steps, openStep);
    chart.data.datasets.forEach((series, place) => {
      series.borderColor = series.backgroundColor = colour(data.lines[place], place);
    });
    chart.update();
  }
}

try {
  document.querySelectorAll("canvas[data-chart]").forEach(draw);
  document.addEventListener("sb:theme", recolour);
} catch (error) {
  // The file of Chart.js did not come: the tables are there.
  document.getElementById("charts-failed").hidden = false;
  for (const box of document.querySelectorAll(".chart-box, .legend")) {
    box.hidden = true;
  }
  for (const table of document.querySelectorAll(".chart-table")) {
    table.open = true;
  }
}
