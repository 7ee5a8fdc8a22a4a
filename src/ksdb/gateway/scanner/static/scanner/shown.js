// Codes of electronic cards that were shown in the last minutes, by their hashes alone: a reload, or the other tab, knows them too.
import { get } from "./db.js";

const REPLAY_SECONDS = 180;

export async function nameOf(code) {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(code));
  return Array.from(new Uint8Array(digest, 0, 16), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export const wasShown = async (name, at) => recent(await get("counters", "shown"), at).has(name);

// Within the transaction that keeps the scan: both are on the disk, or neither.
export function note(counters, name, at) {
  const asked = counters.get("shown");
  asked.onsuccess = () => counters.put([...recent(asked.result, at).set(name, at)], "shown");
}

// What a clock that was set back had as later is forgotten as well.
const recent = (kept, at) => new Map((kept ?? []).filter(([, since]) => Math.abs(at - since) <= REPLAY_SECONDS));
