import type { InboundDeps } from '../inbound/deps.ts';
import { keepReceivedText } from '../inbound/received-text.ts';
import type { Job } from '../jobs/jobs.ts';
import type { JobOutcome } from '../jobs/worker.ts';
import type { CallbackKind } from '../providers/callback-events.ts';
import type { OutcomeDeps } from '../send/outcome.ts';
import { applyReceipt } from '../send/receipt.ts';
import { applyReturnedLetter } from '../send/returned-letter.ts';

/** What came in from the provider, by kind. */
export async function inbox(deps: OutcomeDeps, receiving: InboundDeps, job: Job): Promise<JobOutcome> {
  const kind = job.data.kind as CallbackKind;
  switch (kind) {
    case 'delivery-receipt':
      return applyReceipt(deps, job);
    case 'received-text':
      return keepReceivedText(receiving, job);
    case 'returned-letter':
      return applyReturnedLetter(deps, job);
    default:
      return kind satisfies never;
  }
}
