// Printed card numbers: ten digits and two check digits of ISO 7064 MOD 97-10.

export const digitsOf = (typed) => typed.replace(/[\s.\-()]+/g, "");

export function isCardNumber(typed) {
  const digits = digitsOf(typed);
  return /^[0-9]{12}$/.test(digits) && Number(digits) % 97 === 1;
}

export const grouped = (number) => number.match(/..../g).join(" ");
