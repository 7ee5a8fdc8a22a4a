// How far this device's clock is ahead of the gateway's, and since when: a clock that is set right must not move the scans
// that were made before. A stretch in which nobody touched the clock is an epoch; each scan is kept with the number of its own.
import { StorageFull, changed, get } from "./db.js";

const STEP_MS = 2_000;
const SAME_MS = 120_000;
const SLOW_MS = 10_000;
const KEPT = 60;

const drift = () => Date.now() - performance.now();
let before = drift();
let now = { epoch: 0, ahead_ms: 0 };
let unkept = null; // what is known of the clock and could not be noted, because the storage is full

// A page that starts does not know what was done to the clock since the last one. What was known of it is a first guess.
export async function startClock() {
  now = current(await noted((kept) => next(kept, null)));
}

export const aheadMs = () => now.ahead_ms;

// Whether the gateway told the time in this epoch; asked of the disk, because a service worker has seen none.
export const isClockKnown = async () => current(await known()).isLearnt;

// Seconds since 1970 by the gateway's clock, as far as we know how ours differs.
export const gatewaySeconds = (at = Date.now()) => (at - now.ahead_ms) / 1000;

// The epoch of a scan that is made now; a new one when the clock was set since the last time.
export async function epochNow() {
  const [last, seen] = [before, drift()];
  before = seen;
  const step = seen - last;
  if (Math.abs(step) > STEP_MS) now = current(await noted((kept) => stepped(kept, step)));
  return now.epoch;
}

// An answer that was asked for at `began` and came at `ended` told that it was `told` there. A slow one tells too little.
export async function learn(began, ended, told) {
  if (!Number.isFinite(told) || told <= 0 || ended - began > SLOW_MS) return;
  const ahead = Math.round((began + ended) / 2 - told);
  if (Math.abs(ahead - now.ahead_ms) < 500 && now.isLearnt) return;
  now = current(await noted((kept) => learnt(kept, ahead)));
}

// By epoch, how far ahead the clock was, for those that are over and of which that is known.
export async function pastAheads() {
  const { epoch, epochs } = await known();
  return new Map(Object.entries(epochs).filter(([name, one]) => Number(name) !== epoch && one.ahead !== null).map(([name, one]) => [Number(name), one.ahead]));
}

// What another tab noted of a later epoch goes before what this one could not note.
const newest = (kept = FIRST) => (unkept && unkept.epoch >= kept.epoch ? unkept : kept);
const known = async () => newest(await get("counters", "clock"));

// What `change` makes of it, on the disk. Where that is full, in memory until there is room: the scans that fill it are sent
// only when the time is known.
async function noted(change) {
  try {
    const after = await changed("counters", "clock", (kept) => change(newest(kept)));
    unkept = null;
    return after;
  } catch (error) {
    if (!(error instanceof StorageFull)) throw error;
    unkept = change(await known());
    return unkept;
  }
}

const FIRST = { epoch: 0, guess: 0, epochs: {} };
const current = ({ epoch, guess, epochs }) => ({ epoch, ahead_ms: guess, isLearnt: (epochs[epoch]?.ahead ?? null) !== null });

// `back`: by how much the clock was set back when the epoch began, or null where that is not known. Forward is not known:
// a device that slept looks the same.
function next(kept, back) {
  const epoch = kept.epoch + 1;
  const epochs = { ...kept.epochs, [epoch]: { ahead: null, back, began: Date.now() } };
  for (const name of Object.keys(epochs)) if (Number(name) <= epoch - KEPT) delete epochs[name];
  return { epoch, guess: kept.guess + (back ?? 0), epochs };
}

// Another tab may have seen the same step first.
function stepped(kept, step) {
  const newest = kept.epochs[kept.epoch];
  const back = step < 0 ? Math.round(step) : null;
  const isSame = newest && Math.abs(Date.now() - newest.began) < SAME_MS && newest.back !== null && back !== null && Math.abs(newest.back - back) < STEP_MS;
  return isSame ? kept : next(kept, back);
}

// What is learnt of this epoch tells of those before it, as long as the clock was only set back by a known step.
function learnt(kept, ahead) {
  const epochs = { ...kept.epochs, [kept.epoch]: { back: null, began: Date.now(), ...kept.epochs[kept.epoch], ahead } };
  for (let epoch = kept.epoch, then = ahead; epochs[epoch]?.back && epochs[epoch - 1]?.ahead === null; epoch -= 1) {
    then -= epochs[epoch].back;
    epochs[epoch - 1] = { ...epochs[epoch - 1], ahead: then };
  }
  return { ...kept, guess: ahead, epochs };
}
