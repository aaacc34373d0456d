import type { Communication, Resource } from '@medplum/fhirtypes';
import { afterEach, describe, expect, it } from 'vitest';
import { structureDefinition } from '../../src/canonical.ts';
import { MASKED } from '../../src/sar/history.ts';
import { historyPdf } from '../../src/sar/pdf.ts';
import { nameOf, printable, runsOf } from '../../src/sar/pdf-text.ts';
import { pdfText } from './pdf-text.ts';
import { aMessage, approved, collected, decision, inbound, kim, rewritten, type SarRig, sarRig } from './rig.ts';

const open: SarRig[] = [];
async function rigWith(...resources: readonly (Resource & { id: string })[]): Promise<SarRig> {
  const rig = await sarRig();
  open.push(rig);
  await rig.put(...resources);
  return rig;
}
afterEach(() => {
  for (const rig of open.splice(0)) rig.close();
});

type Ask = Parameters<SarRig['ask']>[0];
const pdfOf = async (rig: SarRig, ask?: Ask): Promise<Buffer> =>
  Buffer.concat(await collected(historyPdf(await rig.ask(ask))));

async function released(rig: SarRig, ...input: Parameters<typeof approved>[0] & object): Promise<Buffer> {
  await rewritten(rig, ...approved(input));
  return pdfOf(rig, { stage: 'release' });
}

/** A contact detail that stands nowhere else. */
const to = (value: string): Partial<Communication> => ({
  extension: [{ url: structureDefinition('contact-point-used'), valueContactPoint: { system: 'phone', value } }],
});

/** Every page, as its text is read, without the breaks of lines. */
const read = (pdf: Buffer): string => pdfText(pdf).pages.join('\n').replaceAll(/\s+/g, ' ');

describe('SAR-1: the PDF has all that the history has', () => {
  it('every text, name, detail, reason and reference of every entry and section', async () => {
    const rig = await rigWith(
      kim,
      aMessage('m1', { ...to('07700 900789'), topic: { text: 'Your appointment' }, note: [{ text: 'Rang first' }] }),
      aMessage('m2', { status: 'not-done', statusReason: { text: 'Objects to texts' } }),
      inbound('m3', 'I cannot come.\nPlease move it.'),
    );
    const text = read(await pdfOf(rig));
    const history = await rig.ask();
    const said: (string | undefined)[] = [];
    for await (const one of history.entries()) {
      said.push(one.atText, one.status, one.channel, one.from, one.to, one.contact, one.messageType, one.subjectLine);
      said.push(...one.text.split('\n'), ...one.reasons, ...one.notes, ...one.times.map((time) => time.atText));
      said.push(...one.recordedBy, ...one.lawfulBases, one.reference);
    }
    for (const section of history.sections) {
      said.push(section.title, ...section.text);
      for (const item of section.items) said.push(item.title, ...item.fields.flatMap((one) => [one.label, one.value]));
    }
    const missing = said.filter((one) => one !== undefined && !text.includes(one.replaceAll(/\s+/g, ' ')));
    expect(missing).toEqual([]);
    expect(said.length).toBeGreaterThan(60);
  });

  it('keeps the person and the number of the request on each page, and how many pages there are', async () => {
    const many = Array.from({ length: 40 }, (_, at) => aMessage(`m${at}`));
    const { pages } = pdfText(await pdfOf(await rigWith(...many)));
    expect(pages.length).toBeGreaterThan(5);
    for (const [at, page] of pages.entries()) {
      expect(page).toContain('Ada Example, request SAR-2026-0042');
      expect(page.replaceAll('\n', ' ')).toContain(`Page ${at + 1} of ${pages.length}`);
    }
  });

  it('reads in the order of the history, the newest last, each label before its value', async () => {
    const text = read(await pdfOf(await rigWith(aMessage('m1'), inbound('m2', 'The newest of all'))));
    const order = ['About this copy', 'Your details', 'June 2026', 'Text of m1', 'The newest of all', 'Your rights'];
    const places = order.map((one) => text.indexOf(one));
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(places[0]).toBeGreaterThan(0);
    expect(text).toContain('Status Sent Channel');
  });

  it('goes on over pages with what is longer than one, words wider than a line too', async () => {
    const long = `${'A sentence of the letter that goes on. '.repeat(300)}${'x'.repeat(500)} the end`;
    const text = read(await pdfOf(await rigWith(aMessage('m1', { payload: [{ contentString: long }] }))));
    expect(text.match(/sentence/g)).toHaveLength(300);
    expect(text.replaceAll(/[^x]/g, '').length).toBeGreaterThanOrEqual(500);
    expect(text).toContain('the end');
  });
});

