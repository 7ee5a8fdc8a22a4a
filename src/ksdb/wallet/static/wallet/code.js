// The code that an electronic card shows: its token and the second, signed by this phone. docs/card-format.md says how;
// nothing here asks a server.
const CURVE = { name: 'ECDSA', namedCurve: 'P-256' }
const SIGNING = { name: 'ECDSA', hash: 'SHA-256' }
const HEAD = [0x43, 0xa1, 0x01, 0x26] // the byte string {1: -7}
const TOKEN_LABEL = [0x3a, 0x00, 0x01, 0x00, 0x01] // -65538

export const newKey = () => crypto.subtle.generateKey(CURVE, false, ['sign', 'verify'])

// The compressed point of a public key, in hexadecimal.
export async function pointOf (key) {
  const raw = new Uint8Array(await crypto.subtle.exportKey('raw', key.publicKey))
  return hex([2 + (raw[64] & 1), ...raw.slice(1, 33)])
}

// What proves to the server that this phone has the key.
export async function proof (key, resident, at) {
  const said = new TextEncoder().encode(`ksdb bind ${resident} ${at}`)
  return hex(new Uint8Array(await crypto.subtle.sign(SIGNING, key.privateKey, said)))
}

// The digits to show at that second. `token` is in hexadecimal.
export async function codeAt (token, seconds, key) {
  const payload = [0xa2, 0x06, 0x1a, ...bytesOf(seconds), ...TOKEN_LABEL, ...byteString(unhex(token))]
  const signed = [0x84, 0x6a, ...new TextEncoder().encode('Signature1'), ...HEAD, 0x40, ...byteString(payload)]
  const signature = new Uint8Array(await crypto.subtle.sign(SIGNING, key.privateKey, Uint8Array.from(signed)))
  return digits([0xd2, 0x84, ...HEAD, 0xa0, ...byteString(payload), ...byteString(signature)])
}

const bytesOf = seconds => [24, 16, 8, 0].map(shift => (seconds >>> shift) & 255)

function byteString (bytes) {
  const length = bytes.length
  if (length < 24) return [0x40 + length, ...bytes]
  return length < 256 ? [0x58, length, ...bytes] : [0x59, length >> 8, length & 255, ...bytes]
}

function digits (bytes) {
  const width = Math.ceil(bytes.length * 8 * Math.log10(2))
  return '1' + BigInt('0x' + hex(bytes)).toString().padStart(width, '0')
}

const hex = bytes => Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('')
const unhex = text => Uint8Array.from(text.match(/../g), pair => Number.parseInt(pair, 16))
