// The boxes of the matrix: what holds, what is shown, and the boxes that stand for many.
export const PUSH = 1;
export const PULL = 2;
const FIRST = 2; // The cells before those of the groups: the name, and the boxes for all groups.

export class Grid {
  /** Return the grid of a part of the page, null where there is none. */
  static find(root) {
    const table = root.querySelector(".matrix-table");
    return table ? new Grid(table) : null;
  }

  constructor(table) {
    this.table = table;
    this.groups = [...table.querySelectorAll("th[data-group]")].map((head) => ({
      id: Number(head.dataset.group),
      most: Number(head.dataset.most),
      name: head.querySelector(".group-name").textContent,
    }));
    this.rows = [...table.querySelectorAll("tr[data-label]")].map((element) => ({
      element,
      label: element.dataset.label,
      name: element.querySelector("a").textContent,
      app: element.parentElement,
      rights: [...element.dataset.rights].map(Number),
    }));
    this.places = new Map(this.rows.map((row) => [row.element, row]));
    this.byLabel = new Map(this.rows.map((row) => [row.label, row]));
    this.byGroup = new Map(this.groups.map((group, index) => [group.id, index]));
    for (const box of table.querySelectorAll("input[data-some]")) {
      box.indeterminate = true;
    }
  }

  /** Return the cell that changes a box asks for, each {group, label, seen, wanted}: one, or those it stands for. */
  read(box) {
    const right = box.classList.contains("push") ? PUSH : PULL;
    return this.cellsOf(box)
      .map(([row, index]) => this.makeChange(row, index, right, box.checked))
      .filter((change) => change.seen !== change.wanted);
  }

  /** Return the cells that a box stands for, as [row, index of the group]. */
  cellsOf(box) {
    const cell = box.closest("td");
    const line = cell.parentElement;
    const rows = this.places.has(line) ? [this.places.get(line)] : this.rowsOf(line);
    const index = cell.cellIndex - FIRST;
    const indexes = index < 0 ? this.groups.map((_, each) => each) : [index];
    return rows.flatMap((row) => indexes.map((each) => [row, each]));
  }

  rowsOf(line) {
    return line.dataset.sums === "app" ? this.rows.filter((row) => row.app === line.parentElement) : this.rows;
  }

  makeChange(row, index, right, granted) {
    const seen = row.rights[index];
    const most = this.groups[index].most;
    const wanted = granted ? seen | (right & most) : seen & ~right;
    return { group: this.groups[index].id, label: row.label, seen, wanted };
  }

  /** Return [row, index] of a cell by group and label, null where it is not shown. */
  place(group, label) {
    const row = this.byLabel.get(label);
    const index = this.byGroup.get(group);
    return row && index !== undefined ? [row, index] : null;
  }

  /** Show rights in a cell. They hold already, or are being saved. */
  show(group, label, rights) {
    const place = this.place(group, label);
    if (place) {
      const [row, index] = place;
      row.rights[index] = rights;
      const boxes = row.element.cells[index + FIRST].children;
      setBox(boxes[0], rights & PUSH, 1);
      setBox(boxes[1], rights & PULL, 1);
    }
  }

  /** Let no box be ticked that the group may not be given, once it is not ticked any more. */
  settle(group, label) {
    const place = this.place(group, label);
    if (place) {
      const [row, index] = place;
      const boxes = row.element.cells[index + FIRST].children;
      const possible = row.rights[index] | this.groups[index].most;
      boxes[0].disabled = !(possible & PUSH);
      boxes[1].disabled = !(possible & PULL);
    }
  }

  /** Mark a cell as saving, saved or failed; without a mark it is as it was. */
  mark(group, label, mark, title = "") {
    const place = this.place(group, label);
    if (place) {
      const cell = place[0].element.cells[place[1] + FIRST];
      cell.classList.remove("is-saving", "is-saved", "is-failed");
      if (mark) {
        cell.classList.add(`is-${mark}`);
      }
      cell.title = title;
    }
  }

  /** Let the boxes that stand for many say whether all of them, some or none are ticked. */
  sumUp() {
    for (const line of this.table.querySelectorAll("tr.sums")) {
      const rows = this.rowsOf(line);
      this.sumLine(line, rows);
      this.groups.forEach((_, index) => this.sumCell(line.cells[index + FIRST], rows, [index]));
    }
    for (const row of this.rows) {
      this.sumLine(row.element, [row]);
    }
  }

  sumLine(line, rows) {
    this.sumCell(line.cells[1], rows, [...this.groups.keys()]);
  }

  sumCell(cell, rows, indexes) {
    [PUSH, PULL].forEach((right, position) => {
      let granted = 0;
      let possible = 0;
      for (const row of rows) {
        for (const index of indexes) {
          granted += row.rights[index] & right ? 1 : 0;
          possible += (row.rights[index] | this.groups[index].most) & right ? 1 : 0;
        }
      }
      setBox(cell.children[position], granted, possible);
    });
  }
}

function setBox(box, granted, possible) {
  const checked = granted > 0 && (possible === 1 || granted === possible);
  const some = granted > 0 && !checked;
  if (box.checked !== checked) {
    box.checked = checked;
  }
  if (box.indeterminate !== some) {
    box.indeterminate = some;
  }
}
