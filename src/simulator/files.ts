import { randomUUID } from 'node:crypto';
import { badRequest } from './notify-error.ts';
import type { Personalisation } from './rendering/fields.ts';
import type { ServiceSettings } from './settings.ts';
import type { Validate } from './validation.ts';

/** A file to send by email, among the values of a template (9.5). */
interface FileValue {
  readonly file: string;
  readonly filename?: string | null;
  readonly is_csv?: boolean | null;
}

/** Whether a value is a file: any object with that key. */
export function isFile(value: unknown): value is FileValue {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && 'file' in value;
}

/**
 * Takes the files in: each becomes the link at which it could be had. The simulator checks them and throws them away.
 *
 * @throws {NotifyError} 400
 */
export function uploadFiles(
  values: Personalisation,
  service: ServiceSettings,
  validate: Validate,
  smokeTest: boolean,
): Personalisation {
  const files = Object.entries(values).filter((entry): entry is [string, FileValue] => isFile(entry[1]));
  if (files.length === 0) return values;
  for (const [, file] of files) validate('file', file);
  if (service.contactLink === null) {
    throw badRequest(
      'Send files by email has not been set up - add contact details for your service at ' +
        `https://www.notifications.service.gov.uk/services/${service.id}/service-settings/send-files-by-email`,
    );
  }
  const links = files.map(([name, file]) => {
    if (!smokeTest) check(file);
    return [name, smokeTest ? `${DOCUMENTS}/services/${service.id}/documents/test-document` : link(service)];
  });
  return { ...values, ...Object.fromEntries(links) };
}

const DOCUMENTS = 'https://documents.service.gov.uk';
const MOST_BYTES = 2 * 1024 * 1024 + 1024;
const types = ['csv', 'doc', 'docx', 'jpeg', 'jpg', 'json', 'odt', 'pdf', 'png', 'rtf', 'txt', 'xlsx'];

function link(service: ServiceSettings): string {
  const key = Buffer.from(randomUUID()).toString('base64url');
  return `${DOCUMENTS}/d/${Buffer.from(service.id).toString('base64url')}/${randomUUID()}?key=${key}`;
}

function check({ file, filename }: FileValue): void {
  if (!/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(file)) throw badRequest('Document is not base64 encoded');
  const size = Buffer.from(file, 'base64').length;
  if (size === 0) throw badRequest('Document must not be empty');
  if (size > MOST_BYTES) throw badRequest('Uploaded file exceeds file size limit');
  if (filename === undefined || filename === null) return;
  if (filename.length > 100) throw badRequest('`filename` cannot be longer than 100 characters');
  const type = filename.slice(filename.lastIndexOf('.') + 1).toLowerCase();
  if (!types.includes(type)) {
    const supported = types.map((name) => `'.${name}'`).join(', ');
    throw badRequest(`Unsupported file type '${type}'. Supported types are: ${supported}`);
  }
}
