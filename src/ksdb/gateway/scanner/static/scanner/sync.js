// Brings the device's lists and its point's settings up to date, and has them at hand for the next scan.
import { gatewaySeconds, learn } from "./clock.js";
import { changed, get, put } from "./db.js";
import { ListFault, readDelta, readStatusList, readTrustList, rootNamed } from "./lists.js";
import { readyTrust } from "./token.js";
import { enrolment, keepEnrolment, keepPoint } from "./vault.js";

const DELTA_TYPE = "application/vnd.ksdb.status-delta+cbor";
const SECONDS = 20_000;
// By it the gateway knows that it is we who ask again with a code that is used, because its answer never came.
const NONCE = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

export class Refused extends Error {
  constructor(code) {
    super(code);
    this.code = code;
  }
}

// Lets this device in. `rootName`: by which the owner's page names the root, where this device read that. Throws Refused with
// the gateway's code, or "offline", or "root_differs" when the gateway names another root than the owner's page.
export async function enrol(code, name, rootName = null) {
  const response = await asked("/v1/enrol", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ code, name, nonce: NONCE }),
  });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refused(answer.error ?? "unexpected");
  const root = answer.root ?? null;
  if (root && (await rootNamed(root.public_key)) !== root.fingerprint) throw new Refused("root_differs");
  if (root && rootName && root.fingerprint !== rootName) throw new Refused("root_differs");
  await keepEnrolment({ ...answer, root: root ?? { public_key: null, fingerprint: rootName } });
  await navigator.storage?.persist?.();
}

// Fetches what is new; the code of the first refusal, or null. What fails leaves what we had.
export const sync = () => inStep([trustList, statusList, pointSettings]);

// Only what may change from one person to the next: whose card was revoked, and whether this device was.
export const syncStatus = () => inStep([statusList]);

// The gateway's word on whether this device may go on; what it says of anything else changes nothing.
export async function noteStanding(refusal) {
  if (refusal !== null && refusal !== "device_revoked") return;
  const isStopped = refusal !== null;
  await changed("counters", "stopped", (before) => (Boolean(before) === isStopped ? undefined : isStopped));
}

let running = Promise.resolve(null);

// One after another: two looks at once would each bring a difference to the same list.
function inStep(steps) {
  running = running.catch(() => null).then(() => taken(steps));
  return running;
}

async function taken(steps) {
  const device = await enrolment();
  if (!device) return null;
  let refusal = null;
  for (const step of steps) {
    try {
      await step(device);
    } catch (error) {
      if (!(error instanceof Refused || error instanceof ListFault)) throw error;
      refusal ??= error.code;
    }
  }
  await noteStanding(refusal);
  return refusal;
}

async function trustList(device) {
  const known = await get("lists", "trust");
  const response = await fetched("/v1/trust-list", device, known && `"${known.serial}"`);
  if (!response) return;
  const root = device.root ?? known?.root ?? null;
  const list = await readTrustList(await bytesOf(response), root, known?.serial ?? 0);
  if (device.root_name && (await rootNamed(list.root)) !== device.root_name) throw new ListFault("unknown_key");
  await put("lists", "trust", list);
}

// A list is a megabyte, and asked for every few seconds: what is noted each time lies beside it.
async function statusList(device) {
  const [heard, trust] = await Promise.all([heardOf(), get("lists", "trust")]);
  if (!trust) throw new Refused("list_missing");
  const path = heard ? `/v1/status-list?since=${heard.serial}` : "/v1/status-list";
  const response = await fetched(path, device, heard && `"${heard.serial}"`);
  const at = gatewaySeconds();
  let serial = heard?.serial;
  if (response) {
    const known = await get("lists", "status");
    const isDelta = response.headers.get("content-type") === DELTA_TYPE;
    const bytes = await bytesOf(response);
    const list = isDelta ? await applied(bytes, known, trust, at, device) : await readStatusList(bytes, trust.keys, at, known?.serial ?? 0);
    await put("lists", "status", list);
    serial = list.serial;
  }
  await put("lists", "heard", { serial, at });
}

// {serial, at}: the status list that this device has, and when the gateway last said that there is none newer.
async function heardOf() {
  const heard = await get("lists", "heard");
  if (heard) return heard;
  const list = await get("lists", "status");
  return list ? { serial: list.serial, at: list.made_at } : null;
}

// Differences that do not fit are no disaster: the whole list is fetched instead.
async function applied(bytes, known, trust, at, device) {
  try {
    return await readDelta(bytes, known, trust.keys, at);
  } catch (error) {
    if (!(error instanceof ListFault)) throw error;
    const whole = await fetched("/v1/status-list", device, null);
    return readStatusList(await bytesOf(whole), trust.keys, at, known.serial);
  }
}

async function pointSettings(device) {
  const response = await fetched("/v1/point", device, device.etag);
  if (response) await keepPoint(await response.json(), response.headers.get("etag") ?? "");
}

// The answer, or null when we have it already. Throws Refused.
async function fetched(path, device, etag) {
  const headers = { authorization: `Bearer ${device.token}`, ...(etag ? { "if-none-match": etag } : {}) };
  const response = await asked(path, { headers, cache: "no-store" });
  if (response.status === 304) return null;
  if (response.ok) return response;
  const answer = await response.json().catch(() => ({}));
  throw new Refused(answer.error ?? "unexpected");
}

async function asked(path, options) {
  const began = Date.now();
  let response;
  try {
    response = await fetch(path, { ...options, signal: AbortSignal.timeout(SECONDS) });
  } catch {
    throw new Refused("offline");
  }
  await learn(began, Date.now(), Number(response.headers.get("ksdb-now-ms")));
  return response;
}

const bytesOf = async (response) => new Uint8Array(await response.arrayBuffer());

// All that a scan is judged by: {device, verifiers, status, root_name, isStopped}, or null before enrolment.
export async function knowledge() {
  const device = await enrolment();
  if (!device) return null;
  const [trust, list, heard, stopped] = await Promise.all([get("lists", "trust"), get("lists", "status"), heardOf(), get("counters", "stopped")]);
  const verifiers = trust ? await readyTrust(trust.keys) : null;
  const rootName = device.root_name ?? (trust?.root ? await rootNamed(trust.root) : null);
  const status = list ? { ...list, heard_at: heard.at } : null;
  return { device, verifiers, status, root_name: rootName, isStopped: Boolean(stopped) };
}

// The same after a look at the status list alone: read anew only where there is a newer one.
export async function refreshed(known) {
  const [heard, stopped] = await Promise.all([heardOf(), get("counters", "stopped")]);
  if (!heard || heard.serial !== known.status?.serial) return (await knowledge()) ?? known;
  return { ...known, status: { ...known.status, heard_at: heard.at }, isStopped: Boolean(stopped) };
}
