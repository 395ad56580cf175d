// Figures as people read them, by their unit.
const language = document.documentElement.lang || undefined;

function number(value, digits) {
  return new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(value);
}

/** Return a figure with its unit: seconds, MiB or count. */
export function write(value, unit) {
  if (unit === "seconds") {
    return value < 1 ? `${number(value * 1000, value < 0.01 ? 1 : 0)} ms` : `${number(value, 2)} s`;
  }
  if (unit === "MiB") {
    return `${number(value, 2)} MiB`;
  }
  return number(value, value >= 100 ? 0 : 1);
}
