// One scan from the text that was read to the answer: judged, counted, kept. What the screen shows is elsewhere.
import { StorageFull, get, put } from "./db.js";
import { isSent, isVisit, judged } from "./judge.js";
import { keep } from "./queue.js";

const REPLAY_SECONDS = 180;
const STILL_THERE_MS = 8_000;

// A reader and its direction. Both lanes of a tablet share what the device knows.
export class Desk {
  constructor(known) {
    this.known = known;
    this.recent = new Map();
    this.codes = new Map();
    this.group = null;
    this.chain = Promise.resolve();
  }

  // {result, sequence, kind, inside}; null when it is the card still held before the camera. One scan after another, so
  // that the numbers follow the order in which people came.
  take(text, how, isExit) {
    const scannedAt = Date.now();
    const answer = this.chain.then(() => this.#taken(text, how, isExit, scannedAt));
    this.chain = answer.catch(() => null);
    return answer;
  }

  async #taken(text, how, isExit, scannedAt) {
    if (this.#isStillThere(text, how, isExit, scannedAt)) return null;
    const at = (scannedAt - this.known.ahead_ms) / 1000;
    const said = await judged(text, how, this.known, at);
    if (said.code && this.#isReplay(said.code, at)) return { result: "seen" };
    if (this.group?.has(said.card) && isVisit(said.result)) return { result: "seen" };
    if (!said.scan || !isSent(said.result)) return { result: said.result };
    return this.#kept(said, isExit, scannedAt);
  }

  async #kept(said, isExit, scannedAt) {
    let sequence;
    try {
      sequence = await keep({ scanned_at: scannedAt, is_exit: isExit, ...said.scan }, this.known.device.key);
    } catch (error) {
      if (error instanceof StorageFull) return { result: "storage_full" };
      throw error;
    }
    if (!isVisit(said.result)) return { result: said.result, sequence };
    this.group?.add(said.card);
    return { result: said.result, sequence, kind: said.kind, inside: await this.#counted(isExit) };
  }

  // People inside, by this device's scans of today.
  async #counted(isExit) {
    const today = dayOf(Date.now());
    const before = await get("counters", "inside");
    const count = before?.day === today ? before.count : 0;
    const inside = Math.max(0, count + (isExit ? -1 : 1));
    await put("counters", "inside", { day: today, count: inside });
    return inside;
  }

  #isStillThere(text, how, isExit, now) {
    const key = `${isExit}${text}`;
    const last = this.recent.get(key) ?? 0;
    this.recent.set(key, now);
    if (this.recent.size > 200) this.recent.delete(this.recent.keys().next().value);
    return how === "camera" && now - last < STILL_THERE_MS;
  }

  #isReplay(code, at) {
    for (const [seen, since] of this.codes) if (at - since > REPLAY_SECONDS) this.codes.delete(seen);
    const isReplay = this.codes.has(code);
    this.codes.set(code, this.codes.get(code) ?? at);
    return isReplay;
  }
}

export const dayOf = (ms) => new Date(ms + 7 * 3_600_000).toISOString().slice(0, 10);

export async function insideToday() {
  const kept = await get("counters", "inside");
  return kept?.day === dayOf(Date.now()) ? kept.count : 0;
}
