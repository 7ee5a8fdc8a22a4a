// The scans that wait for the network: numbered and sealed when they are made, deleted when the gateway has them.
import { setAside } from "./aside.js";
import { isClockKnown, learn, pastAheads } from "./clock.js";
import { found, get, within } from "./db.js";
import { insideAfter } from "./inside.js";
import { isVisit } from "./judge.js";
import { renew } from "./renewal.js";
import { note } from "./shown.js";
import { syncStatus } from "./sync.js";
import { enrolment, seal, unseal } from "./vault.js";

export const VERSION = "3";
const TOGETHER = 200;
const SECONDS = 30_000;
// Refusals after which fewer scans go at a time; those of the second kind can be one scan's own fault.
const FOR_ITS_SIZE = new Set(["body_too_slow", "body_too_large", "too_many_scans"]);
const FOR_ITSELF = new Set(["body_unreadable", "store_failed"]);

// Keeps a scan with the epoch of the clock; {sequence, inside}: its number, and the people inside after it when `change` (1 or
// -1) counts it; `code`: {name, at} of an electronic card's code. All of it is on the disk when this returns, or none of it.
// Throws StorageFull.
export async function keep(scan, key, epoch = 0, { change = 0, code = null } = {}) {
  const row = { ...(await seal(scan, key)), at: scan.scanned_at, epoch, change };
  let inside;
  const sequence = await within(["queue", "counters"], (all) => {
    const counters = all.objectStore("counters");
    const asked = counters.get("scanned");
    asked.onsuccess = () => counters.put((asked.result ?? 0) + 1, "scanned");
    if (change) count(counters, change, Date.now(), (after) => (inside = after.count));
    if (code) note(counters, code.name, code.at);
    return all.objectStore("queue").add(row);
  });
  return { sequence, inside };
}

function count(counters, change, at, then) {
  const asked = counters.get("inside");
  asked.onsuccess = () => {
    const after = insideAfter(asked.result, change, at);
    counters.put(after, "inside");
    then(after);
  };
}

// {scanned, waiting, aside, oldest_at}
export async function counts() {
  const [scanned, waiting, aside, oldest] = await Promise.all([
    get("counters", "scanned"),
    found("queue", (store) => store.count()),
    found("aside", (store) => store.count()),
    found("queue", (store) => store.getAll(null, 1)),
  ]);
  return { scanned: scanned ?? 0, waiting, aside, oldest_at: oldest[0]?.at ?? null };
}

// Sends what waits, in order, unless another tab is at it. {sent, results, error}: the error is a code or null.
export async function flush() {
  if (!navigator.locks) return sendAll();
  return navigator.locks.request("ksdb-flush", { ifAvailable: true }, (lock) =>
    lock ? sendAll() : { sent: 0, results: [], error: null, isElsewhere: true },
  );
}

async function sendAll() {
  let device = await enrolment();
  let isRenewed = false;
  const done = { sent: 0, results: [], error: null };
  let together = TOGETHER;
  while (device) {
    const rows = await rowsOf(together);
    if (rows.length === 0) return done;
    const answer = await send(await scansIn(rows, device.key), device);
    if (answer.results?.length) {
      await remove(answer.results, new Map(rows));
      done.sent += answer.results.length;
      done.results.push(...answer.results);
    } else if (answer.error === "device_unknown" && !isRenewed && (await renew())) {
      // The new token was used before this device could note it: now it has.
      [device, isRenewed] = [await enrolment(), true];
    } else if (!FOR_ITS_SIZE.has(answer.error) && !FOR_ITSELF.has(answer.error)) {
      return { ...done, error: answer.error };
    } else if (rows.length > 1) {
      together = Math.ceil(rows.length / 2);
    } else if (FOR_ITSELF.has(answer.error)) {
      await setAside(rows[0][0]);
    } else {
      return { ...done, error: answer.error };
    }
  }
  return done;
}

// As the gateway takes them. Of a scan made before the clock was set, it is said how wrong the clock was then; that may
// follow from how wrong it is now, so one asks first.
async function scansIn(rows, key) {
  if (!(await isClockKnown())) await syncStatus();
  const aheads = await pastAheads();
  return Promise.all(
    rows.map(async ([sequence, row]) => {
      const ahead = aheads.get(row.epoch);
      return { sequence, ...(await unseal(row, key)), ...(ahead === undefined ? {} : { ahead_ms: ahead }) };
    }),
  );
}

async function rowsOf(most) {
  const [keys, rows] = await Promise.all([
    found("queue", (store) => store.getAllKeys(null, most)),
    found("queue", (store) => store.getAll(null, most)),
  ]);
  return keys.map((key, i) => [key, rows[i]]).filter(([, row]) => row);
}

// {results} or {status, error}.
async function send(scans, device) {
  const state = await stateOf(scans.length);
  const began = Date.now();
  try {
    const response = await fetch("/v1/scans", {
      method: "POST",
      headers: { authorization: `Bearer ${device.token}`, "content-type": "application/json" },
      body: JSON.stringify({ sent_at: began, scans, state }),
      signal: AbortSignal.timeout(SECONDS),
    });
    const answer = await response.json();
    if (!response.ok) return { status: response.status, error: answer.error ?? "unexpected" };
    await learn(began, Date.now(), answer.received_at);
    return { results: answer.results, error: "unexpected" };
  } catch {
    return { status: 0, error: "offline" };
  }
}

// How this device is doing, when the scans that go with it are gone.
async function stateOf(going) {
  const [{ scanned, waiting }, trust, heard, battery] = await Promise.all([
    counts(),
    get("lists", "trust"),
    get("lists", "heard"),
    navigator.getBattery?.().catch(() => null),
  ]);
  const said = { app_version: VERSION, scanned_count: scanned, waiting_count: Math.max(0, waiting - going) };
  if (battery) said.battery_percent = Math.round(battery.level * 100);
  return { ...said, trust_serial: trust?.serial ?? null, status_serial: heard?.serial ?? null };
}

// Whom the gateway refused after all is not inside.
const remove = (results, rows) =>
  within(["queue", "counters"], (all) => {
    let wrong = 0;
    for (const { sequence, result } of results) {
      const row = rows.get(sequence);
      if (row?.change && !isVisit(result) && insideAfter(null, 0, row.at).day === insideAfter(null, 0, Date.now()).day) wrong -= row.change;
      all.objectStore("queue").delete(sequence);
    }
    if (wrong) count(all.objectStore("counters"), wrong, Date.now(), () => null);
  });
