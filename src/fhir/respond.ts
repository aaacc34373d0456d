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

/** Errors: AppError NOT_ACCEPTABLE. */
export function answerForm(req: Request, query: URLSearchParams): AnswerForm {
  return {
    mediaType: answerType(req.get('accept'), query.get('_format') ?? undefined),
    pretty: query.get('_pretty') === 'true',
    returns: preferredReturn(req.get('prefer')),
  };
}

/** Makes HTTP of an answer (FHIR R4 3.1.0). `base`: the interface's own address. */
export function respond(res: Response, answer: Answer, form: AnswerForm, base: string): void {
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
      if (done === undefined || form.returns === 'representation') sendResource(res, resource, form);
      else if (form.returns === 'OperationOutcome') sendResource(res, doneOutcome(done), form);
      else res.end();
      return;
    }
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
