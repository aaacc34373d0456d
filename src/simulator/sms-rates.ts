/**
 * How many UK fragments one fragment costs in a country: country calling codes, and area codes of +1 that differ, by
 * factor. `44` is the Crown Dependencies; the UK itself is 1.
 */
const codesByFactor: Readonly<Record<number, string>> = {
  1: '1 48 66 82 86 90 239 264 299 389 423 506 686 853',
  2:
    '30 33 34 36 39 40 41 43 44 45 46 47 53 55 56 57 58 61 64 65 81 91 246 298 350 351 352 353 354 356 357 358 370 ' +
    '371 372 373 385 420 421 503 598 672 673 677 680 681 691 692 852 886 1684 1721',
  3: '27 31 32 52 54 244 254 262 266 267 291 297 355 376 387 500 595 687 689 971 973 1242 1809 1829 1849',
  4: '84 220 226 230 248 253 258 359 377 382 386 505 507 508 590 591 593 594 596 676 678 682 968 995',
  5: '49 51 63 232 237 238 243 252 263 374 380 383 501 502 504 670 679 685 966 1268 1284',
  6: '98 212 213 222 224 231 235 240 375 592 597 674 675 960 967 972 974 1264 1345 1473 1649 1664 1869',
  7: '20 60 221 223 228 229 236 242 255 256 268 269 381 599 965 976 993 1246 1441 1758 1767 1784 1868 1876',
  8: '211 227 233 234 241 245 249 250 257 260 265 378 509 683 690 855 856 962 977 996',
  9: '95 216 218 251 880 961 963 964 970 994',
  10: '7 93 225 975 992',
  12: '62 92 94 261 998',
};

const factors: ReadonlyMap<string, number> = new Map(
  Object.entries(codesByFactor).flatMap(([factor, codes]) =>
    codes.split(' ').map((code): [string, number] => [code, Number(factor)]),
  ),
);

/** The factor for a number outside the UK proper. `digits` begin with the calling code. */
export function smsFactor(callingCode: string, digits: string): number {
  return factors.get(callingCode === '1' ? digits.slice(0, 4) : callingCode) ?? factors.get(callingCode) ?? 1;
}
