// How far this device's clock is ahead of the gateway's, and since when: a clock that is set right must not move the scans
// that were made before. A stretch in which nobody touched the clock is an epoch; each scan is kept with the number of its own.
import { changed, get } from "./db.js";

const STEP_MS = 2_000;
const SAME_MS = 120_000;
const SLOW_MS = 10_000;
const KEPT = 60;

const drift = () => Date.now() - performance.now();
let before = drift();
let now = { epoch: 0, ahead_ms: 0 };

// A page that starts does not know what was done to the clock since the last one. What was known of it is a first guess.
export async function startClock() {
  now = current(await changed("counters", "clock", (kept) => next(kept ?? FIRST, null)));
}

export const aheadMs = () => now.ahead_ms;

// Whether the gateway told the time in this epoch; asked of the disk, because a service worker has seen none.
export const isClockKnown = async () => current((await get("counters", "clock")) ?? FIRST).isLearnt;

// Seconds since 1970 by the gateway's clock, as far as we know how ours differs.
export const gatewaySeconds = (at = Date.now()) => (at - now.ahead_ms) / 1000;

// The epoch of a scan that is made now; a new one when the clock was set since the last time.
export async function epochNow() {
  const [last, seen] = [before, drift()];
  before = seen;
  const step = seen - last;
  if (Math.abs(step) > STEP_MS) now = current(await changed("counters", "clock", (kept) => stepped(kept ?? FIRST, step)));
  return now.epoch;
}

// An answer that was asked for at `began` and came at `ended` told that it was `told` there. A slow one tells too little.
export async function learn(began, ended, told) {
  if (!Number.isFinite(told) || told <= 0 || ended - began > SLOW_MS) return;
  const ahead = Math.round((began + ended) / 2 - told);
  if (Math.abs(ahead - now.ahead_ms) < 500 && now.isLearnt) return;
  now = current(await changed("counters", "clock", (kept) => learnt(kept ?? FIRST, ahead)));
}

// By epoch, how far ahead the clock was, for those that are over and of which that is known.
export async function pastAheads() {
  const { epoch, epochs } = (await get("counters", "clock")) ?? FIRST;
  return new Map(Object.entries(epochs).filter(([name, one]) => Number(name) !== epoch && one.ahead !== null).map(([name, one]) => [Number(name), one.ahead]));
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
