import type { Resource } from '@medplum/fhirtypes';
import { describe, expect, it } from 'vitest';
import { MSG, system } from '../../src/canonical.ts';
import { profilesFor } from '../../src/fhir/conformance/checks.ts';
import {
  attorneyConsent,
  but,
  channel,
  communication,
  completed,
  concept,
  extension,
  flag,
  messageType,
  objection,
  override,
  proxyConsent,
  request,
  saidOf,
} from './support.ts';

const withMore = (resource: Resource & { extension?: unknown[] }, ...more: object[]): Resource =>
  but(resource, { extension: [...(resource.extension ?? []), ...more] });
const provision = (change: object): Record<string, unknown> => ({
  provision: { ...proxyConsent.provision, ...change },
});
const modifier = [{ url: 'https://vendor.example/not-what-it-seems', valueBoolean: true }];

describe('what Herald is asked to take in passes', () => {
  it.each<[string, Resource]>([
    ['a request', request],
    ['a record of a message', communication],
    ['authority of a parent', proxyConsent],
    ['authority of an attorney', attorneyConsent],
    ['an objection', objection],
    ['a completed Task', completed('check-contact', 'done')],
    ['an approved override', override],
    ['a note', flag],
    ['a message type', messageType],
    ['a channel', channel],
  ])('%s', (_what, resource) => {
    expect(saidOf(resource)).toEqual([]);
    expect(profilesFor(resource as never)).toHaveLength(1);
  });
});

describe('contract 2: the CommunicationRequest profile leaves to the rules whatever has a block reason', () => {
  it.each<[string, Record<string, unknown>]>([
    ['no requester', { requester: undefined }],
    ['a requester who is no person', { requester: { reference: 'Device/one' } }],
    ['a requester who is the patient', { requester: { reference: 'Patient/one' } }],
    ['no message type', { extension: undefined }],
    [
      'a message type that nobody knows',
      { extension: [{ url: system.instantiatesCanonical, valueCanonical: 'https://example.org/nothing' }] },
    ],
    ['no subject', { subject: undefined }],
    ['a group as subject', { subject: { reference: 'Group/one' } }],
    ['several recipients', { recipient: [{ reference: 'Patient/one' }, { reference: 'RelatedPerson/two' }] }],
    ['recipients who are staff', { recipient: [{ reference: 'Practitioner/one' }, { reference: 'CareTeam/two' }] }],
    ['an unknown medium', { medium: [concept('channel', 'pigeon')] }],
    ['a medium in words', { medium: [{ text: 'by hand' }] }],
    ['a purpose out of scope', { reasonCode: [{ coding: [{ system: system.actReason, code: 'HMARKT' }] }] }],
    ['a payload that is a reference', { payload: [{ contentReference: { reference: 'DocumentReference/one' } }] }],
    [
      'an emergency with nothing but a reason nobody was consulted',
      { extension: [extension('emergency', { extension: [{ url: 'noSeniorBecause', valueString: 'Night' }] })] },
    ],
    [
      'results that are not known to the service',
      { extension: [extension('results-statement', { extension: [{ url: 'routine', valueBoolean: false }] })] },
    ],
  ])('%s', (_what, change) => {
    expect(saidOf(but(request, change))).toEqual([]);
  });
});

