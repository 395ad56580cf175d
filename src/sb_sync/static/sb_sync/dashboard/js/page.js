// What every page runs.
import { showLocalTimes } from "./local-times.js";
import { watchMenus } from "./menus.js";
import { watchRefresh } from "./refresh.js";
import { readMoments } from "./moments.js";

showLocalTimes(document);
watchMenus();
watchRefresh();
readMoments(document);
