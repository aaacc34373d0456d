import { describe, expect, it } from 'vitest';
import { changed, faultsOf, r4 } from './support.ts';
import { validResources } from './valid-resources.ts';

const patient = (change: Record<string, unknown>): unknown => ({ resourceType: 'Patient', ...change });
const value = (content: Record<string, unknown>): unknown => patient({ extension: [{ url: 'urn:x', ...content }] });
const subject = (reference: unknown): unknown => ({
  resourceType: 'CommunicationRequest',
  status: 'active',
  subject: reference,
});

describe('R4 primitives (datatypes.html#primitive)', () => {
  it.each([
    ['valueBoolean', [true, false], ['true', 1, null]],
    ['valueInteger', [0, -2147483648], [2147483648, 1.5, '1']],
    ['valueUnsignedInt', [0], [-1]],
    ['valuePositiveInt', [1, 2147483647], [0]],
    ['valueDecimal', [0.1, -3, 1e300], ['1', Number.POSITIVE_INFINITY]],
    ['valueString', ['a', 'a b\r\n\tc', '👋'], ['', 'a\u0000b', 'a\u001bb', '\ud83d', 'x'.repeat(1024 * 1024 + 1), 5]],
    ['valueMarkdown', ['*a*'], ['']],
    ['valueCode', ['a', 'a b'], [' a', 'a ', 'a  b', 'a\tb', '']],
    ['valueId', ['A-1.b'], ['a_b', 'x'.repeat(65)]],
    ['valueUri', ['urn:x', 'a/b'], ['a b']],
    ['valueUrl', ['https://example.org'], ['https://example.org/a b']],
    ['valueCanonical', ['https://example.org/x|1', '#a'], ['ActivityDefinition/x', 'x y']],
    ['valueOid', ['urn:oid:1.2.3'], ['1.2.3', 'urn:oid:1.02']],
    ['valueUuid', ['urn:uuid:0f8fad5b-d9cb-469f-a165-70867728950e'], ['0f8fad5b-d9cb-469f-a165-70867728950e']],
    ['valueBase64Binary', ['YQ==', 'YWJj YWJj'], ['YQ=', 'Y===', 'ä===', 'YQ=Q']],
    [
      'valueDate',
      ['2026', '2024-02-29', '2000-02-29', '2026-12'],
      ['2026-02-29', '1900-02-29', '2026-13', '26', '2026-1-1', '0000'],
    ],
    [
      'valueDateTime',
      ['2026', '2026-11-21', '2026-11-21T09:30:00Z', '2026-11-21T09:30:00.5+14:00', '2026-06-30T23:59:60Z'],
      [
        '2026-11-21T09:30Z',
        '2026-11-21T09:30:00',
        '2026-11-21T24:00:00Z',
        '2026-04-31T09:30:00Z',
        '2026-11-21 09:30:00Z',
      ],
    ],
    ['valueInstant', ['2026-11-21T09:30:00.123Z'], ['2026-11-21', '2026-11-21T09:30:00']],
    ['valueTime', ['09:30:00'], ['9:30', '24:00:00', '09:30:00Z']],
  ])('%s', (key, right, wrong) => {
    for (const item of right) expect([item, faultsOf(r4, value({ [key]: item }))]).toEqual([item, []]);
    for (const item of wrong) expect([item, faultsOf(r4, value({ [key]: item })).length]).toEqual([item, 1]);
  });
});

