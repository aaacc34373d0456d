import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { historyPdf } from '../../../src/sar/pdf.ts';
import { aMessage, approved, collected, inbound, kim, rewritten, sarRig } from '../../sar/rig.ts';

/** Copies of a record as PDF, of both stages, with all that is hard to print; their files. */
export async function makeCopies(folder: string): Promise<string[]> {
  const rig = await sarRig();
  try {
    await rig.put(
      kim,
      ...Array.from({ length: 30 }, (_, at) => aMessage(`m${at}`, { topic: { text: 'Your appointment' } })),
      aMessage('to-kim', { recipient: [{ reference: 'RelatedPerson/kim' }] }),
      aMessage('long', { payload: [{ contentString: 'A sentence that goes on and on. '.repeat(300) }] }),
      inbound(
        'letters',
        'Łódź naïve Ελληνικά Привет — “quoted” …\nשלום עולם 10:30\nمرحبا 07700 900123\nनमस्ते 中文 👍🏽 😂',
      ),
    );
    const review = join(folder, 'review.pdf');
    writeFileSync(review, Buffer.concat(await collected(historyPdf(await rig.ask()))));
    await rewritten(rig, ...approved());
    const release = join(folder, 'release.pdf');
    writeFileSync(release, Buffer.concat(await collected(historyPdf(await rig.ask({ stage: 'release' })))));
    return [review, release];
  } finally {
    rig.close();
  }
}
