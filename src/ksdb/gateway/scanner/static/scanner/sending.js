// What waits goes to the gateway, what is new comes from it, and what it says of a scan reaches the lane it was made in.
import { putBack } from "./aside.js";
import { chosen } from "./chosen.js";
import { flush } from "./queue.js";
import { renew } from "./renewal.js";
import { knowledge, noteStanding, refreshed, sync, syncStatus } from "./sync.js";
import { kindOf } from "./words.js";

const FLUSH_MS = 30_000;
const SYNC_MS = 60_000;
const LOOK_MS = 5_000;
const REST_MS = 5_000;
const LATE_MS = 15_000;
let desk;
let tell;
let refusal = null;
let isFull = false;
const awaited = new Map(); // sequence -> {lane, result, at}

// `told` is called whenever something that is shown may have changed.
export function startSending(forDesk, told) {
  [desk, tell] = [forDesk, told];
  for (const [target, event] of [[window, "online"], [document, "visibilitychange"]]) {
    target.addEventListener(event, () => document.hidden || update());
  }
  setInterval(send, FLUSH_MS);
  setInterval(() => document.hidden || update(), SYNC_MS);
  setInterval(() => document.hidden || look(), LOOK_MS);
  return update();
}

export const standing = () => ({ refusal, isFull });

// An answer was shown: what the gateway says of the same scan is compared with it.
export function expect(answer, lane) {
  if (answer.result === "storage_full") isFull = true;
  if (!answer.sequence) return;
  awaited.set(answer.sequence, { lane, result: answer.result, at: Date.now() });
  if (awaited.size > 200) awaited.delete(awaited.keys().next().value);
}

let sending = null;
let isMore = false;
let failedAt = 0;

// After a scan: where the network was away a moment ago, it is not tried again for each of a queue of people.
export function sendSoon() {
  if (Date.now() - failedAt > REST_MS) send();
  else tell();
}

// One sending at a time; what was scanned meanwhile goes right after it.
export function send() {
  isMore = true;
  sending ??= sendAll();
  return sending;
}

// It counts as ended in the same breath in which nothing more is asked for: a wish between the two would be lost.
async function sendAll() {
  try {
    while (isMore) await sendOnce();
  } finally {
    sending = null;
  }
}

async function sendOnce() {
  isMore = false;
  const done = await flush();
  refusal = done.error;
  failedAt = refusal ? Date.now() : 0;
  tryAgain(refusal || done.isElsewhere);
  if (done.sent) isFull = false;
  if (done.sent || refusal === "device_revoked") await noteStanding(refusal);
  for (const result of done.results) answerLate(result);
  desk.known = await refreshed(desk.known);
  await tell();
  if (refusal) await later();
}

let again = 0;
let rest = REST_MS;

// What could not be sent, or was left to another tab that had just finished, is tried again soon, then less and less often.
function tryAgain(isNeeded) {
  clearTimeout(again);
  rest = isNeeded ? Math.min(2 * rest, FLUSH_MS) : REST_MS;
  if (isNeeded) again = setTimeout(send, rest / 2);
}

function answerLate({ sequence, result }) {
  const one = awaited.get(sequence);
  awaited.delete(sequence);
  if (!one || Date.now() - one.at > LATE_MS || !isNews(one.result, result)) return;
  one.lane.correct({ result }, sequence, chosen("quiet") === true);
}

// A card that is not activated is "ask the ward" in the list of two bits, and unverified at the gateway: no news.
const isNews = (shown, said) => kindOf(shown) !== kindOf(said) && !(shown === "attention" && said === "unverified");

// Chromium sends by itself when the network is back, even if this page is closed by then.
async function later() {
  const registration = await navigator.serviceWorker?.getRegistration();
  await registration?.sync?.register("ksdb-flush").catch(() => null);
}

export async function update() {
  let said = null;
  try {
    await renew();
    await putBack(false);
    said = await sync();
    desk.known = (await knowledge()) ?? desk.known;
  } finally {
    await send(); // also where the storage is too full to note what is new: sending is what empties it
  }
  refusal ??= said;
  await tell();
}

let isLooking = false;
let lookFailedAt = 0;

// Between the updates, the status list alone: a card that was revoked at a desk is red here within ten seconds. Where there is
// nothing new the answer has no body.
async function look() {
  if (isLooking || Date.now() - Math.max(failedAt, lookFailedAt) < REST_MS) return;
  isLooking = true;
  try {
    const said = await syncStatus();
    desk.known = await refreshed(desk.known);
    if (refusal === "offline" && said !== "offline") return void (await send());
    refusal = said ?? (refusal === "offline" || refusal === "device_revoked" ? null : refusal);
    lookFailedAt = said === "offline" ? Date.now() : 0;
    await tell();
  } finally {
    isLooking = false;
  }
}
