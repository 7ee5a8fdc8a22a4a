// Trust list and status list, read as docs/card-format.md says: signed, typed, whole, and never older than what we have.
import { NotStrict, Tagged, hex, readStrict } from "./cbor.js";
import { recovered } from "./root.js";

const TRUST = "application/ksdb-trust-list+cbor";
const STATUS = "application/statuslist+cwt";
const HEAD = "application/ksdb-status-head+cwt";
const SERIAL = -65538n;
const DIGEST = -65539n;
export const LIST_BYTES = 1_048_576;
const P256 = { name: "ECDSA", namedCurve: "P-256" };
const VERIFY = { name: "ECDSA", hash: "SHA-256" };
const USAGES = new Map([[1n, "card"], [2n, "status"]]);
const isBytes = (value, length) => value instanceof Uint8Array && (length === undefined || value.length === length);
const isWhole = (value) => typeof value === "bigint";

export class ListFault extends Error {
  constructor(code) {
    super(code);
    this.code = code;
  }
}

// {serial, made_at, keys, root} of a trust list. Without a root (hex) the one that signed it is worked out, to be kept.
export async function readTrustList(bytes, root = null, newest = 0) {
  if (bytes.length > 65536) throw new ListFault("unreadable");
  const message = takenApart(bytes, TRUST);
  const point = root ? unhex(root) : await recovered(message);
  if (!point || hex((await sha256(point)).slice(0, 8)) !== hex(message.kid)) throw new ListFault("unknown_key");
  if (!(await isBy(message, point))) throw new ListFault("bad_signature");
  const { said } = message;
  const isOurs = said.size === 4 && said.get(0n) === 1n && isWhole(said.get(1n)) && said.get(1n) > 0n && isWhole(said.get(2n));
  if (!isOurs || !Array.isArray(said.get(3n))) throw new ListFault("not_ours");
  const keys = said.get(3n).map(keyOf);
  const points = await Promise.all(keys.map((key) => isPoint(unhex(key.public_key))));
  if (!points.every(Boolean) || new Set(keys.map((key) => key.kid)).size !== keys.length) throw new ListFault("not_ours");
  const serial = Number(said.get(1n));
  if (serial < newest) throw new ListFault("older");
  return { serial, made_at: Number(said.get(2n)), keys, root: hex(point) };
}

// By which a root is named to people and in its lists: the first 8 bytes of the SHA-256 of its point, in hex.
export const rootNamed = async (point) => hex((await sha256(unhex(point))).slice(0, 8));

function keyOf(row) {
  const [kid, algorithm, point, usage, from, until] = [1n, 2n, 3n, 4n, 5n, 6n].map((name) => row instanceof Map && row.get(name));
  const isKey = isWhole(kid) && kid >= 1n && kid < 32768n && algorithm === -7n && isBytes(point, 65) && USAGES.has(usage);
  if (!isKey || !isWhole(from) || !isWhole(until) || row.size !== 6) throw new ListFault("not_ours");
  return {
    kid: Number(kid),
    public_key: hex(point),
    usage: USAGES.get(usage),
    not_before: Number(from),
    not_after: Number(until),
  };
}

// {serial, made_at, expires_at, bits} of a whole status list.
export async function readStatusList(bytes, keys, at, newest = 0) {
  const message = takenApart(bytes, STATUS);
  const claims = await believed(message, keys, at);
  const list = message.said.get(65533n);
  const isOurs = message.said.get(2n) === "ksdb:cards" && list instanceof Map && list.get("bits") === 2n;
  if (!isOurs || !isBytes(list.get("lst"))) throw new ListFault("not_ours");
  const bits = await inflated(list.get("lst"), LIST_BYTES);
  if (bits === null || bits.length !== LIST_BYTES) throw new ListFault("wrong_length");
  if (claims.serial < newest) throw new ListFault("older");
  return { ...claims, bits };
}

// The list that follows from the one we have; kept only if its head proves exactly that list.
export async function readDelta(bytes, known, keys, at) {
  const parts = strictly(bytes);
  if (!Array.isArray(parts) || parts.length !== 2 || !parts.every((part) => isBytes(part))) throw new ListFault("not_ours");
  const changes = await inflated(parts[1], 4 << 22);
  if (changes === null) throw new ListFault("wrong_length");
  const message = takenApart(parts[0], HEAD);
  const claims = await believed(message, keys, at);
  if (!isBytes(message.said.get(DIGEST), 32)) throw new ListFault("not_ours");
  if (claims.serial < known.serial) throw new ListFault("older");
  const bits = changed(known.bits, changes);
  if (hex(await sha256(bits)) !== hex(message.said.get(DIGEST))) throw new ListFault("bad_signature");
  return { ...claims, bits };
}