describe('SAR-2: what is hidden is in no byte of the released PDF', () => {
  it('neither in its text nor in its metadata, bookmarks or tags; that something is hidden is seen', async () => {
    const rig = await rigWith(kim, aMessage('m1', { payload: [{ contentString: 'Ask Zed Quill about it.' }] }));
    const shown = await pdfOf(rig);
    expect(read(shown)).toContain('Ask Zed Quill about it.');
    const pdf = await released(
      rig,
      decision('mask', 'Communication/m1', { path: 'payload.content', text: 'Zed Quill', ground: 'third-party' }),
    );
    expect(read(pdf)).toContain(`Ask ${MASKED} about it.`);
    for (const hidden of ['Quill', '900456', 'kim@example.org', 'Invented Row']) {
      expect(read(pdf)).not.toContain(hidden);
      expect(pdfText(pdf).objects).not.toContain(hidden);
    }
    expect(pdfText(pdf).objects).not.toContain('third-party');
  });

  it('the released copy begins with its letter, the review says on each page that it is none', async () => {
    const rig = await rigWith(aMessage('m1'));
    const review = pdfText(await pdfOf(rig)).pages;
    for (const page of review) expect(page).toContain('For review: do not release');
    const [letter = '', first = ''] = pdfText(await released(rig)).pages;
    expect(letter).toContain('Dear Ada Example,');
    expect(letter).not.toContain('Text of m1');
    expect(first).toContain('Copy of your messaging record');
    expect([letter, first].join('')).not.toContain('do not release');
  });
});

describe('SAR-1: the PDF is accessible (PDF/UA-1)', () => {
  it('is tagged, in English, with its title, headings and bookmarks; every page has its tags', async () => {
    const pdf = await pdfOf(await rigWith(aMessage('m1'), aMessage('m2', { sent: '2026-05-02T09:00:00Z' })));
    const { objects, tags, bookmarks } = pdfText(pdf);
    expect(objects).toMatch(/\/Marked true/);
    expect(objects).toContain('/Lang (en-GB)');
    expect(objects).toContain('/DisplayDocTitle true');
    expect(objects).toContain('<pdfuaid:part>1</pdfuaid:part>');
    expect(objects).toContain('Copy of a messaging record, for review: Ada Example, request SAR-2026-0042');
    expect(objects).not.toMatch(/\/FontFile3? null|\/BaseFont \/Helvetica/);
    expect([...new Set(tags)].sort()).toEqual(
      ['Document', 'H1', 'H2', 'H3', 'H4', 'L', 'LBody', 'LI', 'Lbl', 'P', 'Sect'].sort(),
    );
    expect(bookmarks).toEqual(
      expect.arrayContaining(['About this copy', 'Messages and requests', 'May 2026', 'June 2026', 'Your rights']),
    );
  });

  it('a name with signs of markup breaks no metadata', async () => {
    const rig = await rigWith();
    const names = { name: [{ given: ['Ada <b>'], family: '& Co' }] };
    await rewritten(rig, { ...(await rig.store.read('Patient', 'ada')), ...names } as Resource & { id: string });
    expect(pdfText(await pdfOf(rig)).objects).toContain('review: Ada (b) and Co, request');
  });
});

describe('SAR-1: no character is dropped in silence', () => {
  const all = () => true;
  const ascii = (codePoint: number) => codePoint < 0x80;
  it.each<[string, string, (codePoint: number) => boolean, string]>([
    ['plain text', 'a\nb', ascii, 'a\nb'],
    ['a picture that the font lacks', 'ok 👍', ascii, 'ok [thumbs up sign]'],
    ['with the tone of its skin', '👍🏽', ascii, '[thumbs up sign][emoji modifier fitzpatrick type-4]'],
    ['a letter that it lacks', '中', ascii, '[U+4E2D]'],
    ['what it has', 'Łódź 😂', all, 'Łódź 😂'],
    ['decomposed letters', 'cafe\u0301', all, 'café'],
    ['ends of lines of all kinds', 'a\r\nb\rc\u2028d', all, 'a\nb\nc\nd'],
    ['spaces of all kinds', 'a\tb\u2003c', all, 'a b c'],
    ['what shows nothing', 'a\u200bb\ufeff\u00ad', all, 'ab'],
    ['control characters', 'a\u0007b', ascii, 'a[U+0007]b'],
  ])('%s', (_what, text, has, shown) => {
    expect(printable(text, has)).toBe(shown);
  });

  it('pictures have the names of the Unicode Standard, other characters their number', () => {
    expect([nameOf(0x1f489), nameOf(0x915)]).toEqual(['syringe', 'U+0915']);
  });

  it('text that is read from right to left comes out as it was written, and figures in it stay', async () => {
    const rig = await rigWith(inbound('m1', 'שלום עולם\nرقم 07700 900123'));
    const { glyphs } = pdfText(await pdfOf(rig));
    expect(glyphs).toContain('שלום עולם');
    expect(read(await pdfOf(rig))).toContain('07700 900123');
    expect(runsOf('رقم 07700 نص').map((one) => one.rightToLeft)).toEqual([true, false, true]);
  });

  it('every text is one that a search finds: each glyph leads back to its character', async () => {
    const { unmapped } = pdfText(await pdfOf(await rigWith(inbound('m1', 'fi ffl Łódź — “quoted” … €5 ½ Ω Ж'))));
    expect(unmapped).toEqual([]);
  });
});
