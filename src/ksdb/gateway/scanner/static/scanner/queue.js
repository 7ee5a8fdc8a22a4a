// The scans that wait for the network: numbered and sealed when they are made, deleted when the gateway has them.
import { setAside } from "./aside.js";
import { found, get, put, within } from "./db.js";
import { renew } from "./renewal.js";
import { enrolment, seal, unseal } from "./vault.js";

export const VERSION = "2";
const TOGETHER = 200;
const SECONDS = 30_000;
// Refusals after which fewer scans go at a time; those of the second kind can be one scan's own fault.
const FOR_ITS_SIZE = new Set(["body_too_slow", "body_too_large", "too_many_scans"]);
const FOR_ITSELF = new Set(["body_unreadable", "store_failed"]);

// Keeps a scan; its sequence number. On the disk when this returns. Throws StorageFull.
export async function keep(scan, key) {
  const sealed = await seal(scan, key);
  return within(["queue", "counters"], (all) => {
    const counters = all.objectStore("counters");
    const asked = counters.get("scanned");
    asked.onsuccess = () => counters.put((asked.result ?? 0) + 1, "scanned");
    return all.objectStore("queue").add({ ...sealed, at: scan.scanned_at });
  });
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
    const scans = await next(together, device.key);
    if (scans.length === 0) return done;
    const answer = await send(scans, device);
    if (answer.results?.length) {
      await remove(answer.results.map((result) => result.sequence));
      done.sent += answer.results.length;
      done.results.push(...answer.results);
    } else if (answer.error === "device_unknown" && !isRenewed && (await renew())) {
      // The new token was used before this device could note it: now it has.
      [device, isRenewed] = [await enrolment(), true];
    } else if (!FOR_ITS_SIZE.has(answer.error) && !FOR_ITSELF.has(answer.error)) {
      return { ...done, error: answer.error };
    } else if (scans.length > 1) {
      together = Math.ceil(scans.length / 2);
    } else if (FOR_ITSELF.has(answer.error)) {
      await setAside(scans[0].sequence);
    } else {
      return { ...done, error: answer.error };
    }
  }
  return done;
}

async function next(count, key) {
  const rows = await rowsOf(count);
  return Promise.all(rows.map(async ([sequence, row]) => ({ sequence, ...(await unseal(row, key)) })));
}

async function rowsOf(count) {
  const [keys, rows] = await Promise.all([
    found("queue", (store) => store.getAllKeys(null, count)),
    found("queue", (store) => store.getAll(null, count)),
  ]);
  return keys.map((key, i) => [key, rows[i]]).filter(([, row]) => row);
}

// {results} or {status, error}.
async function send(scans, device) {
  const began = Date.now();
  const state = await stateOf(device);
  try {
    const response = await fetch("/v1/scans", {
      method: "POST",
      headers: { authorization: `Bearer ${device.token}`, "content-type": "application/json" },
      body: JSON.stringify({ sent_at: Date.now(), scans, state }),
      signal: AbortSignal.timeout(SECONDS),
    });
    const answer = await response.json();
    if (!response.ok) return { status: response.status, error: answer.error ?? "unexpected" };
    await noteClock(began, Date.now(), answer.received_at);
    return { results: answer.results, error: "unexpected" };
  } catch {
    return { status: 0, error: "offline" };
  }
}

async function stateOf() {
  const [{ scanned, waiting }, trust, status] = await Promise.all([
    counts(),
    get("lists", "trust"),
    get("lists", "status"),
  ]);
  const said = { app_version: VERSION, scanned_count: scanned, waiting_count: waiting };
  return { ...said, trust_serial: trust?.serial ?? null, status_serial: status?.serial ?? null };
}

// How far this clock is ahead of the gateway's, when that can be told to within the time the request took.
async function noteClock(began, ended, received) {
  if (ended - began < 10_000) await put("counters", "ahead_ms", Math.round((began + ended) / 2 - received));
}

const remove = (sequences) =>
  within(["queue"], (all) => sequences.forEach((sequence) => all.objectStore("queue").delete(sequence)));
