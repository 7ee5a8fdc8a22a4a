// The strict part of CBOR (RFC 8949, section 4.2) that tokens are written in: docs/card-format.md.

export class NotStrict extends Error {}

export class Tagged {
  constructor(tag, value) {
    this.tag = tag;
    this.value = value;
  }
}

const MAX_DEPTH = 4;
const LEAST_OF_WIDTH = { 1: 24n, 2: 1n << 8n, 4: 1n << 16n, 8: 1n << 32n };

// The one item that all bytes are: bigint, Uint8Array, string, array, Map or Tagged. Throws NotStrict.
export function readStrict(bytes) {
  const reader = { bytes, at: 0 };
  const value = item(reader, MAX_DEPTH);
  if (reader.at !== bytes.length) throw new NotStrict();
  return value;
}

function item(reader, depth) {
  if (depth < 0) throw new NotStrict();
  const [major, argument] = head(reader);
  if (major === 0) return argument;
  if (major === 1) return -1n - argument;
  if (major === 2) return take(reader, argument);
  if (major === 3) return text(take(reader, argument));
  if (major === 4) return array(reader, argument, depth);
  if (major === 5) return map(reader, argument, depth);
  if (major === 6) return new Tagged(argument, item(reader, depth - 1));
  throw new NotStrict();
}

function head(reader) {
  const [first] = take(reader, 1n);
  const info = first & 31;
  if (info < 24) return [first >> 5, BigInt(info)];
  if (info > 27) throw new NotStrict();
  const width = 1 << (info - 24);
  const argument = take(reader, BigInt(width)).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  if (argument < LEAST_OF_WIDTH[width]) throw new NotStrict();
  return [first >> 5, argument];
}

function take(reader, count) {
  if (count > BigInt(reader.bytes.length - reader.at)) throw new NotStrict();
  const taken = reader.bytes.slice(reader.at, reader.at + Number(count));
  reader.at += Number(count);
  return taken;
}

function text(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new NotStrict();
  }
}

function array(reader, count, depth) {
  const items = [];
  for (let i = 0n; i < count; i += 1n) items.push(item(reader, depth - 1));
  return items;
}

function map(reader, count, depth) {
  const pairs = new Map();
  let last = "";
  for (let i = 0n; i < count; i += 1n) {
    const start = reader.at;
    const key = item(reader, depth - 1);
    const coded = hex(reader.bytes.slice(start, reader.at));
    const isPlain = typeof key === "bigint" || typeof key === "string" || key instanceof Uint8Array;
    if (!isPlain || coded <= last) throw new NotStrict();
    last = coded;
    pairs.set(key instanceof Uint8Array ? `h'${hex(key)}'` : key, item(reader, depth - 1));
  }
  return pairs;
}

export function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