// What the list says of a card: 0 valid, 1 revoked, 2 suspended, 3 ask the ward.
export const listedAs = (bits, index) => (index >> 2 < bits.length ? (bits[index >> 2] >> ((index & 3) * 2)) & 3 : 3);

function changed(bits, changes) {
  if (changes.length % 4) throw new ListFault("bad_signature");
  const after = bits.slice();
  const view = new DataView(changes.buffer, changes.byteOffset, changes.length);
  for (let at = 0; at < changes.length; at += 4) {
    const word = view.getUint32(at);
    const index = word >>> 2;
    const shift = (index & 3) * 2;
    if (index >> 2 >= after.length) throw new ListFault("bad_signature");
    after[index >> 2] = (after[index >> 2] & ~(3 << shift)) | ((word & 3) << shift);
  }
  return after;
}

async function believed(message, keys, at) {
  const kid = Number.parseInt(hex(message.kid), 16);
  const key = keys.find((one) => one.kid === kid);
  if (message.kid.length !== 2 || key === undefined) throw new ListFault("unknown_key");
  if (key.usage !== "status" || at < key.not_before || at >= key.not_after) throw new ListFault("key_not_valid");
  if (!(await isBy(message, unhex(key.public_key)))) throw new ListFault("bad_signature");
  const [expires, made, serial] = [4n, 6n, SERIAL].map((name) => message.said.get(name));
  if (!isWhole(expires) || at >= Number(expires)) throw new ListFault("expired");
  if (!isWhole(made) || !isWhole(serial)) throw new ListFault("not_ours");
  return { serial: Number(serial), made_at: Number(made), expires_at: Number(expires) };
}

function takenApart(bytes, kind) {
  const whole = strictly(bytes);
  const isSign1 = whole instanceof Tagged && whole.tag === 18n && Array.isArray(whole.value) && whole.value.length === 4;
  const [coded, unprotected, payload, signature] = isSign1 ? whole.value : [];
  if (!isBytes(coded) || !(unprotected instanceof Map) || unprotected.size || !isBytes(payload) || !isBytes(signature, 64)) {
    throw new ListFault("not_ours");
  }
  const [head, said] = [strictly(coded), strictly(payload)];
  const isKind = head instanceof Map && head.size === 3 && head.get(1n) === -7n && head.get(16n) === kind;
  if (!isKind || !isBytes(head.get(4n)) || !(said instanceof Map)) throw new ListFault("not_ours");
  return { kid: head.get(4n), said, signature, signed: signedBytes(coded, payload) };
}

function strictly(bytes) {
  try {
    return readStrict(bytes);
  } catch (error) {
    if (error instanceof NotStrict) throw new ListFault("unreadable");
    throw error;
  }
}

// Sig_structure of RFC 9052, section 4.4; a list may be longer than a token.
function signedBytes(head, payload) {
  const context = new TextEncoder().encode("Signature1");
  const parts = [Uint8Array.of(0x84, 0x6a), context, lengthOf(head), head, Uint8Array.of(0x40), lengthOf(payload), payload];
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function lengthOf({ length }) {
  if (length < 24) return Uint8Array.of(0x40 + length);
  if (length < 256) return Uint8Array.of(0x58, length);
  if (length < 65536) return Uint8Array.of(0x59, length >> 8, length & 255);
  return Uint8Array.of(0x5a, length >>> 24, (length >> 16) & 255, (length >> 8) & 255, length & 255);
}

// At most `most` bytes; null for more, and for what is no zlib.
async function inflated(bytes, most) {
  const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate")).getReader();
  const parts = [];
  let count = 0;
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      count += part.value.length;
      if (count > most) return void reader.cancel() ?? null;
      parts.push(part.value);
    }
  } catch {
    return null;
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

const sha256 = async (bytes) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
const unhex = (text) => Uint8Array.from(text.match(/../g), (pair) => Number.parseInt(pair, 16));

const isPoint = (raw) => crypto.subtle.importKey("raw", raw, P256, false, ["verify"]).then(() => true, () => false);

async function isBy(message, point) {
  const key = await crypto.subtle.importKey("raw", point, P256, false, ["verify"]);
  return crypto.subtle.verify(VERIFY, key, message.signature, message.signed);
}
