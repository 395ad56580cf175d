// How a chart looks: colours and letters are those of the page, in light and dark.
import { write } from "./figures.js";
import { describeStep, nameStep } from "./steps.js";

// Lines differ by more than their colour.
const DASHES = [[], [7, 4], [2, 3]];

/** Return a colour or another token of the page. */
function token(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--sb-${name}`).trim();
}

// What clients ask for has the colours that it has on the other pages too.
const NUMBERS = { pull: 1, push: 2 };

/** Return the number of the colour of a series: by its name where it has one of its own, else by its place. */
export function numberOf(line, place) {
  return NUMBERS[line.name] ?? (place % 5) + 1;
}

/** Return the colour of a series. */
export function colour(line, place) {
  return token(`chart-${numberOf(line, place)}`);
}

/** Return how series are drawn: a step without a measurement is a gap, a point between two gaps is a dot. */
export function makeSeries(chart) {
  return chart.lines.map((line, place) => ({
    label: line.title,
    data: line.values,
    borderColor: colour(line, place),
    backgroundColor: colour(line, place),
    ...(chart.kind === "line" ? lineLook(line, place) : { borderWidth: 0, borderRadius: 2, maxBarThickness: 28 }),
  }));
}

function lineLook(line, place) {
  const isAlone = (index) => (line.values[index - 1] ?? null) === null && (line.values[index + 1] ?? null) === null;
  return {
    borderWidth: 2,
    borderDash: DASHES[place % DASHES.length],
    pointRadius: ({ dataIndex }) => (isAlone(dataIndex) ? 3 : 0),
    pointHoverRadius: 4,
    pointHitRadius: 12,
    spanGaps: false,
    tension: 0,
  };
}

/** Return the options of a chart: it never moves by itself. */
export function makeOptions(chart, steps, open) {
  const isStacked = chart.kind === "bar";
  const letters = { color: token("muted"), font: { family: getComputedStyle(document.body).fontFamily, size: 12 } };
  return {
    animation: false,
    responsive: true,
    maintainAspectRatio: false,
    interaction: { mode: "index", intersect: false },
    onClick: (event, found) => found.length && open(steps[found[0].index]),
    scales: {
      x: {
        stacked: isStacked,
        grid: { display: false },
        border: { color: token("chart-grid") },
        ticks: { ...letters, maxRotation: 0, autoSkipPadding: 20 },
      },
      y: {
        stacked: isStacked,
        beginAtZero: true,
        grid: { color: token("chart-grid") },
        border: { display: false },
        ticks: { ...letters, maxTicksLimit: 6, callback: (value) => write(value, chart.unit) },
      },
    },
    plugins: { legend: { display: false }, tooltip: makeTooltip(chart, steps) },
  };
}

/** Return what stands below each step. */
export function nameSteps(steps) {
  return steps.map(nameStep);
}

function makeTooltip(chart, steps) {
  return {
    backgroundColor: token("raised"),
    borderColor: token("line-strong"),
    borderWidth: 1,
    titleColor: token("text"),
    bodyColor: token("text"),
    padding: 10,
    boxPadding: 4,
    callbacks: {
      title: (items) => (items.length ? describeStep(steps[items[0].dataIndex]) : ""),
      label: (item) => ` ${item.dataset.label}: ${write(item.raw, chart.unit)}`,
    },
  };
}
