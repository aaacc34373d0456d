import { AppError } from '../errors.ts';

export const FHIR_JSON = 'application/fhir+json';
const JSON_TYPE = 'application/json';
export const FORM = 'application/x-www-form-urlencoded';

/**
 * The form in which the caller wants the answer: `_format` goes before `Accept` (FHIR R4 3.1.0.1.11). `beside`: what is
 * answered at this address beside FHIR. Errors: AppError NOT_ACCEPTABLE.
 */
export function answerType(
  accept: string | undefined,
  format: string | undefined,
  beside: readonly string[] = [],
): string {
  const wanted = format === undefined || format === '' ? accept : format.replaceAll(' ', '+');
  if (wanted === undefined || wanted.trim() === '') return FHIR_JSON;
  const ranked = wanted
    .split(',')
    .map(mediaRange)
    .filter((one) => one.quality > 0)
    .sort((a, b) => b.quality - a.quality);
  for (const { type, fhirVersion } of ranked) {
    if (fhirVersion !== undefined && !/^4\.0(\.\d)?$/.test(fhirVersion)) continue;
    const offered = beside.includes(type) ? type : offers[type];
    if (offered !== undefined) return offered;
  }
  const others = beside.length === 0 ? 'alone' : `and here ${beside.join(', ')}`;
  throw new AppError('NOT_ACCEPTABLE', `Herald answers application/fhir+json (FHIR R4), application/json ${others}.`);
}

/** Errors: AppError MEDIA_TYPE_UNSUPPORTED when a body that should be a resource is declared as something else. */
export function assertJsonBody(contentType: string | undefined): void {
  assertBody(contentType, [FHIR_JSON, JSON_TYPE], 'Content-Type: application/fhir+json');
}

/** The same for a form (`_search`). */
export function assertFormBody(contentType: string | undefined): void {
  assertBody(contentType, [FORM], `Content-Type: ${FORM}`);
}

function assertBody(contentType: string | undefined, types: readonly string[], remedy: string): void {
  const { type, charset, fhirVersion } = mediaRange(contentType ?? '');
  if (!types.includes(type)) throw new AppError('MEDIA_TYPE_UNSUPPORTED', `The body must be sent as ${remedy}.`);
  if (charset !== undefined && !/^"?utf-?8"?$/i.test(charset)) {
    throw new AppError('MEDIA_TYPE_UNSUPPORTED', 'The body must be in UTF-8.');
  }
  if (fhirVersion !== undefined && !/^4\.0(\.\d)?$/.test(fhirVersion)) {
    throw new AppError('MEDIA_TYPE_UNSUPPORTED', 'The body must be FHIR R4 (fhirVersion 4.0).');
  }
}

const offers: Readonly<Record<string, string>> = {
  [FHIR_JSON]: FHIR_JSON,
  [JSON_TYPE]: JSON_TYPE,
  'text/json': JSON_TYPE,
  json: FHIR_JSON,
  'application/json+fhir': FHIR_JSON,
  'application/*': FHIR_JSON,
  '*/*': FHIR_JSON,
  '*': FHIR_JSON,
};

function mediaRange(text: string): {
  type: string;
  quality: number;
  charset: string | undefined;
  fhirVersion: string | undefined;
} {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim());
  const value = (name: string): string | undefined =>
    parameters.find((one) => one.toLowerCase().startsWith(`${name}=`))?.slice(name.length + 1);
  const quality = Number(value('q') ?? 1);
  return {
    type: type.toLowerCase(),
    quality: Number.isFinite(quality) ? quality : 0,
    charset: value('charset'),
    fhirVersion: value('fhirversion'),
  };
}