describe('what is a fault of form has its place', () => {
  it.each<[string, Resource, string]>([
    ['a time that no search finds', but(request, { occurrencePeriod: { start: '2026-06-01' } }), 'occurrence'],
    ['two message types', withMore(request, ...(request.extension as object[])), 'instantiatesCanonical'],
    [
      'who decided an emergency is no member of staff',
      withMore(
        request,
        extension('emergency', { extension: [{ url: 'decidedBy', valueReference: { reference: 'Patient/one' } }] }),
      ),
      'Practitioner or PractitionerRole',
    ],
    ['an expiry that is no time', withMore(request, extension('expires', { valueString: 'soon' })), 'valueDateTime'],
    ['an extension of another type', withMore(request, extension('free-text', { valueBoolean: true })), 'not belong'],
    [
      'a modifier that changes what a request means',
      but(request, { modifierExtension: modifier }),
      'modifierExtension',
    ],
    ['a modifier of an objection', but(objection, { modifierExtension: modifier }), 'modifierExtension'],
    ['a modifier of a proxy', but(proxyConsent, { modifierExtension: modifier }), 'modifierExtension'],
    ['a message about a group', but(communication, { subject: { reference: 'Group/one' } }), 'Patient'],
    [
      'a text without its fidelity',
      but(communication, { payload: [{ contentString: 'Please call us.' }] }),
      'content-fidelity',
    ],
    ['contract 6: a proxy without date', but(proxyConsent, { dateTime: undefined }), 'Consent.dateTime'],
    ['contract 6: a proxy without performer', but(proxyConsent, { performer: undefined }), 'Consent.performer'],
    [
      'contract 6: a proxy without start',
      but(proxyConsent, provision({ period: { end: '2028-01-01' } })),
      'Consent.provision.period.start',
    ],
    ['a proxy without period', but(proxyConsent, provision({ period: undefined })), 'Consent.provision.period'],
    ['a proxy without evidence', but(proxyConsent, { sourceReference: undefined }), 'breaks herald-proxy-evidence'],
    ['a proxy without a named person', but(proxyConsent, provision({ actor: undefined })), 'has no proxy'],
    [
      'a proxy who is no RelatedPerson',
      but(
        proxyConsent,
        provision({ actor: [{ ...proxyConsent.provision?.actor?.[0], reference: { reference: 'Patient/two' } }] }),
      ),
      'RelatedPerson',
    ],
    [
      'a proxy without legal basis',
      but(proxyConsent, { policyRule: { coding: [{ system: system.actCode, code: 'OPTIN' }] } }),
      'has no basis',
    ],
    [
      'a basis that the guidance does not have',
      but(proxyConsent, {
        policyRule: { coding: [{ ...proxyConsent.policyRule?.coding?.[0], code: 'next-of-kin' }] },
      }),
      'proxy-legal-basis',
    ],
    [
      'a source of a reason that is none',
      withMore(
        but(objection, { status: 'proposed', extension: undefined }),
        extension('objection-detail', { extension: [{ url: 'reasonSource', valueCode: 'heard-it' }] }),
      ),
      'reason-source',
    ],
    [
      'a Task of no kind',
      but(completed('check-contact', 'done'), { code: concept('task-code', 'guess') }),
      'task-code',
    ],
    [
      'a channel that is none',
      but(channel, { connectionType: { ...channel.connectionType, code: 'pigeon' } }),
      'Endpoint.connectionType',
    ],
    ['a note of no kind', but(flag, { code: concept('flag-code', 'beware') }), 'flag-code'],
    [
      'a contact detail confirmed at no time',
      {
        resourceType: 'Patient',
        telecom: [
          {
            system: 'phone',
            value: '+447700900123',
            extension: [extension('contact-confirmed', { extension: [{ url: 'method', valueCode: 'in-person' }] })],
          },
        ],
      },
      'has no on',
    ],
  ])('%s', (_what, resource, said) => {
    expect(saidOf(resource).join(' ')).toContain(said);
  });

  it.each<[string, Resource]>([
    ['PRX-6: an attorney whose power is not activated', but(attorneyConsent, { verification: [{ verified: false }] })],
    [
      'PRX-4: authority that has ended',
      but(proxyConsent, provision({ period: { start: '2020-01-01', end: '2021-01-01' } })),
    ],
    ['PRX-4: authority that was withdrawn', but(proxyConsent, { status: 'inactive' })],
    ['OBJ-11: a provisional objection without a reason', but(objection, { status: 'proposed', extension: undefined })],
    ['an objection that does not say how far it goes', but(objection, { provision: undefined })],
    [
      'contract 8: an override that is not complete, which the rules call override-invalid',
      but(override, { reasonCode: undefined, note: undefined, input: undefined }),
    ],
  ])('what does not hold today is stored: %s', (_what, resource) => {
    expect(saidOf(resource)).toEqual([]);
  });
});

describe('which profile counts', () => {
  it.each<[string, unknown]>([
    [
      'a Consent to research',
      { ...proxyConsent, category: [{ coding: [{ system: system.actCode, code: 'RESEARCH' }] }] },
    ],
    ['a Task of another system', { ...completed('check-contact', 'done'), code: { text: 'Ring the lab' } }],
    ['a Flag on falls', { ...flag, code: { text: 'Falls' } }],
    [
      'an Endpoint for FHIR',
      {
        ...channel,
        connectionType: {
          system: 'http://terminology.hl7.org/CodeSystem/endpoint-connection-type',
          code: 'hl7-fhir-rest',
        },
      },
    ],
    [
      'an ActivityDefinition of another kind',
      { resourceType: 'ActivityDefinition', status: 'draft', kind: 'ServiceRequest' },
    ],
    ['a Patient', { resourceType: 'Patient' }],
  ])('%s is R4 and no business of ours', (_what, resource) => {
    expect(profilesFor(resource as never)).toEqual([]);
  });

  it.each([
    { resourceType: 'Consent', category: 'proxy-messaging' },
    { resourceType: 'Consent', category: [null, 7, { coding: {} }, { coding: [null] }] },
    { resourceType: 'Task', code: [] },
    { resourceType: 'Flag', code: null },
    { resourceType: 'ActivityDefinition', extension: [null, { url: 7 }] },
    { resourceType: 'Endpoint', connectionType: 'sms' },
    {},
  ])('nothing that is no R4 stops it: %j', (resource) => {
    expect(profilesFor(resource)).toEqual([]);
  });

  it('a proxy that is an objection as well is held against both', () => {
    const both = but(proxyConsent, { category: [...proxyConsent.category, ...objection.category] });
    expect(profilesFor(both as never)).toEqual([
      `${MSG}/StructureDefinition/herald-proxy-consent`,
      `${MSG}/StructureDefinition/herald-objection`,
    ]);
  });
});
