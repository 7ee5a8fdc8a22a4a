// Codes of other systems: which it is, and the one number in it, of which a keyed hash leaves this file and nothing else.
import { hex } from "./cbor.js";

const CHIP = /^(\d{12})\|(\d{9}|\d{12})?\|/;
const PERSONAL = /^(\d{9}|\d{12})\|[^|]*\|[^|]*\|/;
const INSURANCE = /^([A-Z]{2}\d{13}|\d{10})\|.*\$$/s;
// The provinces that identity numbers begin with (Circular 07/2016/TT-BCA), as in core/ids.py.
export const PROVINCES = new Set(
  ("001 002 004 006 008 010 011 012 014 015 017 019 020 022 024 025 026 027 030 031 033 034 035 036 037 038 040 042 044 " +
    "045 046 048 049 051 052 054 056 058 060 062 064 066 067 068 070 072 074 075 077 079 080 082 083 084 086 087 089 091 " +
    "092 093 094 095 096").split(" "),
);

// Whether twelve digits alone can be a citizen's: a province, and one born after 1900 and before 2100.
export const isIdNumber = (text) => /^\d{3}[0-3]\d{8}$/.test(text) && PROVINCES.has(text.slice(0, 3));

// {kind, number}, or null for what we do not know. Of the letters nothing is used: readers and input methods spoil them.
export function foreignIn(text) {
  const plain = text.trim();
  const fields = plain.split("|");
  if (plain.startsWith("HC1:")) return { kind: "hc1", number: plain };
  const insured = plain.match(INSURANCE);
  if (insured && fields.length >= 8) return { kind: "health_insurance", number: insured[1].slice(-10) };
  const chip = plain.match(CHIP);
  if (chip && fields.length >= 6 && !isKindOfPaper(fields[3])) return { kind: "chip_id", number: chip[1] };
  const personal = plain.match(PERSONAL);
  if (personal && fields.length >= 4) return { kind: "qd1405", number: personal[1] };
  return isIdNumber(plain) ? { kind: "vneid", number: plain } : null;
}

// In the code of decision 1405 the fourth field is a kind of paper, one digit or two; in the chip card's the birth.
const isKindOfPaper = (field) => /^\d{1,2}$/.test(field);

// As the gateway takes it: the first 16 bytes of HMAC-SHA-256 of the number, in hex.
export async function hashed({ kind, number }, key) {
  const digest = await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(number));
  return { kind, id_key: hex(new Uint8Array(digest).slice(0, 16)) };
}
