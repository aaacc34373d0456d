/**
 * Whether a text is an NHS number that passes the modulus 11 check: ten digits, weights ten to two, eleven less the
 * remainder, eleven counting as nought, ten never valid (VER-1). Spaces are not taken here; see `compactNhsNumber`.
 */
export function isNhsNumber(value: string): boolean {
  if (!/^[0-9]{10}$/.test(value)) return false;
  const digits = [...value].map(Number);
  const sum = digits.slice(0, 9).reduce((total, digit, at) => total + digit * (10 - at), 0);
  const check = 11 - (sum % 11);
  return check !== 10 && digits[9] === check % 11;
}

/** The number as it is stored and searched: without the spaces that people write in it. */
export function compactNhsNumber(value: string): string {
  return value.replace(/\s/g, '');
}
