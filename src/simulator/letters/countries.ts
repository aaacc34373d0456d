/** What a letter abroad costs by. */
export type Zone = 'united-kingdom' | 'europe' | 'rest-of-world';

export interface Country {
  /** As it is printed under the address. */
  readonly name: string;
  readonly zone: Zone;
}

/**
 * The country that a line of an address names, if it names one: in English, in Welsh, in the country's own language or
 * a large neighbour's, or by its ISO code; with or without `the`, `Republic of` and the like. Notify knows some more.
 */
export function findCountry(line: string): Country | undefined {
  if (/\d/.test(line)) return undefined;
  const key = keyOf(line);
  return countries().get(key) ?? countries().get(key.replace(titles, ''));
}

const titles =
  /^(?:the)?(?:(?:(?:arab|federal|federative|french|hellenic|islamic|italian|portuguese)?republic|kingdom|state|commonwealth|principality|sultanate)of)?(?:the)?/;

/** Names are compared without case, marks, spaces and punctuation. */
function keyOf(name: string): string {
  return name
    .replace(/[&+]/g, 'and')
    .toLowerCase()
    .normalize('NFD')
    .replace(/[ _\-'’,.()\p{M}]/gu, '')
    .replace(/ł/g, 'l');
}

const europe: ReadonlySet<string> = new Set(
  (
    'AL AD AM AT AZ BY BE BA BG IC HR CY CZ DK EE FO FI FR GE DE GI GR GL HU IS IE IT KZ XK KG LV LI LT LU MK MT MD ' +
    'MC ME NL NO PL PT RO RU SM RS SK SI ES SE CH TJ TR TM UA UZ VA'
  ).split(' '),
);

/** The UK and the Crown Dependencies, to which inland post goes. */
const inland: ReadonlySet<string> = new Set(['GB', 'GG', 'JE', 'IM', 'CQ']);

/** Where Notify prints another name than Unicode's, by ISO code. */
const printed: Readonly<Record<string, string>> = {
  AC: 'Ascension',
  BS: 'The Bahamas',
  BL: 'Saint Barthélemy',
  CD: 'Congo (Democratic Republic)',
  CG: 'Congo',
  CI: 'Ivory Coast',
  GM: 'The Gambia',
  GS: 'South Georgia and the South Sandwich Islands',
  HK: 'Hong Kong',
  HM: 'Heard Island and McDonald Islands',
  MF: 'Saint-Martin (French part)',
  MO: 'Macao',
  PM: 'Saint Pierre and Miquelon',
  PN: 'Pitcairn, Henderson, Ducie and Oeno Islands',
  PS: 'Occupied Palestinian Territories',
  SH: 'Saint Helena',
  ST: 'Sao Tome and Principe',
  SX: 'Sint Maarten (Dutch part)',
  TL: 'East Timor',
  TR: 'Turkey',
  VC: 'St Vincent',
  VI: 'United States Virgin Islands',
};

/** Further names of places that have a code, and places that have none. */
const others: Readonly<Record<string, readonly string[]>> = {
  'United Kingdom': [
    ...['UK', 'GBR', 'Great Britain', 'Britain', 'England', 'Scotland', 'Wales', 'Cymru', 'Northern Ireland', 'NI'],
    ...['N Ireland', 'North Ireland', 'Channel Islands', 'Alderney', 'Sark', 'Herm', 'Jethou', 'Brecqhou'],
  ],
  'United States': ['USA', 'US', 'America', 'United States of America', 'Hawaii'],
  Ireland: ['Eire', 'ROI', 'Irish Republic', 'Southern Ireland'],
  Netherlands: ['Holland'],
  Czechia: ['Czech Republic'],
  'United Arab Emirates': ['UAE'],
  'South Korea': ['Korea'],
  'North Korea': ["Democratic People's Republic of Korea"],
  Taiwan: ['Republic of China'],
  'Congo (Democratic Republic)': ['Democratic Republic of the Congo', 'Democratic Republic of Congo', 'DRC'],
  'Vatican City': ['Vatican'],
  Azores: ['Azores', 'Açores'],
  Madeira: ['Madeira'],
  'Balearic Islands': ['Balearic Islands', 'Islas Baleares', 'Illes Balears'],
  'Canary Islands': ['Canary Islands', 'Islas Canarias', 'Tenerife', 'Gran Canaria', 'Lanzarote', 'Fuerteventura'],
  Corsica: ['Corsica', 'Corse'],
  ...Object.fromEntries(
    [
      ...['Abu Dhabi', 'Ajman', 'Dubai', 'Fujairah', 'Ras al-Khaimah', 'Sharjah', 'Umm al-Quwain'],
      ...['Akrotiri', 'Dhekelia', 'Ceuta', 'Melilla', 'Easter Island', 'Bonaire', 'Saba', 'Sint Eustatius'],
    ].map((name) => [name, [name]]),
  ),
};
const europeanIslands: ReadonlySet<string> = new Set(['Azores', 'Madeira', 'Balearic Islands', 'Corsica']);

/** Whose names for every country are understood, beside each country's own. */
const languages = ['en', 'cy', 'fr', 'de', 'es', 'it', 'pt', 'nl', 'pl'];

let known: ReadonlyMap<string, Country> | undefined;

/** Made of Unicode's names for regions when first asked for. */
function countries(): ReadonlyMap<string, Country> {
  known ??= gather();
  return known;
}

function gather(): ReadonlyMap<string, Country> {
  const found = new Map<string, Country>();
  const add = (name: string, country: Country): void => {
    const key = keyOf(name);
    if (key !== '' && !found.has(key)) found.set(key, country);
  };
  const english = namesIn('en-GB');
  const named: [string, Country][] = [];
  for (const code of codes()) {
    const usual = english.of(code);
    if (usual === undefined) continue;
    const name = inland.has(code) ? 'United Kingdom' : (printed[code] ?? usual.replaceAll('&', 'and'));
    const country: Country = { name, zone: zoneOf(code) };
    named.push([code, country]);
    add(name, country);
    add(usual, country);
  }
  for (const [name, synonyms] of Object.entries(others)) {
    const country = found.get(keyOf(name)) ?? { name, zone: europeanIslands.has(name) ? 'europe' : 'rest-of-world' };
    for (const synonym of synonyms) add(synonym, country);
  }
  for (const [code, country] of named) add(code, country);
  for (const [code, country] of named) add(namesIn(languageOf(code)).of(code) ?? '', country);
  for (const language of languages) {
    for (const [code, country] of named) add(namesIn(language).of(code) ?? '', country);
  }
  return found;
}

function zoneOf(code: string): Zone {
  if (inland.has(code)) return 'united-kingdom';
  return europe.has(code) ? 'europe' : 'rest-of-world';
}

/** Codes that are no places: unions, pseudo-locales, the unknown, and those that ISO has withdrawn. */
const noPlaces: ReadonlySet<string> = new Set('EU EZ QO UN XA XB ZZ AN BU CS DD FX NT SU TP YD YU ZR'.split(' '));

function codes(): string[] {
  const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];
  return letters.flatMap((a) => letters.map((b) => a + b)).filter((code) => !noPlaces.has(code));
}

const byLanguage = new Map<string, Intl.DisplayNames>();

function namesIn(language: string): Intl.DisplayNames {
  const known = byLanguage.get(language);
  const names = known ?? new Intl.DisplayNames([language], { type: 'region', fallback: 'none' });
  byLanguage.set(language, names);
  return names;
}

/** The language that most people speak there, as Unicode has it. */
function languageOf(code: string): string {
  return new Intl.Locale(`und-${code}`).maximize().language;
}