describe('R4 in JSON (json.html)', () => {
  it.each([
    ['something that is no object', 'text', ['structure structure Resource']],
    ['nothing', undefined, ['structure structure Resource']],
    ['a list', [], ['structure structure Resource']],
    ['no resourceType', { id: 'a' }, ['structure required Resource.resourceType']],
    ['an unknown type', { resourceType: 'Pigeon' }, ['structure structure Resource.resourceType']],
    ['an abstract type', { resourceType: 'DomainResource' }, ['structure structure Resource.resourceType']],
    ['a name of JavaScript', { resourceType: 'constructor' }, ['structure structure Resource.resourceType']],
    ['a data type', { resourceType: 'Period', start: '2026' }, ['structure structure Resource.resourceType']],
    [
      'a type of R4 that is not handled',
      { resourceType: 'Medication' },
      ['structure not-supported Medication.resourceType'],
    ],
    [
      "an element of the definitions' maker",
      patient({ meta: { project: 'a' } }),
      ['structure structure Patient.meta.project'],
    ],
    ['an id that is not one', patient({ id: 'a_b' }), ['structure value Patient.id']],
    ['an empty list', patient({ name: [] }), ['structure structure Patient.name']],
    ['null', patient({ name: null }), ['structure structure Patient.name']],
    ['null in a list', patient({ name: [null] }), ['structure structure Patient.name[0]']],
    ['a list in a list', patient({ name: [['a']] }), ['structure structure Patient.name[0]']],
    [
      'a list of one where R4 has one value',
      patient({ birthDate: ['1948'] }),
      ['structure structure Patient.birthDate'],
    ],
    [
      'an object where R4 has a primitive',
      patient({ birthDate: { year: 1948 } }),
      ['structure structure Patient.birthDate'],
    ],
    [
      'a primitive where R4 has an object',
      patient({ maritalStatus: 'M' }),
      ['structure structure Patient.maritalStatus'],
    ],
    ['an element with nothing but an id', patient({ name: [{ id: 'a' }] }), ['structure structure Patient.name[0]']],
    ['a companion of an object', patient({ _name: [{ id: 'a' }] }), ['structure structure Patient._name']],
    ['a companion with an id, no value', patient({ _gender: { id: 'a' } }), ['structure structure Patient.gender']],
    ['an empty companion', patient({ gender: 'male', _gender: {} }), ['structure structure Patient.gender']],
    ['a companion that is text', patient({ gender: 'male', _gender: 'a' }), ['structure structure Patient.gender']],
    [
      'null in a list of primitives',
      patient({ name: [{ given: ['a', null] }] }),
      ['structure structure Patient.name[0].given[1]'],
    ],
    [
      'null in both lists',
      patient({ name: [{ given: [null], _given: [null] }] }),
      ['structure structure Patient.name[0].given[0]'],
    ],
    ['a choice without type', patient({ deceased: true }), ['structure structure Patient.deceased']],
    ['a choice with a wrong type', patient({ deceasedString: 'yes' }), ['structure structure Patient.deceased']],
    [
      'a choice twice, once by its companion',
      patient({ deceasedBoolean: true, _deceasedDateTime: { extension: [{ url: 'urn:x', valueCode: 'unknown' }] } }),
      ['structure structure Patient.deceased'],
    ],
    [
      'an extension without url',
      patient({ extension: [{ valueCode: 'a' }] }),
      ['structure required Patient.extension[0].url'],
    ],
    [
      'a url with spaces',
      patient({ extension: [{ url: 'a b', valueCode: 'a' }] }),
      ['structure value Patient.extension[0].url'],
    ],
    ['a key of JavaScript', patient(JSON.parse('{"__proto__":{"a":1}}')), ['structure structure Patient']],
    ['another', patient({ constructor: { name: 'a' } }), ['structure structure Patient.constructor']],
    ['a key that is content', patient({ 'Edith Marsh': 1 }), ['structure structure Patient']],
    [
      'an element of the same type within itself',
      {
        resourceType: 'CodeSystem',
        status: 'active',
        content: 'complete',
        concept: [{ code: 'a', concept: [{ display: 'b' }] }],
      },
      ['structure required CodeSystem.concept[0].concept[0].code'],
    ],
    [
      'a fault in a resource within a parameter',
      { resourceType: 'Parameters', parameter: [{ name: 'a', resource: { resourceType: 'Patient', gender: 'M' } }] },
      ['structure code-invalid Parameters.parameter[0].resource.gender'],
    ],
    [
      'an entry of a type that R4 lacks',
      { resourceType: 'Bundle', type: 'collection', entry: [{ resource: { resourceType: 'Pigeon' } }] },
      ['structure structure Bundle.entry[0].resource.resourceType'],
    ],
    [
      'odd JSON in a contained resource of a type that is not handled',
      changed(validResources['contained resource of a type that is not handled'], {
        contained: [{ resourceType: 'Medication', id: 'tablets', code: {}, form: '', 'a b': 1, amount: [] }],
      }),
      [
        'structure structure CommunicationRequest.contained[0].code',
        'structure value CommunicationRequest.contained[0].form',
        'structure structure CommunicationRequest.contained[0]',
        'structure structure CommunicationRequest.contained[0].amount',
      ],
    ],
  ])('%s', (_name, resource, faults) => {
    expect(faultsOf(r4, resource)).toEqual(faults);
  });

  it('undefined is as if it were not there, as in JSON', () => {
    expect(faultsOf(r4, patient({ name: undefined, colour: undefined }))).toEqual([]);
  });

  it('too many levels are a fault and not an overflow', () => {
    let extension: unknown = { url: 'urn:x', valueCode: 'a' };
    for (let level = 0; level < 20_000; level += 1) extension = { url: 'urn:x', extension: [extension] };
    const { structure } = r4.validate(patient({ extension: [extension] }));
    expect(structure.map(({ text }) => text)).toEqual([expect.stringContaining('more than 100 levels')]);
  });

  it('reports no more than a hundred faults', () => {
    const { structure, profile } = r4.validate(patient({ name: Array.from({ length: 5000 }, () => ({ use: 'x' })) }));
    expect(structure.length + profile.length).toBe(100);
  });

  it('lists the codes of a small required value set, and names a large one', () => {
    const text = (resource: unknown): string | undefined => r4.validate(resource).structure[0]?.text;
    expect(text(patient({ gender: 'f' }))).toContain('must be one of male, female, other, unknown');
    expect(text({ ...(validResources['search parameter'] ?? {}), base: ['Pigeon'] })).toContain(
      'ValueSet/resource-types',
    );
  });
});

