// Ask the server, and have every way of failing told in words.
import { text } from "./texts.js";

const PATIENCE = 15000;

/** What went wrong: kind is timeout, offline, loggedOut, refused (the server said why) or failed. */
export class RequestFailed extends Error {
  constructor(kind, { message, status = 0, data = null } = {}) {
    super(message || text(kind));
    this.kind = kind;
    this.status = status;
    this.data = data;
  }
}

/**
 * Send a request and return the JSON of the answer, or text where it is none.
 * json: a body to send as JSON; form: a FormData or URLSearchParams. Raises RequestFailed, whose message is for people.
 */
export async function send(address, { method = "GET", json, form, patience = PATIENCE, signal } = {}) {
  signal?.throwIfAborted();
  const stop = new AbortController();
  let late = false;
  const timer = window.setTimeout(() => {
    late = true;
    stop.abort();
  }, patience);
  signal?.addEventListener("abort", () => stop.abort());
  const headers = { Accept: "application/json" };
  if (method !== "GET") {
    headers["X-CSRFToken"] = document.querySelector("meta[name=csrf-token]").content;
  }
  if (json !== undefined) {
    headers["Content-Type"] = "application/json";
  }
  let response, data;
  try {
    response = await fetch(address, {
      method,
      headers,
      body: json !== undefined ? JSON.stringify(json) : form,
      credentials: "same-origin",
      signal: stop.signal,
    });
    data = await read(response);
  } catch (error) {
    if (signal?.aborted) {
      throw error;
    }
    throw new RequestFailed(late ? "timeout" : "offline");
  } finally {
    window.clearTimeout(timer);
  }
  if (!response.ok) {
    throw new RequestFailed(kindOf(response.status), { message: data?.detail, status: response.status, data });
  }
  return data;
}

async function read(response) {
  const type = response.headers.get("Content-Type") || "";
  const body = await response.text();
  if (!type.startsWith("application/json")) {
    return body;
  }
  try {
    return JSON.parse(body);
  } catch (error) {
    return null;
  }
}

function kindOf(status) {
  if (status === 401) {
    return "loggedOut";
  }
  return status < 500 ? "refused" : "failed";
}
