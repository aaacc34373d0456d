import { describe, expect, it } from 'vitest';
import { scannerPage } from '../../scripts/build-scanner.ts';
import { confidentialFamilies } from '../../src/policy/message-facts.ts';
import { formsIn, wordForms, wordListNames } from '../../src/scan/lists.ts';
import { scan } from '../../src/scan/scan.ts';
import { textOf } from '../meta/tree.ts';
import { labelledSet, measured, sets } from './measure.ts';

const of = (text: string) => scan(text).map((one) => one.of);
const found = (text: string) => scan(text).map(({ of: what, words }) => `${what}: ${words}`);

describe('the labelled sets', () => {
  it.each(sets)('%s: many texts, each with words of its own and families that exist', (name) => {
    const set = labelledSet(name);
    expect(set.length).toBeGreaterThanOrEqual(name === 'ordinary-blind' ? 250 : 300);
    expect(new Set(set.map((one) => one.text)).size).toBe(set.length);
    for (const { families } of set) for (const one of families) expect(confidentialFamilies).toContain(one);
  });

  it('MIN-4: on the set that was tried for totals alone 0.95 of each family is found, and the scanner is no worse than it was', () => {
    const { families, falseAlarms, ordinary } = measured(labelledSet('blind'));
    const least = { identifier: 1, diagnosis: 0.98, medicine: 0.985, 'sensitive-service': 0.99 } as const;
    for (const family of confidentialFamilies) {
      const { found: hits, labelled } = families[family];
      expect([family, hits / labelled >= Math.max(0.95, least[family])]).toEqual([family, true]);
    }
    const more = measured(labelledSet('ordinary-blind'));
    const alarms = falseAlarms.length + more.falseAlarms.length;
    expect(alarms / (ordinary + more.ordinary)).toBeLessThanOrEqual(0.02);
  });

  it('MIN-4: so it is on the set that was tried once', () => {
    const { families, falseAlarms, ordinary } = measured(labelledSet('fresh'));
    for (const family of confidentialFamilies) {
      const { found: hits, labelled } = families[family];
      expect([family, hits / labelled >= 0.95]).toEqual([family, true]);
    }
    expect(falseAlarms.length / ordinary).toBeLessThanOrEqual(0.02);
  });

  it('the lists hold on to what they were tuned on', () => {
    const [own, house] = [measured(labelledSet('tuning')), measured(labelledSet('house'))];
    expect([own.missed, own.falseAlarms, house.falseAlarms]).toEqual([[], [], []]);
    expect(house.missed).toEqual(['medicine: Are you still on the pill? We need to know before your operation.']);
  });

  it.each(['tuning', 'house'] as const)(
    'SUS-1, SUS-2: no ordinary text of %s is taken for text-speak or a scam',
    (name) => {
      const style = ['text-speak', 'payment', 'pressure', 'shouting', 'look-alike'];
      const ordinary = labelledSet(name).filter((one) => one.families.length === 0);
      expect(ordinary.filter(({ text }) => of(text).some((one) => style.includes(one))).map((one) => one.text)).toEqual(
        [],
      );
    },
  );

  it('docs/scanner.md says how well it does', () => {
    expect(textOf('docs/scanner.md')).toBe(scannerPage());
  });
});

describe('identifiers (MIN-4)', () => {
  it.each([
    ['9991230009', 'an NHS number'],
    ['Ref 999 123 0009.', 'an NHS number'],
    ['999-123-0009', 'an NHS number'],
    ['999\u2013123\u20130009', 'an NHS number'],
    ['9 9 9 1 2 3 0 0 0 9', 'an NHS number'],
    ['９９９１２３０００９', 'an NHS number'],
    ['Call NHS 111. 0113 496 0123', undefined],
    ['QQ 12 34 56 C', undefined],
    ['AB 12 34 56 C', 'a National Insurance number'],
    ['date of birth 13 11 1987', 'a date of birth'],
    ['Sam Example, March 12, 1961', 'a date of birth'],
    ['your NHS number, 999 123 0008', undefined],
    ['NHS number: 999 123 0008', 'an NHS number'],
    ['Call 0113 496 0123 or 07700 900123', undefined],
    ['Call +44 7700 900123', undefined],
    ['Booking 9991230008', undefined],
    ['Have your NHS number ready and call 0113 496 0123', undefined],
    ['DOB 1/2/1990', 'a date of birth'],
    ['born on the 3rd of May 1971', 'a date of birth'],
    ['Sam Example 03.04.62', 'a date of birth'],
    ['Sam Example, 1962-04-03', 'a date of birth'],
    ['Please have your date of birth ready when you call.', undefined],
    ['Your appointment is on 3 June 2027, or 10/06/27.', undefined],
    ['Hospital number: A123456', 'a hospital number'],
    ['MRN 00847213, please show it', 'a hospital number'],
    ['Hosp. no. B734416', 'a hospital number'],
    ['Unit number 0113 496 0123', undefined],
    ['Hospital no. 01134960123', undefined],
    ['Call the hospital on 0113 496 0123', undefined],
  ])('%s: %s', (text, what) => {
    expect(found(text)).toEqual(what === undefined ? [] : [`identifier: ${what}`]);
  });
});