describe('references (references.html)', () => {
  it.each([
    ['a relative one', { reference: 'Patient/a' }],
    ['one version', { reference: 'Patient/a/_history/2' }],
    ['an absolute one', { reference: 'https://example.org/fhir/Patient/a' }],
    ['an address that is not of a FHIR server', { reference: 'https://example.org/people?id=7' }],
    ['a UUID', { reference: 'urn:uuid:0f8fad5b-d9cb-469f-a165-70867728950e' }],
    ['a logical one', { identifier: { system: 'urn:x', value: 'a' } }],
    ['a logical one with its type', { type: 'Group', identifier: { value: 'a' } }],
    ['words alone', { display: 'Somebody' }],
    ['the type of a literal one', { reference: 'Patient/a', type: 'Patient' }],
    ['a logical model as type', { type: 'https://example.org/StructureDefinition/x', display: 'a' }],
  ])('takes %s', (_name, reference) => {
    expect(faultsOf(r4, subject(reference))).toEqual([]);
  });

  it.each([
    ['another type', { reference: 'Device/a' }, 'structure structure CommunicationRequest.subject.reference'],
    [
      'another type elsewhere',
      { reference: 'http://x.org/Device/a' },
      'structure structure CommunicationRequest.subject.reference',
    ],
    ['a type that R4 lacks', { reference: 'Bot/a' }, 'structure structure CommunicationRequest.subject.reference'],
    ['an id alone', { reference: 'a' }, 'structure value CommunicationRequest.subject.reference'],
    ['a type in lower case', { reference: 'patient/a' }, 'structure value CommunicationRequest.subject.reference'],
    ['an id with spaces', { reference: 'Patient/a b' }, 'structure value CommunicationRequest.subject.reference'],
    [
      'a search outside a Bundle',
      { reference: 'Patient?a=b' },
      'structure value CommunicationRequest.subject.reference',
    ],
    ['another type by name', { type: 'Device', display: 'a' }, 'structure structure CommunicationRequest.subject.type'],
    [
      'a type name that R4 lacks',
      { type: 'Person1', display: 'a' },
      'structure structure CommunicationRequest.subject.type',
    ],
    ['two types', { reference: 'Patient/a', type: 'Group' }, 'structure structure CommunicationRequest.subject.type'],
    ['a contained one that is not there', { reference: '#a' }, 'profile invariant CommunicationRequest.subject'],
  ])('refuses %s', (_name, reference, fault) => {
    expect(faultsOf(r4, subject(reference))).toEqual([fault]);
  });

  it('R4 itself decides the targets of AuditEvent.source.observer', () => {
    const event = changed(validResources['audit event'], {
      source: { observer: { reference: 'ClientApplication/a' } },
    });
    expect(faultsOf(r4, event)).toEqual(['structure structure AuditEvent.source.observer.reference']);
  });

  it('looks at the type of a contained resource', () => {
    const contained = [{ resourceType: 'Device', id: 'a', status: 'active' }];
    expect(faultsOf(r4, { ...(subject({ reference: '#a' }) as object), contained })).toEqual([
      'structure structure CommunicationRequest.subject.reference',
    ]);
  });

  it('follows links within a Bundle', () => {
    const bundle = (reference: string): unknown => ({
      resourceType: 'Bundle',
      type: 'transaction',
      entry: [
        {
          fullUrl: 'urn:uuid:a',
          resource: { resourceType: 'Device', status: 'active' },
          request: { method: 'POST', url: 'Device' },
        },
        { resource: subject({ reference }), request: { method: 'POST', url: 'CommunicationRequest' } },
      ],
    });
    const place = 'Bundle.entry[1].resource.subject.reference';
    expect(faultsOf(r4, bundle('urn:uuid:a'))).toEqual([`structure structure ${place}`]);
    expect(faultsOf(r4, bundle('urn:uuid:b'))).toEqual([`profile not-found ${place}`]);
    expect(faultsOf(r4, bundle('Patient?identifier=a'))).toEqual([]);
    expect(faultsOf(r4, bundle('Device?identifier=a'))).toEqual([`structure structure ${place}`]);
  });
});

