// Reads card tokens and the codes of electronic cards as docs/card-format.md says; tests/vectors/cards.json holds it to that.
import { NotStrict, Tagged, hex, readStrict } from "./cbor.js";

const MAX_BYTES = 400;
const HEADS = ["a201260442", "a201280442"]; // {1: -7 or -9, 4: kid of two bytes}
const DEVICE_HEADS = ["a10126", "a10128"];
const P256 = { name: "ECDSA", namedCurve: "P-256" };
const VERIFY = { name: "ECDSA", hash: "SHA-256" };
export const OLDEST_SECONDS = 90;
export const AHEAD_SECONDS = 30;
export const ASKS_TO_REFRESH_SECONDS = 86400;

export class Fault extends Error {
  constructor(code) {
    super(code);
    this.code = code;
  }
}

const digitCount = (bytes) => Math.ceil(bytes * 8 * Math.log10(2));
const BYTES_BY_WIDTH = new Map(Array.from({ length: MAX_BYTES }, (_, i) => [digitCount(i + 1), i + 1]));

// The bytes behind the digits. Throws Fault.
export function bytesOf(text) {
  if (!/^[0-9]+$/.test(text) || text.includes("\n")) throw new Fault("unreadable");
  const count = BYTES_BY_WIDTH.get(text.length - 1);
  if (count === undefined) throw new Fault("unreadable");
  if (text[0] !== "1") throw new Fault("not_ours");
  const digits = BigInt(text.slice(1)).toString(16).padStart(2 * count, "0");
  if (digits.length > 2 * count) throw new Fault("unreadable");
  return Uint8Array.from(digits.match(/../g), (pair) => Number.parseInt(pair, 16));
}

// A trust list of {kid, public_key (hex), usage, not_before, not_after} made ready, by kid.
export async function readyTrust(keys) {
  const ready = await Promise.all(
    keys.map(async (key) => [key.kid, { ...key, verifier: await verifierOf(unhex(key.public_key)) }]),
  );
  return new Map(ready);
}

// The claims {card_index, form, expires_at} of a token that is good at `at` (seconds since 1970). Throws Fault.
export async function readToken(text, trust, at) {
  return believed(takenApart(bytesOf(text), 3), trust, at);
}

// The claims of an electronic card's code that is fresh at `at`. Throws Fault; "old_code" asks to refresh, and forges nothing.
export async function readPresentation(text, trust, at) {
  const outer = parts(bytesOf(text));
  const payload = strictly(outer.payload, "not_ours");
  const [issuedAt, inner] = [payload instanceof Map && payload.get(6n), payload instanceof Map && payload.get(-65538n)];
  const isOurs = DEVICE_HEADS.includes(hex(outer.head)) && payload instanceof Map && payload.size === 2;
  if (!isOurs || typeof issuedAt !== "bigint" || issuedAt < 0n || issuedAt >= 1n << 32n) throw new Fault("not_ours");
  if (!(inner instanceof Uint8Array)) throw new Fault("not_ours");
  const token = takenApart(inner, 4);
  const device = await deviceKey(token.point);
  const claims = await believed(token, trust, at);
  if (!(await isSigned(outer, device))) throw new Fault("bad_device_signature");
  return fresh({ ...claims, issued_at: Number(issuedAt) }, at);
}

// Whether a text has the shape of an electronic card's code; nothing of it is believed.
export function isShownCode(text) {
  try {
    const said = strictly(parts(bytesOf(text)).payload, "not_ours");
    return said instanceof Map && said.get(-65538n) instanceof Uint8Array;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return false;
  }
}

function fresh(claims, at) {
  const age = at - claims.issued_at;
  if (age < -AHEAD_SECONDS) throw new Fault("from_the_future");
  if (age > ASKS_TO_REFRESH_SECONDS) throw new Fault("too_old");
  if (age > OLDEST_SECONDS) throw new Fault("old_code");
  return claims;
}

