/** Whether a line names the UK, one of its countries, or an island that has UK postcodes. */
export function isUkName(line: string): boolean {
  return ukNames.has(keyOf(line));
}

/** The English name of the country abroad that a line names, by that name or by ISO's two letters. */
export function abroadNamed(line: string): string | undefined {
  return countriesAbroad().get(keyOf(line));
}

const ukNames: ReadonlySet<string> = new Set(
  [
    ...['United Kingdom', 'Great Britain', 'Britain', 'UK', 'GB', 'GBR', 'England', 'Scotland', 'Wales', 'Cymru'],
    ...['Northern Ireland', 'N Ireland', 'North Ireland', 'NI', 'Channel Islands', 'Jersey', 'Guernsey', 'Alderney'],
    ...['Sark', 'Herm', 'Jethou', 'Brecqhou', 'Isle of Man', 'JE', 'GG', 'IM', 'JEY', 'GGY', 'IMN'],
  ].map(keyOf),
);

const inland: ReadonlySet<string> = new Set(['GB', 'UK', 'JE', 'GG', 'IM', 'CQ']);

/** Codes that have a name and are no country. */
const unions: ReadonlySet<string> = new Set(['EU', 'EZ', 'QO', 'UN', 'XA', 'XB', 'ZZ']);

/** What people write for the countries to which most letters go. */
const alsoCalled: Readonly<Record<string, readonly string[]>> = {
  IE: ['Republic of Ireland', 'Irish Republic', 'Eire', 'IRL'],
  US: ['USA', 'United States of America', 'America'],
  NL: ['Holland', 'NLD'],
  FR: ['FRA'],
  DE: ['DEU'],
  ES: ['ESP'],
};

let known: ReadonlyMap<string, string> | undefined;

/** Made when the first letter asks: most organisations send none abroad. */
function countriesAbroad(): ReadonlyMap<string, string> {
  known ??= new Map(
    isoCodes().flatMap((code) => {
      const name = names.of(code);
      // A code without a name of its own is none.
      return name === undefined || name === code || inland.has(code) || unions.has(code)
        ? []
        : [code, name, ...(alsoCalled[code] ?? [])].map((one) => [keyOf(one), name] as const);
    }),
  );
  return known;
}

const names = new Intl.DisplayNames(['en'], { type: 'region', style: 'long', fallback: 'code' });

function isoCodes(): string[] {
  const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];
  return letters.flatMap((first) => letters.map((second) => first + second));
}

/** Names are compared without case, marks, spaces and punctuation. */
function keyOf(name: string): string {
  return name
    .replace(/&/g, 'and')
    .normalize('NFD')
    .toLowerCase()
    .replace(/^the\s/, '')
    .replace(/[\s\-'’,.()\p{M}]/gu, '');
}
