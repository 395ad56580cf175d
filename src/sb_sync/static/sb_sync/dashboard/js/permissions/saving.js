// Save changes, one request after the other; what could not be saved is undone, and shown as it is now.
import { say, toast } from "../announce.js";
import { send } from "../request.js";
import { text as textOf } from "../texts.js";
import { PULL, PUSH } from "./grid.js";

const SHOWN_MILLISECONDS = 1600;
const UNDO_SECONDS = 12;

const text = (name, values) => textOf(name, values, "matrix-texts");
const keyOf = (change) => `${change.group} ${change.label}`;

export class Saver {
  constructor(address) {
    this.address = address;
    this.grid = null;
    this.waiting = new Map(); // By cell: what is shown, and not sent yet.
    this.running = null;
    this.sent = 0; // How many requests there were: a table that was asked for before one may be old.
  }

  get isBusy() {
    return this.running !== null;
  }

  /** Return how many requests there were, once nothing is being saved any more. */
  async idle() {
    while (this.running) {
      await this.running;
    }
    return this.sent;
  }

  /** Show changes at once and save them: those of one call in one request, those made meanwhile in the next. */
  save(changes) {
    for (const change of changes) {
      const earlier = this.waiting.get(keyOf(change));
      this.waiting.set(keyOf(change), { ...change, seen: earlier ? earlier.seen : change.seen });
      this.grid?.show(change.group, change.label, change.wanted);
      this.grid?.mark(change.group, change.label, "saving", text("saving"));
    }
    this.grid?.sumUp();
    if (!this.running) {
      this.running = this.run().finally(() => {
        this.running = null;
      });
    }
  }

  async run() {
    while (this.waiting.size) {
      const changes = [...this.waiting.values()];
      this.waiting.clear();
      const needed = changes.filter((change) => change.seen !== change.wanted);
      changes.filter((change) => change.seen === change.wanted).forEach((change) => this.mark(change, ""));
      if (needed.length) {
        await this.send(needed);
      }
    }
  }

  async send(changes) {
    this.sent += 1;
    try {
      const answer = await send(this.address, {
        method: "POST",
        json: { changes: changes.map(({ group, label, seen, wanted }) => [group, label, seen, wanted]) },
      });
      this.succeed(changes, answer);
    } catch (error) {
      this.fail(changes, error);
    }
  }

  succeed(changes, answer) {
    for (const change of changes) {
      if (!this.waiting.has(keyOf(change))) {
        this.mark(change, "saved");
        this.grid?.settle(change.group, change.label);
      }
    }
    window.setTimeout(() => {
      document.querySelectorAll("#matrix .is-saved").forEach((cell) => cell.classList.remove("is-saved"));
    }, SHOWN_MILLISECONDS);
    if (changes.length === 1) {
      say(text("saved", { what: this.describe(changes[0]) }));
    } else {
      toast(text("savedMany", { count: countRights(changes) }), "success", {
        seconds: UNDO_SECONDS,
        action: { text: text("undo"), run: () => this.save(changes.map(turn)) },
      });
    }
    if (answer.shared.length) {
      toast(text("shared", { models: shorten(answer.shared) }), "info");
    }
  }

  /** Show what holds: what the server says, else what was there before. What was changed meanwhile goes as well. */
  fail(changes, error) {
    const present = new Map((error.data?.cells ?? []).map(([group, label, rights]) => [`${group} ${label}`, rights]));
    for (const change of changes) {
      this.waiting.delete(keyOf(change));
      this.grid?.show(change.group, change.label, present.get(keyOf(change)) ?? change.seen);
      this.grid?.settle(change.group, change.label);
      const isOwn = !present.size || present.has(keyOf(change));
      this.mark(change, isOwn ? "failed" : "", isOwn ? error.message : "");
    }
    this.grid?.sumUp();
    toast(this.explain(error), "error", error.data?.log_in && error.status === 401 ? logInAt(error.data.log_in) : {});
  }

  explain(error) {
    if (error.status === 409) {
      return error.data?.who ? text("outdatedBy", { who: error.data.who }) : text("outdated");
    }
    return text("undone", { reason: error.message });
  }

  mark(change, mark, title) {
    this.grid?.mark(change.group, change.label, mark, title);
  }

  describe({ group, label, seen, wanted }) {
    const place = this.grid?.place(group, label);
    const right = (seen ^ wanted) & PUSH ? text("push") : text("pull");
    const names = { group: place ? this.grid.groups[place[1]].name : group, model: place ? place[0].name : label, right };
    return text(wanted & ~seen ? "granted" : "revoked", names);
  }
}

function turn({ group, label, seen, wanted }) {
  return { group, label, seen: wanted, wanted: seen };
}

function countRights(changes) {
  const count = (bits) => (bits & PUSH ? 1 : 0) + (bits & PULL ? 1 : 0);
  return changes.reduce((sum, change) => sum + count(change.seen ^ change.wanted), 0);
}

function shorten(labels) {
  return labels.length > 3 ? `${labels.slice(0, 3).join(", ")} …` : labels.join(", ");
}

function logInAt(address) {
  const next = encodeURIComponent(window.location.pathname + window.location.search);
  return { action: { text: text("logIn"), run: () => window.location.assign(`${address}?next=${next}`) } };
}
