// People inside, by this device's scans of today.
import { get } from "./db.js";

export const dayOf = (ms) => new Date(ms + 7 * 3_600_000).toISOString().slice(0, 10);

// The counter after `change` more people at an instant; each day begins with nobody.
export function insideAfter(kept, change, at) {
  const day = dayOf(at);
  return { day, count: Math.max(0, (kept?.day === day ? kept.count : 0) + change) };
}

export const insideToday = async () => insideAfter(await get("counters", "inside"), 0, Date.now()).count;
