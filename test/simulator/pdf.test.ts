import { deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type LetterContent, layOut } from '../../src/simulator/letters/layout.ts';
import { writePdf } from '../../src/simulator/letters/pdf.ts';
import { checkPdf } from '../../src/simulator/letters/pdf-check.ts';
import { pdfText } from './support.ts';

const letter: LetterContent = {
  address: ['Pat Example', '1 High Street', 'LS1 4AP'],
  contact: ['Example NHS Trust', 'Leeds'],
  date: '1 September 2026',
  subject: 'Your appointment',
  body: 'Dear Pat,',
};
const print = (changes: Partial<LetterContent>): Buffer => {
  const content = { ...letter, ...changes };
  return writePdf(content.subject, layOut(content));
};
const pages = (count: number): string => Array.from({ length: count }, (_, n) => `page ${n}`).join('\n\n***\n\n');

describe('5.7: the PDF of a letter', () => {
  it('shows address, sender, date, subject and text, in that order', () => {
    expect(pdfText(print({}))).toEqual([
      ...['Pat Example', '1 High Street', 'LS1 4AP', 'Example NHS Trust', 'Leeds'],
      ...['1 September 2026', 'Your appointment', 'Dear Pat,'],
    ]);
  });

  it('prints headings, bullets, numbers, links and line ends; nothing is bold inside a line', () => {
    const body =
      '# What to bring\n* one\n* two\n\nsee https://www.nhs.uk/x and [this](https://example.org)\n**so**\n\n1. a';
    expect(pdfText(print({ body })).slice(7)).toEqual([
      ...['What to bring', '•', 'one', '•', 'two'],
      ...['see www.nhs.uk/x and [this](https://example.org)', '**so**', '1.', 'a'],
    ]);
  });

  it('a line across begins a new page, and so does text that is too long for one', () => {
    expect(layOut({ ...letter, body: pages(3) })).toHaveLength(3);
    expect(layOut({ ...letter, body: 'word '.repeat(3_000) }).length).toBeGreaterThan(1);
    expect(
      layOut({ ...letter, body: 'x'.repeat(400) })
        .flat()
        .filter(({ text }) => /^x+$/.test(text)).length,
    ).toBe(5);
  });

  it('holds every character that is asked for: those of the Windows alphabet, Welsh ones, any other', () => {
    const body = 'Siân Ŵyn £5 – “ŷ” (\\x) Łódź 中 👍';
    const pdf = print({ body });
    expect(pdfText(pdf).at(-1)).toBe(body);
    expect(pdf.toString('latin1')).toContain('/Wcircumflex');
  });

  it('is a whole PDF: every object is where the table says', () => {
    const pdf = print({ body: pages(2) });
    const text = pdf.toString('latin1');
    const start = Number(/startxref\n(\d+)\n%%EOF\n$/.exec(text)?.[1]);
    const [, count, table = ''] = /^xref\n0 (\d+)\n([\s\S]*?)trailer/.exec(text.slice(start)) ?? [];
    const entries = table.split('\n').slice(1, -1);
    expect(entries).toHaveLength(Number(count) - 1);
    for (const [at, entry] of entries.entries()) {
      expect(text.slice(Number(entry.slice(0, 10)))).toMatch(new RegExp(`^${at + 1} 0 obj\n`));
    }
    for (const [, length, content] of text.matchAll(/<< \/Length (\d+) >>\nstream\n([\s\S]*?)\nendstream/g)) {
      expect(content).toHaveLength(Number(length));
    }
  });
});

describe('10.4: what is made of a PDF that somebody sends', () => {
  const packed = (objects: string): Buffer =>
    Buffer.concat([
      Buffer.from('%PDF-1.5\n1 0 obj\n<< /Type /ObjStm /N 1 /First 4 /Filter /FlateDecode >>\nstream\n'),
      deflateSync(Buffer.from(objects)),
      Buffer.from('\nendstream\nendobj\nstartxref\n9\n%%EOF'),
    ]);
  const a4 = '/MediaBox [0 0 595 842]';

  it.each<[string, Buffer, object]>([
    ['a letter of ours', print({ body: pages(3) }), { kind: 'ok', pages: 3 }],
    ['objects kept compressed', packed(`<< /Type /Page ${a4} >> << /Type /Pages >>`), { kind: 'ok', pages: 1 }],
    ['compressed in a way unknown', Buffer.from('%PDF-1.5 /Type /ObjStm stream\nx\nendstream startxref'), invalid()],
    ['no PDF', Buffer.from('hello'), invalid()],
    ['cut off', print({}).subarray(0, 500), invalid()],
    ['empty', Buffer.alloc(0), invalid()],
    ['eleven pages', print({ body: pages(11) }), { kind: 'invalid', reason: 'letter-too-long' }],
    ['a page turned', packed('<< /Type /Page /MediaBox [0 0 842 595] >>'), wrongSize()],
    ['US paper', packed('<< /Type /Page /MediaBox [0 0 612 792] >>'), wrongSize()],
    ['the scanners’ test text', Buffer.concat([print({}), eicar()]), { kind: 'virus' }],
  ])('%s', (_, pdf, verdict) => {
    expect(checkPdf(pdf)).toEqual(verdict);
  });
});

function invalid(): object {
  return { kind: 'invalid', reason: 'unable-to-read-the-file' };
}

function wrongSize(): object {
  return { kind: 'invalid', reason: 'letter-not-a4-portrait-oriented' };
}

function eicar(): Buffer {
  return Buffer.from(['X5O!P%@AP[4\\PZX54(P^)7CC)7}$', 'EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*'].join(''));
}