async function believed(token, trust, at) {
  const key = trust.get(token.kid);
  if (key === undefined) throw new Fault("unknown_key");
  if (key.usage !== "card" || at < key.not_before || at >= key.not_after) throw new Fault("key_not_valid");
  if (!(await isSigned(token, key.verifier))) throw new Fault("bad_signature");
  if (at >= token.claims.expires_at) throw new Fault("expired");
  return token.claims;
}

// A token of three claims, or of four with the device's key; nothing is believed yet.
function takenApart(bytes, claimCount) {
  const message = parts(bytes);
  const head = hex(message.head);
  if (message.head.length !== 7 || !HEADS.includes(head.slice(0, 10))) throw new Fault("not_ours");
  const said = strictly(message.payload, "not_ours");
  if (!(said instanceof Map) || said.size !== claimCount) throw new Fault("not_ours");
  const [expiresAt, index, form, point] = [4n, 7n, -65537n, 8n].map((name) => said.get(name));
  const isNumber = typeof expiresAt === "bigint" && expiresAt >= 0n && expiresAt < 1n << 32n;
  const isIndex = index instanceof Uint8Array && index.length === 4;
  const isForm = typeof form === "bigint" && form >= 1n && form <= 3n;
  const isBound = claimCount === 3 || (form === 1n && point instanceof Uint8Array && point.length === 33);
  if (!isNumber || !isIndex || !isForm || !isBound) throw new Fault("not_ours");
  const claims = { card_index: Number(BigInt(`0x${hex(index)}`)), form: Number(form), expires_at: Number(expiresAt) };
  return { ...message, kid: Number.parseInt(head.slice(10), 16), claims, point };
}

// The four parts of a COSE_Sign1, with what was signed.
function parts(bytes) {
  const whole = strictly(bytes, "unreadable");
  const isSign1 = whole instanceof Tagged && whole.tag === 18n && Array.isArray(whole.value) && whole.value.length === 4;
  const [head, unprotected, payload, signature] = isSign1 ? whole.value : [];
  const isLaidOut = [head, payload, signature].every((part) => part instanceof Uint8Array) && unprotected instanceof Map;
  if (!isLaidOut || unprotected.size !== 0 || signature.length !== 64) throw new Fault("not_ours");
  return { head, payload, signature, signed: signedBytes(head, payload) };
}

function strictly(bytes, code) {
  try {
    return readStrict(bytes);
  } catch (error) {
    if (error instanceof NotStrict) throw new Fault(code);
    throw error;
  }
}

// Sig_structure of RFC 9052, section 4.4.
function signedBytes(head, payload) {
  const context = new TextEncoder().encode("Signature1");
  return Uint8Array.from([0x84, 0x6a, ...context, ...byteString(head), 0x40, ...byteString(payload)]);
}

function byteString(bytes) {
  const length = bytes.length;
  if (length < 24) return [0x40 + length, ...bytes];
  return length < 256 ? [0x58, length, ...bytes] : [0x59, length >> 8, length & 255, ...bytes];
}

const isSigned = (message, key) => crypto.subtle.verify(VERIFY, key, message.signature, message.signed);

const verifierOf = (point) => crypto.subtle.importKey("raw", point, P256, false, ["verify"]);

// WebCrypto need not read compressed points, so y is worked out: P-256's prime leaves 3 when divided by 4.
async function deviceKey(point) {
  const x = BigInt(`0x${hex(point.slice(1))}`);
  const p = (1n << 256n) - (1n << 224n) + (1n << 192n) + (1n << 96n) - 1n;
  const b = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;
  const square = (((x * x - 3n) * x + b) % p + p) % p;
  let y = power(square, (p + 1n) / 4n, p);
  if (![2, 3].includes(point[0]) || x >= p || (y * y) % p !== square) throw new Fault("not_ours");
  if (Number(y & 1n) !== point[0] - 2) y = p - y;
  return verifierOf(unhex("04" + [x, y].map((part) => part.toString(16).padStart(64, "0")).join("")));
}

function power(base, exponent, modulus) {
  let [result, square] = [1n, base];
  for (let left = exponent; left > 0n; left >>= 1n) {
    if (left & 1n) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
}

const unhex = (text) => Uint8Array.from(text.match(/../g), (pair) => Number.parseInt(pair, 16));
