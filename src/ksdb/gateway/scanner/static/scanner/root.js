// The root's public key, worked out of its first signature and the name it gives itself: so a device that was told no root
// keeps the first it meets, over TLS, and takes lists from no other ever after.
import { hex } from "./cbor.js";

const P = (1n << 256n) - (1n << 224n) + (1n << 192n) + (1n << 96n) - 1n;
const N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;
const G = [
  0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n,
  0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n,
];
const mod = (a, m) => ((a % m) + m) % m;
const number = (bytes) => BigInt(`0x${hex(bytes)}`);

// SEC 1, section 4.1.6: of the two keys that could have signed, the one with the name. Null when there is none.
export async function recovered({ kid, signature, signed }) {
  const [r, s] = [number(signature.slice(0, 32)), number(signature.slice(32))];
  const e = number(new Uint8Array(await crypto.subtle.digest("SHA-256", signed)));
  const x = r;
  const square = mod((x * x - 3n) * x + B, P);
  const y = power(square, (P + 1n) / 4n, P);
  if (r === 0n || s === 0n || r >= N || s >= N || mod(y * y, P) !== square) return null;
  const inverse = power(r, N - 2n, N);
  for (const R of [[x, y], [x, P - y]]) {
    const point = add(times(mod(s * inverse, N), R), times(mod(-e * inverse, N), G));
    const coded = point && bytesOf(point);
    const name = coded && new Uint8Array(await crypto.subtle.digest("SHA-256", coded)).slice(0, 8);
    if (name && hex(name) === hex(kid)) return coded;
  }
  return null;
}

const bytesOf = ([x, y]) =>
  Uint8Array.from(("04" + [x, y].map((part) => part.toString(16).padStart(64, "0")).join("")).match(/../g), (pair) =>
    Number.parseInt(pair, 16),
  );

function power(base, exponent, modulus) {
  let [result, square] = [1n, base % modulus];
  for (let left = exponent; left > 0n; left >>= 1n) {
    if (left & 1n) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
}

// Public numbers only, once in a device's life: neither haste nor secrecy is needed.
function add(a, b) {
  if (!a || !b) return a ?? b;
  if (a[0] === b[0] && a[1] !== b[1]) return null;
  const isSame = a[0] === b[0];
  const [over, under] = isSame ? [3n * a[0] * a[0] - 3n, 2n * a[1]] : [b[1] - a[1], b[0] - a[0]];
  const slope = mod(over * power(mod(under, P), P - 2n, P), P);
  const x = mod(slope * slope - a[0] - b[0], P);
  return [x, mod(slope * (a[0] - x) - a[1], P)];
}

function times(count, point) {
  let [sum, doubled] = [null, point];
  for (let left = count; left > 0n; left >>= 1n) {
    if (left & 1n) sum = add(sum, doubled);
    doubled = add(doubled, doubled);
  }
  return sum;
}
