// Scans that the gateway will not take: sent again when there is hope, or written to a file, or thrown away by somebody.
import { found, get, within } from "./db.js";
import { enrolment, unseal } from "./vault.js";

const DAY_MS = 24 * 3_600_000;

// A scan that the gateway will not take even alone must not hold up the others; it is kept, and shown.
export async function setAside(sequence) {
  const row = await get("queue", sequence);
  await within(["queue", "aside"], (all) => {
    all.objectStore("aside").put({ ...row, aside_at: Date.now() }, sequence);
    return all.objectStore("queue").delete(sequence);
  });
}

// Puts them back among those that wait: all of them, or those whose last try was a day ago. A gateway that was at fault
// is mended some day. How many that are.
export async function putBack(isAll) {
  const rows = (await asideRows()).filter(([, row]) => isAll || Date.now() - (row.aside_at ?? 0) > DAY_MS);
  if (rows.length === 0) return 0;
  await within(["queue", "aside"], (all) => {
    for (const [sequence, row] of rows) {
      all.objectStore("queue").put(row, sequence);
      all.objectStore("aside").delete(sequence);
    }
  });
  return rows.length;
}

// As `ksdb visits import` takes them: a list of objects.
export async function asideFile() {
  const { key } = await enrolment();
  const scans = await Promise.all(
    (await asideRows()).map(async ([sequence, row]) => {
      const { foreign, ...scan } = await unseal(row, key);
      return { sequence, ...scan, ...(foreign ? { foreign_kind: foreign.kind, id_key: foreign.id_key } : {}) };
    }),
  );
  return new Blob([JSON.stringify(scans, null, 1)], { type: "application/json" });
}

export const discardAside = () => within(["aside"], (all) => all.objectStore("aside").clear());

async function asideRows() {
  const [keys, rows] = await Promise.all([
    found("aside", (store) => store.getAllKeys()),
    found("aside", (store) => store.getAll()),
  ]);
  return keys.map((key, i) => [key, rows[i]]).filter(([, row]) => row);
}
