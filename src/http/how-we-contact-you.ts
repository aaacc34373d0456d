import express, { type Request, type Response, type Router } from 'express';
import { noticeComposition } from '../notice/composition.ts';
import { type Notice, type NoticeDeps, noticeOf } from '../notice/gather.ts';
import { noticePage, pagePolicy } from '../notice/page.ts';
import { StoreError } from '../store/fhir-store.ts';
import { FHIR_JSON } from './media-types.ts';

/** How long what was read for one visitor serves the next, in milliseconds: anybody may ask, as often as they like. */
const GOOD_FOR_MS = 5_000;

/**
 * `GET /how-we-contact-you` (contract 1, ACC-3): no token, no personal data. A page; a FHIR Composition where FHIR or JSON is
 * what is accepted.
 */
export function howWeContactYou(deps: NoticeDeps): Router {
  const notice = remembered(deps);
  const router = express.Router({ caseSensitive: true });
  router.get('/how-we-contact-you', async (req: Request, res: Response) => {
    res.set('Vary', 'Accept');
    let current: Notice;
    try {
      current = await notice();
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      res.status(503).set('Retry-After', '10').type('text/plain');
      res.send('This page cannot be shown just now. Please try again in a minute, or ask a member of staff.\n');
      return;
    }
    if (req.accepts(['text/html', FHIR_JSON, 'application/json']) === 'text/html') {
      res.set('Content-Security-Policy', pagePolicy).type('html').send(noticePage(current));
      return;
    }
    res.type(FHIR_JSON).send(JSON.stringify(noticeComposition(current)));
  });
  return router;
}

/** Reads once for all who ask at the same time, and for those who come soon after. */
function remembered(deps: NoticeDeps): () => Promise<Notice> {
  let kept: { readonly until: number; readonly notice: Promise<Notice> } | undefined;
  return () => {
    const now = deps.clock.now().getTime();
    if (kept === undefined || now >= kept.until || now < kept.until - GOOD_FOR_MS) {
      const notice = noticeOf(deps);
      kept = { until: now + GOOD_FOR_MS, notice };
      notice.catch(() => {
        kept = undefined;
      });
    }
    return kept.notice;
  };
}
