// What a scan comes to, decided on the device by the rules of core/decision.py; the gateway decides again, for good.
import { isCardNumber, digitsOf } from "./cardnumber.js";
import { foreignIn, hashed, isIdNumber } from "./foreign.js";
import { listedAs } from "./lists.js";
import { Fault, isShownCode, readPresentation, readToken } from "./token.js";

export const AMBER_SECONDS = 24 * 3600;
export const RED_SECONDS = 72 * 3600;
const BY_LISTED = ["accepted", "revoked", "suspended", "attention"];
const VISITS = new Set(["accepted", "unverified", "attention"]);
// Of these nothing is sent: they are no card of ours, or only ask for another try.
const UNSENT = new Set(["unreadable", "not_ours", "old_code", "photo", "seen", "unknown_code"]);

export const isVisit = (result) => VISITS.has(result);
export const isSent = (result) => !UNSENT.has(result);

// From a reader's fault, or null, and what the list says of the card, or null without a list to believe.
export function resultOf(fault, listed) {
  if (fault) return fault;
  return listed === null ? "unverified" : BY_LISTED[listed];
}

export const ageOf = (list, at) => (list ? Math.max(0, at - (list.heard_at ?? list.made_at)) : Infinity);

// The gateway says with each answer whether ours is the newest; what the signer said of its end holds all the same.
const isBelieved = (list, at) => list !== null && ageOf(list, at) < RED_SECONDS && at < list.expires_at;

// {result, scan, card}: `scan` is what to send (without its number and time), `card` names the card in memory.
export async function judged(text, how, known, at) {
  const plain = text.trim();
  // What a reader or a picture says may be an identity number that by chance has a card number's check digits: it is
  // hashed. A typed one was asked about.
  if (isCardNumber(plain) && (how === "typed" || !isIdNumber(plain))) {
    return { result: "unverified", scan: { number: digitsOf(plain) }, card: digitsOf(plain) };
  }
  if (how === "typed") return { result: "number_mistyped", scan: null, card: null };
  const ours = /^1\d{60,}$/.test(plain) ? await read(plain, how, known, at) : null;
  if (ours) return ours;
  const foreign = foreignIn(plain);
  if (foreign) return stripped(foreign, known);
  return { result: /^\d{60,}$/.test(plain) ? "not_ours" : "unknown_code", scan: null, card: null };
}

async function read(text, how, known, at) {
  const scan = { token: text };
  if (!known.verifiers) return unproved(text, how);
  const [fault, claims, isElectronic] = await claimsOf(text, known.verifiers, at);
  if (isElectronic && how === "photo") return { result: "photo", scan: null, card: null };
  const list = isBelieved(known.status, at) ? known.status : null;
  const result = resultOf(fault, claims && list ? listedAs(list.bits, claims.card_index) : null);
  const card = claims ? String(claims.card_index) : text;
  return { result, scan: isSent(result) ? scan : null, card, code: isElectronic ? text : null };
}

// Without the keys only the shape is known; a picture of an electronic card is refused by that alone.
function unproved(text, how) {
  const isElectronic = isShownCode(text);
  if (isElectronic && how === "photo") return { result: "photo", scan: null, card: null };
  return { result: "unverified", scan: { token: text }, card: text, code: isElectronic ? text : null };
}

// [fault, claims, is it an electronic card's code]
async function claimsOf(text, verifiers, at) {
  try {
    return [null, await readToken(text, verifiers, at), false];
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    if (error.code !== "not_ours") return [error.code, null, false];
  }
  try {
    return [null, await readPresentation(text, verifiers, at), true];
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return [error.code, null, error.code !== "not_ours"];
  }
}

async function stripped(foreign, known) {
  if (!known.device.foreign) return { result: "foreign_off", scan: null, card: null };
  const kept = await hashed(foreign, known.device.foreign);
  return { result: "unverified", scan: { foreign: kept }, card: kept.id_key, kind: foreign.kind };
}
