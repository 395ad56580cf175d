// Move through the matrix by keys, with one stop of the tab key, and say below it which cell it is.
import { text as textOf } from "../texts.js";

const PAGE = 10;
const text = (name, values) => textOf(name, values, "matrix-texts");

export function watchKeys(grid) {
  const { table } = grid;
  const lines = [...table.rows].filter((line) => line.querySelector("td"));
  table.querySelectorAll("th a").forEach((link) => {
    link.tabIndex = -1;
  });
  let current = boxAt(lines, 0, 0);
  if (current) {
    current.tabIndex = 0;
  }
  table.addEventListener("focusin", (event) => {
    if (event.target.matches("input") && event.target !== current) {
      if (current) {
        current.tabIndex = -1;
      }
      current = event.target;
      current.tabIndex = 0;
    }
    tell(grid, event.target);
  });
  table.addEventListener("keydown", (event) => move(event, lines));
  // A click beside the boxes of a cell chooses the cell, and changes nothing.
  table.addEventListener("click", (event) => {
    const cell = event.target.closest("td");
    if (cell && !event.target.matches("input")) {
      [...cell.children].find((box) => !box.disabled)?.focus();
    }
  });
}

function move(event, lines) {
  if (!event.target.matches("input") || event.altKey || event.metaKey) {
    return;
  }
  const line = lines.indexOf(event.target.closest("tr"));
  const cell = event.target.closest("td");
  const place = (cell.cellIndex - 1) * 2 + [...cell.children].indexOf(event.target);
  const last = (lines[line].cells.length - 1) * 2 - 1;
  const forward = document.documentElement.dir === "rtl" ? -1 : 1;
  const steps = {
    ArrowUp: [-1, 0],
    ArrowDown: [1, 0],
    ArrowLeft: [0, -forward],
    ArrowRight: [0, forward],
    PageUp: [-PAGE, 0],
    PageDown: [PAGE, 0],
    Home: [event.ctrlKey ? -line : 0, -place],
    End: [event.ctrlKey ? lines.length - 1 - line : 0, last - place],
  };
  if (!(event.key in steps)) {
    return;
  }
  event.preventDefault();
  const [down, right] = steps[event.key];
  const target = find(lines, { line, place, down, right, last });
  target?.focus();
}

/** Return the box so many steps away, the next one in that direction that can be changed. */
function find(lines, { line, place, down, right, last }) {
  let row = Math.min(Math.max(line + down, 0), lines.length - 1);
  let column = Math.min(Math.max(place + right, 0), last);
  const stepDown = Math.sign(down);
  const stepRight = Math.sign(right);
  const back = Math.abs(right) > 1; // From the end of a line on inwards.
  while (lines[row] && column >= 0 && column <= last) {
    const box = boxAt(lines, row, column);
    if (box && !box.disabled) {
      return box;
    }
    row += right ? 0 : stepDown;
    column += back ? -stepRight : stepRight;
    if (!stepDown && !stepRight) {
      return null;
    }
  }
  return null;
}

function boxAt(lines, row, place) {
  return lines[row]?.cells[Math.floor(place / 2) + 1]?.children[place % 2];
}

/** Say which cell has the focus, and lead to what belongs to it. */
function tell(grid, element) {
  const bar = document.querySelector("[data-cell-bar]");
  const row = grid.places.get(element.closest("tr"));
  const group = grid.groups[(element.closest("td")?.cellIndex ?? 0) - 2];
  const [filters, model] = [bar.querySelector("[data-cell-filters]"), bar.querySelector("[data-cell-model]")];
  const { dataset } = document.getElementById("matrix");
  filters.hidden = !(row && group);
  model.hidden = !row;
  if (row) {
    model.href = `${dataset.model}&model=${encodeURIComponent(row.label)}`;
  }
  if (row && group) {
    filters.href = `${dataset.filters}&group=${group.id}&model=${encodeURIComponent(row.label)}`;
  }
  const names = [group?.name, row?.label].filter(Boolean);
  bar.querySelector("[data-cell-name]").textContent =
    names.length === 2 ? text("cell", { group: names[0], model: names[1] }) : names[0] || text("many");
}
