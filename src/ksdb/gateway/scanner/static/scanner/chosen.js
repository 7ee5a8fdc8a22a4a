// What the operator chose on this device: directions, lanes, quiet. In the database, because a browser that is killed forgets
// the newest of its local storage, and an exit must not turn into an entrance.
import { changed, get } from "./db.js";

let known = {};

export async function readChosen() {
  known = (await get("counters", "chosen")) ?? {};
}

export const chosen = (name) => known[name];

export async function choose(name, value) {
  known = { ...known, [name]: value };
  await changed("counters", "chosen", (before) => ({ ...before, [name]: value }));
}
