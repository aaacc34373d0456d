import { inflateRawSync } from 'node:zlib';
import type { AccessAsk } from '../../src/sar/export.ts';
import { bundleForms, fileForms } from '../../src/sar/forms.ts';
import { pdfText } from './pdf-text.ts';
import { base, collected, type SarRig } from './rig.ts';

/** The files of an archive, by the directory at its end (APPNOTE 4.3.12). */
export function filesIn(archive: Buffer): Map<string, Buffer> {
  const end = archive.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  const found = new Map<string, Buffer>();
  let at = archive.readUInt32LE(end + 16);
  for (let left = archive.readUInt16LE(end + 10); left > 0; left -= 1) {
    const [method, size] = [archive.readUInt16LE(at + 10), archive.readUInt32LE(at + 20)];
    const [name, extra, comment] = [28, 30, 32].map((one) => archive.readUInt16LE(at + one)) as [
      number,
      number,
      number,
    ];
    const start = archive.readUInt32LE(at + 42);
    const data = start + 30 + archive.readUInt16LE(start + 26) + archive.readUInt16LE(start + 28);
    const bytes = archive.subarray(data, data + size);
    found.set(archive.toString('utf8', at + 46, at + 46 + name), method === 8 ? inflateRawSync(bytes) : bytes);
    at += 46 + name + extra + comment;
  }
  return found;
}

/** All that can be read in each of the six forms, their files and encoded values too, spaces as one. */
export async function everyForm(rig: SarRig, change: Partial<AccessAsk> = {}): Promise<Record<string, string>> {
  const read: Record<string, string> = {};
  const named = [...Object.entries(bundleForms), ...fileForms.map((one) => [one.extension, one] as const)];
  for (const [name, form] of named) {
    const parts = await collected(form.write(await rig.ask({ ...change, form: name }), base));
    const bytes = Buffer.concat(parts.map((one) => Buffer.from(one as Uint8Array)));
    const files = name === 'zip' ? [...filesIn(bytes)] : [[`copy.${form.extension}`, bytes] as const];
    read[name] = files
      .map(([file, content]) => `${file} ${readable(file, content)}`)
      .join('\n')
      .replaceAll(/\s+/g, ' ');
  }
  return read;
}

function readable(file: string, content: Buffer): string {
  if (!file.endsWith('.pdf') || !content.toString('latin1').endsWith('%%EOF\n')) {
    const text = content.toString();
    const encoded = [...text.matchAll(/"data":"([^"]+)"/g)].map(([, one = '']) =>
      Buffer.from(one, 'base64').toString(),
    );
    return [text, ...encoded].join('\n');
  }
  const { pages, objects, bookmarks } = pdfText(content);
  return [...pages, objects, ...bookmarks].join('\n');
}
