import { createHash } from 'node:crypto';
import type { Resource } from '@medplum/fhirtypes';
import { afterEach, describe, expect, it } from 'vitest';
import type { SubjectHistory } from '../../src/sar/history.ts';
import { historyZip } from '../../src/sar/zip.ts';
import { filesIn } from './every-form.ts';
import { aMessage, approved, base, collected, decision, kim, rewritten, type SarRig, sarRig } from './rig.ts';

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

const letter = { contentType: 'application/pdf', title: 'Letter to Ada', data: 'JVBERi0xLjQ=' };
const withLetter = aMessage('m2', { payload: [{ contentString: 'See Zed Quill' }, { contentAttachment: letter }] });

const zipOf = async (history: SubjectHistory) => filesIn(Buffer.concat(await collected(historyZip(history, base))));
const sha256 = (data: Buffer) => createHash('sha256').update(data).digest('hex');

describe('SAR-1: the archive', () => {
  it('has every form and every file, with checksums and a manifest that agree', async () => {
    const rig = await rigWith(aMessage('m1'), withLetter);
    const files = await zipOf(await rig.ask());
    expect([...files.keys()]).toEqual([
      ...['copy.pdf', 'copy.html', 'copy.csv', 'copy.json', 'attachments/Communication-m2-1.pdf', 'manifest.json'],
      'SHA256SUMS',
    ]);
    expect(files.get('attachments/Communication-m2-1.pdf')?.toString()).toBe('%PDF-1.4');
    const sums = files.get('SHA256SUMS')?.toString().trim().split('\n') ?? [];
    expect(sums).toHaveLength(6);
    for (const line of sums) {
      const [sum, name = ''] = line.split('  ');
      expect([name, sha256(files.get(name) ?? Buffer.of())]).toEqual([name, sum]);
    }
    const manifest = JSON.parse(files.get('manifest.json')?.toString() ?? '');
    expect(manifest).toMatchObject({ stage: 'review', request: 'SAR-2026-0042', messagesAndRequests: 2 });
    for (const { name, bytes, sha256: sum } of manifest.files) {
      expect([files.get(name)?.length, sha256(files.get(name) ?? Buffer.of())]).toEqual([bytes, sum]);
    }
  });

  it('has one document in all its forms', async () => {
    const rig = await rigWith(aMessage('m1'));
    const files = await zipOf(await rig.ask());
    const { document } = JSON.parse(files.get('manifest.json')?.toString() ?? '');
    expect(JSON.parse(files.get('copy.json')?.toString() ?? '').id).toBe(document);
    expect(files.get('copy.html')?.toString()).toContain(document);
  });

  it('names nobody in its files names and its manifest', async () => {
    const rig = await rigWith(kim, withLetter);
    const files = await zipOf(await rig.ask());
    const outside = `${[...files.keys()].join(' ')} ${files.get('manifest.json')}`;
    expect(outside).not.toMatch(/Ada|Kim|Sample|9991230009|07700|Letter to/);
  });

  it('SAR-2: in a release has nothing that is hidden, files beside hidden words neither', async () => {
    const rig = await rigWith(kim, withLetter);
    const hidden = decision('mask', 'Communication/m2', {
      path: 'payload[0].content',
      text: 'Zed Quill',
      ground: 'other',
    });
    await rewritten(rig, ...approved([hidden]));
    const files = await zipOf(await rig.ask({ stage: 'release' }));
    expect([...files.keys()].filter((one) => one.startsWith('attachments/'))).toEqual([]);
    const all = [...files.values()].map((one) => one.toString('latin1')).join('\n');
    expect(all).not.toMatch(/Quill|JVBERi0xLjQ=|900456/);
  });

  it('is cut off where the history cannot be read to its end, and says so', async () => {
    const rig = await rigWith(aMessage('m1'));
    const history = await rig.ask();
    const failing: SubjectHistory = {
      ...history,
      // biome-ignore lint/correctness/useYield: it fails before it has anything.
      async *entries() {
        throw new Error('the store does not answer');
      },
    };
    await expect(collected(historyZip(failing, base))).rejects.toThrow('the store does not answer');
  });

  it('reads no further when nobody wants the rest', async () => {
    const rig = await rigWith(aMessage('m1'));
    const history = await rig.ask();
    let reads = 0;
    const counted: SubjectHistory = {
      ...history,
      entries() {
        reads += 1;
        return history.entries();
      },
    };
    for await (const _part of historyZip(counted, base)) break;
    expect(reads).toBeLessThan(4);
  });
});