describe('narrative (narrative.html)', () => {
  const narrative = (div: string): unknown => patient({ text: { status: 'generated', div } });
  const open = '<div xmlns="http://www.w3.org/1999/xhtml"';

  it.each([
    `${open}>Words &amp; more&nbsp;&#169;</div>`,
    `${open} lang="en"><p style="color: red">A<br/><b class='x'>b</b></p><!-- note --></div>\n`,
    `${open}><a href="https://www.nhs.uk/x?a=1&amp;b=2">NHS</a><a href="#top">top</a><a href="a/b.html">b</a></div>`,
    `${open}><img src="data:image/png;base64,YQ==" alt="x"/></div>`,
  ])('takes %s', (div) => {
    expect(faultsOf(r4, narrative(div))).toEqual([]);
  });

  it.each([
    ['structure', 'words'],
    ['structure', '<div>No namespace</div>'],
    ['structure', `${open}>Not closed`],
    ['structure', `${open}><p>Crossed</div></p>`],
    ['structure', `${open}>One</div>${open}>Two</div>`],
    ['structure', `${open}>a & b</div>`],
    ['structure', `${open}>a < b</div>`],
    ['structure', `${open}><!-- a -- b --></div>`],
    ['structure', `${open}><![CDATA[a]]></div>`],
    ['structure', `${open} class="a" class="b">a</div>`],
    ['structure', `<p xmlns="http://www.w3.org/1999/xhtml">a</p>`],
    ['profile', `${open}><script>alert(1)</script></div>`],
    ['profile', `${open}><p onclick="alert(1)">a</p></div>`],
    ['profile', `${open}><a href="javascript:alert(1)">a</a></div>`],
    ['profile', `${open}><a href="java&#115;cript&#58;alert(1)">a</a></div>`],
    ['profile', `${open}><a href=" javascript:alert(1)">a</a></div>`],
    ['profile', `${open}><img src="data:image/svg+xml;base64,YQ==" alt="a"/>a</div>`],
    ['profile', `${open}><p style="background: url(https://x.org/a)">a</p></div>`],
    ['profile', `${open}><form>a</form></div>`],
    ['profile', `${open}><iframe src="a"/>a</div>`],
    ['profile', `${open}> \n </div>`],
    ['profile', `${open}/>`],
  ])('%s: refuses %s', (list, div) => {
    const faults = faultsOf(r4, narrative(div));
    expect(faults).toEqual([expect.stringMatching(new RegExp(`^${list} \\w+ Patient\\.text\\.\`div\`$`))]);
  });
});
