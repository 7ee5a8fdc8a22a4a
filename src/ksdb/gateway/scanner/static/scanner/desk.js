// One scan from the text that was read to the answer: judged, counted, kept. What the screen shows is elsewhere.
import { epochNow, gatewaySeconds } from "./clock.js";
import { StorageFull } from "./db.js";
import { isSent, isVisit, judged } from "./judge.js";
import { keep } from "./queue.js";
import { nameOf, wasShown } from "./shown.js";

const STILL_THERE_MS = 8_000;

// Both lanes of a tablet share what the device knows; each has a direction and a group of its own.
export class Desk {
  constructor(known) {
    this.known = known;
    this.recent = new Map();
    this.chain = Promise.resolve();
  }

  // {result, sequence, kind, inside}; null when it is the card still held before the camera. One scan after another, so
  // that the numbers follow the order in which people came. What goes wrong is `not_saved`: nothing green stays standing.
  take(text, how, { isExit, group }) {
    const scannedAt = Date.now();
    const answer = this.chain.then(() => this.#taken(text, how, { isExit, group, scannedAt })).catch(faultOf);
    this.chain = answer;
    return answer;
  }

  async #taken(text, how, from) {
    if (this.known.isStopped) return { result: "stopped" };
    const key = `${from.isExit}${text}`;
    if (how === "camera" && from.scannedAt - (this.recent.get(key) ?? 0) < STILL_THERE_MS) {
      this.#note(key, from.scannedAt);
      return null;
    }
    const answer = await this.#answered(text, how, from);
    this.#note(key, from.scannedAt);
    return answer;
  }

  async #answered(text, how, { isExit, group, scannedAt }) {
    const epoch = await epochNow();
    const at = gatewaySeconds(scannedAt);
    const said = await judged(text, how, this.known, at);
    const code = said.code ? { name: await nameOf(said.code), at } : null;
    // Only of a code that would pass: one of a card that was lost meanwhile, or too old by now, is answered as what it is.
    if (code && isVisit(said.result) && (await wasShown(code.name, at))) return { result: "seen" };
    if (group?.has(said.card) && isVisit(said.result)) return { result: "seen" };
    if (!said.scan || !isSent(said.result)) return { result: said.result };
    const change = isVisit(said.result) ? (isExit ? -1 : 1) : 0;
    const scan = { scanned_at: scannedAt, is_exit: isExit, ...said.scan };
    const { sequence, inside } = await keep(scan, this.known.device.key, epoch, { change, code });
    if (change) await group?.add(said.card);
    return { result: said.result, sequence, kind: said.kind, inside };
  }

  // Only of what was answered: whose scan was not kept is to be scanned again.
  #note(key, at) {
    this.recent.delete(key);
    this.recent.set(key, at);
    if (this.recent.size > 200) this.recent.delete(this.recent.keys().next().value);
  }
}

function faultOf(error) {
  if (error instanceof StorageFull) return { result: "storage_full" };
  console.error(error.name); // its words may quote what was read
  return { result: "not_saved" };
}
