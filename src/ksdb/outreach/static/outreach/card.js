// What was scanned or typed at a door: a card number with its check digits (ISO 7064 MOD 97-10), or a signed code, of
// which only the card's index is read here. Whether the code is genuine, the server says when the note arrives.
const TOKEN_DIGITS = 235
const TOKEN_BYTES = 97
const INDEX_AT = 21

export const digitsOf = text => text.replace(/[\s.()-]/g, '')

export function cardOf (digits) {
  if (!/^\d+$/.test(digits)) return { fault: 'letters' }
  if (digits.length === 12) return BigInt(digits) % 97n === 1n ? { number: digits } : { fault: 'mistyped' }
  if (digits.length !== TOKEN_DIGITS || digits[0] !== '1') return { fault: 'mistyped' }
  const value = BigInt(digits.slice(1))
  const after = BigInt((TOKEN_BYTES - INDEX_AT - 4) * 8)
  return { index: Number((value >> after) & 0xffffffffn) }
}
