// What must not lie open on the device: sealed with a key that the browser keeps and hands to nobody.
import { get, put, wipe } from "./db.js";

const AES = { name: "AES-GCM", length: 256 };
const HMAC = { name: "HMAC", hash: "SHA-256" };
const unhex = (text) => Uint8Array.from(text.match(/../g), (pair) => Number.parseInt(pair, 16));

export async function newKey() {
  return crypto.subtle.generateKey(AES, false, ["encrypt", "decrypt"]);
}

export async function seal(value, key) {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const plain = new TextEncoder().encode(JSON.stringify(value));
  return { iv, sealed: await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, plain) };
}

export async function unseal({ iv, sealed }, key) {
  return JSON.parse(new TextDecoder().decode(await crypto.subtle.decrypt({ name: "AES-GCM", iv }, key, sealed)));
}

// Keeps what `/v1/enrol` answered. A device let in anew has nothing of what it was before.
export async function keepEnrolment(answer) {
  await wipe();
  const key = await newKey();
  const secret = await seal({ token: answer.token }, key);
  const root = { root: answer.root?.public_key ?? null, root_name: answer.root?.fingerprint ?? null };
  await put("enrolment", "device", { device_id: answer.device_id, ...root, key, secret, renewed_at: Date.now() });
  await keepPoint(answer.point, "");
}

// The key for other systems' numbers is kept as one that can be used and not read.
export async function keepPoint(point, etag) {
  const { foreign_key: given, ...plain } = point;
  const foreign = given ? await crypto.subtle.importKey("raw", unhex(given.key), HMAC, false, ["sign"]) : null;
  await put("enrolment", "point", { point: plain, etag, foreign });
}

// {device_id, token, root, root_name, key, point, etag, foreign}, or null before enrolment.
export async function enrolment() {
  const device = await get("enrolment", "device");
  const place = await get("enrolment", "point");
  if (!device || !place) return null;
  const { token } = await unseal(device.secret, device.key);
  const { device_id, root, root_name, key } = device;
  return { device_id, root, root_name: root_name ?? null, key, token, ...place };
}
