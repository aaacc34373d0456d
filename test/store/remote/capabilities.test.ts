import { describe, expect, it } from 'vitest';
import { capabilitiesOf, lacksOf } from '../../../src/store/remote/capabilities.ts';

const resource = (more: object = {}) => ({
  type: 'Patient',
  interaction: [{ code: 'read' }, { code: 'search-type' }, { code: 'update' }],
  ...more,
});
const statement = (rest: object, more: object = {}) =>
  capabilitiesOf({
    resourceType: 'CapabilityStatement',
    fhirVersion: '4.0.1',
    rest: [{ mode: 'server', ...rest }],
    ...more,
  });

describe('what a server says of itself', () => {
  it('all of it', () => {
    const said = statement(
      {
        interaction: [{ code: 'transaction' }, { code: 'batch' }, { code: 'history-system' }],
        searchParam: [{ name: '_id', type: 'token' }],
        operation: [{ name: 'everything' }],
        resource: [
          resource({
            versioning: 'versioned-update',
            updateCreate: true,
            conditionalCreate: true,
            conditionalUpdate: false,
            searchParam: [{ name: 'family', type: 'string' }],
            searchInclude: ['*', 'Patient:organization'],
            searchRevInclude: ['Provenance:target'],
            operation: [{ name: '$meta-delete' }],
          }),
        ],
      },
      { software: { name: 'HAPI FHIR Server', version: '8.8.0' } },
    );
    expect(said).toEqual({
      software: 'HAPI FHIR Server',
      softwareVersion: '8.8.0',
      fhirVersion: '4.0.1',
      transaction: true,
      batch: true,
      types: {
        Patient: {
          interactions: ['read', 'search-type', 'update'],
          updateCreate: true,
          conditionalCreate: true,
          conditionalUpdate: false,
          versioning: 'versioned-update',
          searchParameters: { _id: 'token', family: 'string' },
          includes: ['*', 'Patient:organization'],
          revincludes: ['Provenance:target'],
          operations: ['everything', 'meta-delete'],
        },
      },
    });
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['no rest', { resourceType: 'CapabilityStatement' }],
    [
      'a client',
      { rest: [{ mode: 'client', interaction: [{ code: 'transaction' }], resource: [{ type: 'Patient' }] }] },
    ],
    ['nonsense', { rest: 'all of it', software: [], fhirVersion: 4 }],
  ])('%s: then nothing is there', (_what, given) => {
    expect(capabilitiesOf(given)).toEqual({
      software: undefined,
      softwareVersion: undefined,
      fhirVersion: undefined,
      transaction: false,
      batch: false,
      types: {},
    });
  });

  it('parts of a type that are absent or of the wrong kind are not there', () => {
    const { types } = statement({
      resource: [
        { type: 'Patient' },
        { interaction: [] },
        { type: 'Flag', searchParam: [{ name: 1 }, 'x'], operation: {} },
      ],
    });
    expect(Object.keys(types)).toEqual(['Patient', 'Flag']);
    const nothing = { interactions: [], searchParameters: {}, includes: [], operations: [], updateCreate: undefined };
    expect(types).toMatchObject({ Patient: nothing, Flag: nothing });
  });

  it('HAPI says transaction alone and does batches, too; others that do not say it are taken at their word', () => {
    const transaction = { interaction: [{ code: 'transaction' }] };
    expect(statement(transaction, { software: { name: 'HAPI FHIR Server' } }).batch).toBe(true);
    expect(statement(transaction, { software: { name: 'another' } }).batch).toBe(false);
  });
});

describe('section 2: what nothing can make up for', () => {
  const nothing = { kept: [], read: [], searched: [] };

  it.each<[string, object, string[]]>([
    ['nothing is lacking', resource({ updateCreate: true }), []],
    ['not said whether a PUT creates, as by HAPI', resource(), []],
    ['a PUT does not create', resource({ updateCreate: false }), ['update-create']],
    ['only reading', { type: 'Patient', interaction: [{ code: 'read' }] }, ['search-type', 'update']],
    ['another type', { type: 'Flag' }, ['read', 'search-type', 'update']],
  ])('%s', (_what, one, expected) => {
    const lacks = lacksOf(statement({ resource: [one] }), { ...nothing, kept: ['Patient'] });
    expect(lacks.map((lack) => lack.what)).toEqual(expected);
  });

  it('another version of FHIR', () => {
    const said = statement({ resource: [resource()] }, { fhirVersion: '5.0.0' });
    expect(lacksOf(said, { ...nothing, kept: ['Patient'] })).toEqual([{ what: 'fhir-4' }]);
  });

  it('what is only read need not be writable; a search parameter that a fact rests on is missed by name', () => {
    const said = statement({
      resource: [
        { type: 'Patient', interaction: [{ code: 'read' }], searchParam: [{ name: 'link', type: 'reference' }] },
      ],
    });
    const searched = [
      ['Patient', 'link'],
      ['Patient', 'identifier'],
    ] as const;
    expect(lacksOf(said, { kept: [], read: ['Patient'], searched })).toEqual([
      { type: 'Patient', what: 'search-type' },
      { type: 'Patient', what: 'search-type:identifier' },
    ]);
  });
});
