import type { Composition, CompositionSection, Reference } from '@medplum/fhirtypes';
import { controllerReference } from '../send/authors.ts';
import type { Notice } from './gather.ts';
import { sectionsOf } from './sections.ts';

/** What the page says, as a FHIR document's composition (ACC-3). */
export function noticeComposition(notice: Notice): Composition {
  return {
    resourceType: 'Composition',
    language: 'en-GB',
    status: 'final',
    type: { text: 'How people are contacted' },
    date: notice.at.toISOString(),
    author: [controllerReference(notice.controller) as NonNullable<Composition['author']>[number]],
    title: 'How we contact you',
    custodian: controllerReference(notice.controller) as Reference as NonNullable<Composition['custodian']>,
    section: sectionsOf(notice).map(
      ({ title, html }): CompositionSection => ({
        title,
        text: { status: 'generated', div: `<div xmlns="http://www.w3.org/1999/xhtml">${html}</div>` },
      }),
    ),
  };
}
