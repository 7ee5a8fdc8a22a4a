// The device's token, renewed now and then and without a word. At every moment one of two tokens is good, and both are kept:
// the gateway takes the old one until the new one is first used.
import { get, within } from "./db.js";
import { seal, unseal } from "./vault.js";

export const RENEW_MS = 7 * 24 * 3_600_000;
const SECONDS = 20_000;

// Asks for a new token when the old one is a week old, and begins to use it. Again and again if it must: nothing is lost
// whenever this ends, and what could not be done now is done the next time.
export async function renew() {
  if (!navigator.locks) return renewed();
  return navigator.locks.request("ksdb-renew", { ifAvailable: true }, (lock) => (lock ? renewed() : false));
}

async function renewed() {
  const device = await get("enrolment", "device");
  if (!device) return false;
  if (device.next) return settled(device);
  if (Date.now() - (device.renewed_at ?? 0) < RENEW_MS) return false;
  const { token } = await unseal(device.secret, device.key);
  const answer = await asked("/v1/rotate", token, "POST");
  if (answer?.status !== 200) return false;
  const next = await seal({ token: (await answer.json()).token }, device.key);
  const both = await changed(device, { next });
  return both ? settled(both) : false;
}

// The first use of the new token ends the old one. An answer that was lost is asked for again.
async function settled(device) {
  const { token } = await unseal(device.next, device.key);
  const answer = await asked("/v1/point", token, "GET");
  if (answer?.ok) return Boolean(await changed(device, { secret: device.next, next: null, renewed_at: Date.now() }));
  // The gateway knows no such offer, of a backup for instance: the old one is good, and tomorrow is another day.
  if (answer?.status === 401) await changed(device, { next: null, renewed_at: Date.now() - RENEW_MS + 24 * 3_600_000 });
  return false;
}

// On the disk when this returns; null when the device was let in anew, or wiped, meanwhile.
async function changed(device, given) {
  const after = { ...device, ...given };
  let isSame = false;
  await within(["enrolment"], (all) => {
    const store = all.objectStore("enrolment");
    const now = store.get("device");
    now.onsuccess = () => {
      isSame = now.result?.device_id === device.device_id;
      if (isSame) store.put(after, "device");
    };
  });
  return isSame ? after : null;
}

async function asked(path, token, method) {
  const headers = { authorization: `Bearer ${token}` };
  try {
    return await fetch(path, { method, headers, cache: "no-store", signal: AbortSignal.timeout(SECONDS) });
  } catch {
    return null;
  }
}
