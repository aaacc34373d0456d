import type { OperationOutcome, Resource } from '@medplum/fhirtypes';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { system } from '../../../src/canonical.ts';
import { shippedEndpoints } from '../../../src/catalogue/channels.ts';
import { demoStaffResources, exampleRequest, exampleResources } from '../../../src/catalogue/examples.ts';
import { shippedMessageTypes } from '../../../src/catalogue/message-types.ts';
import { profilesFor } from '../../../src/fhir/conformance/checks.ts';
import { published } from '../../../src/fhir/conformance/load.ts';
import { type Herald, startHerald } from '../../support/herald.ts';
import { allRecords, makeRecords } from '../java/records.ts';
import { differences } from './differences.ts';
import { hapiAt } from './hapi.ts';
import { addressOf, inReferenceOrder } from './references.ts';

const hapi = hapiAt(inject('hapiUrl'));
const controller = { ods: 'RXX', name: 'Example NHS Trust' };
const shipped: readonly Resource[] = [
  ...demoStaffResources(controller),
  ...exampleResources(controller),
  ...shippedMessageTypes,
  ...shippedEndpoints,
];
let written: readonly Resource[] = [];
/** What HAPI said against a resource when it was to keep it, by its address; an empty list: it kept it. */
const answers = new Map<string, readonly string[]>();

beforeAll(async () => {
  await hapi.reset();
  const herald = await startHerald();
  try {
    await makeRecords(herald);
    await makeWaiting(herald);
    const known = new Set(shipped.map(addressOf));
    written = (await allRecords(herald)).filter((one) => !known.has(addressOf(one)));
  } finally {
    await herald.close();
  }
  for (const one of inReferenceOrder([...shipped, ...written])) {
    answers.set(addressOf(one), await faultsOf('PUT', addressOf(one), one));
  }
});

/** A draft, a request that somebody must look at first, and one whose person is in doubt. */
async function makeWaiting(herald: Herald): Promise<void> {
  const post = async (body: Resource, status: number): Promise<Resource> => {
    const answer = await herald.post(`/fhir/${body.resourceType}`, body);
    if (answer.status !== status) throw new Error(`POST ${body.resourceType} answered ${answer.status}`);
    return answer.body;
  };
  const restricted = await post(
    {
      resourceType: 'Patient',
      meta: { security: [{ system: system.confidentiality, code: 'R' }] },
      identifier: [{ system: system.nhsNumber, value: '9990000123' }],
      name: [{ family: 'Example', given: ['Sam'] }],
      birthDate: '1980-01-01',
      telecom: [{ system: 'phone', value: '07700 900256', use: 'mobile' }],
    },
    201,
  );
  const request = () => exampleRequest(crypto.randomUUID());
  await post({ ...request(), status: 'draft' }, 201);
  await post({ ...request(), subject: { reference: addressOf(restricted) } }, 201);
  await post({ ...request(), subject: { reference: 'Patient/nobody' } }, 422);
}

/** The errors of an answer; none when it succeeded without one. */
async function faultsOf(method: 'PUT' | 'POST', path: string, body: Resource): Promise<string[]> {
  const answer = await fetch(`${hapi.baseUrl}/${path}`, {
    method,
    headers: { 'Content-Type': 'application/fhir+json' },
    body: JSON.stringify(body),
  });
  const { issue = [] } = (await answer.json()) as Partial<OperationOutcome>;
  const errors = issue.filter(({ severity }) => severity === 'error' || severity === 'fatal');
  const said = errors.map(({ location, diagnostics }) => `${location?.[0] ?? path}: ${diagnostics}`);
  return answer.ok || said.length > 0 ? said : [`answered ${answer.status}`];
}

/** Those that HAPI did not keep, with its words. */
const refused = (resources: readonly Resource[]) =>
  resources.map((one) => [addressOf(one), answers.get(addressOf(one))]).filter(([, faults]) => faults?.length !== 0);

describe('a HAPI server that refuses what is invalid keeps what Herald writes', () => {
  it('contract 1: every message type, channel, member of staff and example person that is shipped', () => {
    expect(refused(shipped)).toEqual([]);
  });

  it.each(['CommunicationRequest', 'Communication', 'Task', 'Consent', 'Patient', 'Provenance', 'AuditEvent'])(
    'contract 3: every %s that it wrote',
    (type) => {
      const ofType = written.filter(({ resourceType }) => resourceType === type);
      expect(ofType).not.toEqual([]);
      expect(refused(ofType)).toEqual([]);
    },
  );

  it('contract 3: all that it wrote, in every status that these messages came to', () => {
    expect(refused(written)).toEqual([]);
    const statuses = (type: string) =>
      written.flatMap((one) => (one.resourceType === type && 'status' in one ? [one.status] : []));
    const requests = ['active', 'completed', 'draft', 'on-hold', 'revoked'];
    expect(statuses('CommunicationRequest')).toEqual(expect.arrayContaining(requests));
    const attempts = ['completed', 'not-done', 'preparation', 'stopped'];
    expect(statuses('Communication')).toEqual(expect.arrayContaining(attempts));
  });

  it('contract 2: it finds no fault by our profiles', async () => {
    const faulty: unknown[] = [];
    const judged = new Set<string>();
    for (const one of [...shipped, ...written]) {
      for (const profile of profilesFor({ ...one })) {
        const path = `${one.resourceType}/$validate?profile=${encodeURIComponent(profile)}`;
        const said = await faultsOf('POST', path, one);
        if (said.length > 0) faulty.push([addressOf(one), said]);
        judged.add(profile);
      }
    }
    expect(faulty).toEqual([]);
    const profiles = published('StructureDefinition').filter(({ type }) => type !== 'Extension');
    expect([...judged].sort()).toEqual(profiles.map(({ url }) => url).sort());
  });

  it('contract 2: what it gives back is what Herald wrote, element by element', async () => {
    const changed: string[] = [];
    for (const one of [...shipped, ...written]) {
      const kept: unknown = await (await fetch(`${hapi.baseUrl}/${addressOf(one)}`)).json();
      changed.push(...differences(one, kept, addressOf(one)));
    }
    expect(changed).toEqual([]);
  });
});
