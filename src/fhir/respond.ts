import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Request, Response } from 'express';
import { answerType } from '../http/media-types.ts';
import type { SearchParams, Stored } from '../store/fhir-store.ts';
import type { Answer } from './call.ts';
import { doneOutcome } from './outcome.ts';

/** The form in which one answer is wanted. */
export interface AnswerForm {
  readonly mediaType: string;
  readonly pretty: boolean;
  readonly returns: 'minimal' | 'representation' | 'OperationOutcome';
}

/** Parameters that say how the answer is written, not what it holds. */
export const formParameters = ['_format', '_pretty'] as const;

export function withoutForm(params: SearchParams): SearchParams {
  return params.filter(([name]) => !(formParameters as readonly string[]).includes(name));
}

/** `beside`: media types that may be asked for beside FHIR's. Errors: AppError NOT_ACCEPTABLE. */
export function answerForm(req: Request, query: URLSearchParams, beside: readonly string[] = []): AnswerForm {
  return {
    mediaType: answerType(req.get('accept'), query.get('_format') ?? undefined, beside),
    pretty: query.get('_pretty') === 'true',
    returns: preferredReturn(req.get('prefer')),
  };
}

/**
 * Makes HTTP of an answer (FHIR R4 3.1.0). `base`: the interface's own address. Errors: those of a file's content; what was
 * written of it by then is cut off, so that nobody takes it for the whole.
 */
export async function respond(res: Response, answer: Answer, form: AnswerForm, base: string): Promise<void> {
  switch (answer.kind) {
    case 'content':
      sendResource(res.status(answer.status), answer.resource, form);
      return;
    case 'not-modified':
      versionHeaders(res, answer.resource);
      res.status(304).end();
      return;
    case 'version': {
      const { resource, done } = answer;
      versionHeaders(res, resource);
      res.status(answer.status);
      if (done !== undefined) res.set('Location', versionUrl(base, resource));
      const { warnings = [] } = answer;
      if (warnings.length > 0)
        res.set('X-Herald-Warnings', warnings.map((one) => `${one.code} ${one.clause}`).join(', '));
      if (done === undefined || form.returns === 'representation') sendResource(res, resource, form);
      else if (form.returns === 'OperationOutcome') sendResource(res, doneOutcome(done, warnings), form);
      else res.end();
      return;
    }
    case 'file':
      res.status(200).type(answer.mediaType).set('Content-Disposition', `attachment; filename="${answer.name}"`);
      res.set('Cache-Control', 'no-store');
      await pipeline(Readable.from(answer.content), res);
      return;
    default: {
      const never: never = answer;
      throw new TypeError(`Unknown answer ${String(never)}`);
    }
  }
}

/** `W/"3"` → `3`; `*` stays. `undefined` when there is no such header; what is no tag matches nothing. */
export function versionOf(tag: string | undefined): string | undefined {
  if (tag === undefined) return undefined;
  return /^(?:W\/)?"([^"]*)"$/.exec(tag.trim())?.[1] ?? tag.trim();
}

function versionHeaders(res: Response, resource: Stored): void {
  res.set('ETag', `W/"${resource.meta.versionId}"`);
  res.set('Last-Modified', new Date(resource.meta.lastUpdated).toUTCString());
}

/** The address of this version: `Location`. */
export function versionUrl(base: string, resource: Stored): string {
  return `${base}/${resource.resourceType}/${resource.id}/_history/${resource.meta.versionId}`;
}

function sendResource(res: Response, resource: object, form: AnswerForm): void {
  res.type(form.mediaType).send(form.pretty ? JSON.stringify(resource, null, 2) : JSON.stringify(resource));
}

/** RFC 7240; what is not known is ignored, as it says. */
function preferredReturn(prefer: string | undefined): AnswerForm['returns'] {
  const value = /(?:^|[,;\s])return\s*=\s*"?(minimal|representation|OperationOutcome)\b/.exec(prefer ?? '')?.[1];
  return value === 'minimal' || value === 'OperationOutcome' ? value : 'representation';
}
