// The matrix of rights: every box is saved as soon as it is changed.
import { Grid } from "./grid.js";
import { watchKeys } from "./keys.js";
import { Saver } from "./saving.js";
import { watchSearch } from "./search.js";

const root = document.getElementById("matrix");
const saver = new Saver(root.dataset.save);

/** Take up the table that stands in the page. */
function begin() {
  const grid = Grid.find(root);
  saver.grid = grid;
  if (!grid) {
    return;
  }
  watchKeys(grid);
  if (!("mayChange" in root.dataset)) {
    return;
  }
  root.querySelector(".matrix-field").disabled = false;
  grid.table.addEventListener("change", (event) => {
    const changes = grid.read(event.target);
    if (changes.length) {
      saver.save(changes);
    }
  });
}

begin();
watchSearch(root, { wait: () => saver.idle(), done: begin });
window.addEventListener("beforeunload", (event) => {
  if (saver.isBusy) {
    event.preventDefault();
  }
});