describe('words (MIN-4)', () => {
  it.each([
    ['any letters, accents and apostrophes', "CROHN'S nurse", 'diagnosis: CROHN'],
    ['a plural', 'strokes', 'diagnosis: strokes'],
    ['a slip of the pen', 'your diabetees', 'diagnosis: diabetees'],
    ['letters that changed places', 'your sertarline', 'medicine: sertarline'],
    ['a slip inside a phrase', 'high blood presure', 'diagnosis: high blood presure'],
    ['a hyphen', 'pre-diabetes', 'diagnosis: pre-diabetes'],
    ['an ending of conditions', 'your dacryocystitis', 'diagnosis: dacryocystitis'],
    ['an ending of medicines', 'your zanubrutinib', 'medicine: zanubrutinib'],
    ['a word as it is written', 'the MS nurse', 'diagnosis: MS'],
    ['a long word as it sounds', 'your amytriptiline', 'medicine: amytriptiline'],
    ['e for ae', 'your hemoglobinopathy', 'diagnosis: hemoglobinopathy'],
    ['a plural of -y', 'your biopsies', 'diagnosis: biopsies'],
    ['whose it is', 'his heart is failing', 'diagnosis: his heart is'],
    ['parts and what is wrong with them', 'your liver problems', 'diagnosis: liver problems'],
  ])('%s', (_how, text, what) => {
    expect(found(text).some((one) => one.startsWith(what))).toBe(true);
  });

  it.each([
    ['Ms Example will see you', 'the same letters, written otherwise'],
    ['Your fracture clinic is on Monday', 'the name of an ordinary clinic'],
    ['If you take warfarin, insulin or aspirin, tell us before the scan', 'a question that everybody is asked'],
    ['The diagnosis is not made by text', 'a word with an ending of conditions'],
    ['Your high. Blood pressure', 'a phrase across two sentences'],
  ])('%s: nothing (%s)', (text) => {
    expect(of(text)).toEqual([]);
  });

  it('what is asked of everybody does not hide what is said of this person', () => {
    expect(found('If you have diabetes, ring us. Your asthma review is on Monday.')).toEqual(['diagnosis: asthma']);
  });
});

describe('how it is put (CON-3, SUS-1, SUS-2)', () => {
  it.each([
    ['PLEASE CALL US NOW', 'shouting'],
    ['This is URGENT', 'shouting'],
    ['Please come! It matters!', 'exclamation'],
    ['Act now or you will lose your place', 'pressure'],
    ['Final notice: click here', 'pressure'],
    ['Please pay now to keep your appointment', 'payment'],
    ['Send us your bank details and sort code', 'payment'],
    ['c u tmrw pls', 'text-speak'],
    ['Go to nhѕ for more', 'look-alike'],
    ['Please donate to our appeal', 'appeal'],
    ['Would you take part in a clinical trial?', 'study'],
  ])('%s: %s', (text, what) => {
    expect(of(text)).toContain(what);
  });

  it.each([
    'Thank you! We look forward to seeing you.',
    'MRI at St Example, LS9 7TF, BLOCK B',
    'NHS and GP, A&E, ECG, CT',
    'You do not have to pay. We never ask for your bank details.',
    'Pay for parking at the machine on level 2.',
    'Your blood pressure was fine.',
    'Ward B4, 3 to 5pm',
    'Your sleep study is on Monday.',
    'Take 5 µg',
    'Bed pls, ward 4',
    'Please call her back about the theatre kit invoice.',
  ])('%s: nothing', (text) => {
    expect(of(text).filter((one) => !confidentialFamilies.some((family) => family === one))).toEqual([]);
  });
});

describe('the lists', () => {
  it('are published, and each is read', () => {
    for (const name of wordListNames) expect([name, formsIn(name).length > 0]).toEqual([name, true]);
  });

  it('no form says the same as another of its list', () => {
    const seen = new Map<string, number>();
    for (const { list, words, as } of wordForms()) {
      const key = `${list} ${as ?? ''} ${as === 'as-written' ? words : words.toLowerCase()}`;
      seen.set(key, (seen.get(key) ?? 0) + 1);
    }
    expect([...seen].filter(([, count]) => count > 1).map(([key]) => key)).toEqual([]);
  });

  it('what is confidential is not excused by the ordinary list as a whole', () => {
    const excused = new Set(formsIn('ordinary').map((one) => one.words));
    const both = wordForms().filter(
      (one) => confidentialFamilies.some((name) => name === one.list) && excused.has(one.words),
    );
    expect(both.map((one) => one.words)).toEqual([]);
  });
});
