import { codeSystem, MSG, structureDefinition } from '../../src/canonical.ts';
import type { ElementDefinition, StructureDefinition } from '../../src/fhir/validate/definitions.ts';
import { structures } from './support.ts';

type Change = Partial<ElementDefinition> & { readonly [stated: `fixed${string}` | `pattern${string}`]: unknown };

/**
 * A profile as SUSHI would write it: the snapshot of `type` with some elements changed and others added, by id. An added
 * element comes after its parent in the list.
 */
export function profileOf(
  type: string,
  name: string,
  changes: Record<string, Change>,
  more?: Partial<StructureDefinition>,
): StructureDefinition {
  const base = structures.find((structure) => structure.type === type)?.snapshot?.element ?? [];
  const element = base.map((item) => ({
    ...item,
    base: { path: item.path, min: item.min ?? 0, max: item.max ?? '*' },
    ...changes[item.id ?? ''],
  }));
  const known = new Set(base.map(({ id }) => id));
  for (const [id, change] of Object.entries(changes)) {
    if (!known.has(id))
      element.push({ id, path: id.replace(/:[^.]+/g, ''), base: { path: '' }, ...change } as (typeof element)[number]);
  }
  return {
    url: structureDefinition(name),
    type,
    kind: 'resource',
    derivation: 'constraint',
    ...more,
    snapshot: { element },
  };
}

const byUrl = { discriminator: [{ type: 'value', path: 'url' }], rules: 'open' };

/** `emergency` of contract 3.2: who decided, and who was consulted or why nobody. */
export const emergencyExtension = profileOf(
  'Extension',
  'emergency',
  {
    Extension: {
      constraint: [
        {
          key: 'emg-1',
          severity: 'error',
          human: 'Say who was consulted or why nobody, not both',
          expression:
            "extension.where(url = 'seniorConsulted').exists() xor extension.where(url = 'noSeniorBecause').exists()",
        },
      ],
    },
    'Extension.extension': { slicing: byUrl },
    'Extension.url': { fixedUri: structureDefinition('emergency') },
    'Extension.value[x]': { max: '0' },
    'Extension.extension:decidedBy': { sliceName: 'decidedBy', min: 1, max: '1' },
    'Extension.extension:decidedBy.url': { min: 1, max: '1', fixedUri: 'decidedBy', base: { path: 'Extension.url' } },
    'Extension.extension:decidedBy.value[x]': {
      min: 1,
      max: '1',
      base: { path: 'Extension.value[x]' },
      type: [
        {
          code: 'Reference',
          targetProfile: ['Practitioner', 'PractitionerRole'].map(
            (type) => `http://hl7.org/fhir/StructureDefinition/${type}`,
          ),
        },
      ],
    },
    'Extension.extension:seniorConsulted': { sliceName: 'seniorConsulted', min: 0, max: '1' },
    'Extension.extension:seniorConsulted.url': {
      min: 1,
      max: '1',
      fixedUri: 'seniorConsulted',
      base: { path: 'Extension.url' },
    },
    'Extension.extension:noSeniorBecause': { sliceName: 'noSeniorBecause', min: 0, max: '1' },
    'Extension.extension:noSeniorBecause.url': {
      min: 1,
      max: '1',
      fixedUri: 'noSeniorBecause',
      base: { path: 'Extension.url' },
    },
  },
  { kind: 'complex-type', context: [{ type: 'element', expression: 'CommunicationRequest' }] },
);

/** A profile on CommunicationRequest that uses every kind of constraint once. */
export const requestProfile = profileOf('CommunicationRequest', 'example-request', {
  CommunicationRequest: {
    constraint: [
      {
        key: 'msg-1',
        severity: 'error',
        human: 'A message to a person has one recipient.',
        expression: "recipient.count() = 1 or subject.reference.startsWith('Group/')",
      },
    ],
  },
  'CommunicationRequest.extension': { slicing: byUrl },
  'CommunicationRequest.extension:emergency': {
    sliceName: 'emergency',
    min: 1,
    max: '1',
    type: [{ code: 'Extension', profile: [structureDefinition('emergency')] }],
  },
  'CommunicationRequest.identifier': { slicing: { discriminator: [{ type: 'value', path: 'system' }], rules: 'open' } },
  'CommunicationRequest.identifier:epr': { sliceName: 'epr', min: 0, max: '1', type: [{ code: 'Identifier' }] },
  'CommunicationRequest.identifier:epr.system': {
    min: 1,
    max: '1',
    type: [{ code: 'uri' }],
    fixedUri: 'https://epr.example.org/messages',
    base: { path: 'Identifier.system' },
  },
  'CommunicationRequest.identifier:epr.value': {
    min: 1,
    max: '1',
    type: [{ code: 'string' }],
    base: { path: 'Identifier.value' },
  },
  'CommunicationRequest.category': { slicing: { discriminator: [{ type: 'pattern', path: '$this' }], rules: 'open' } },
  'CommunicationRequest.category:kind': {
    sliceName: 'kind',
    min: 1,
    max: '1',
    type: [{ code: 'CodeableConcept' }],
    patternCodeableConcept: { coding: [{ system: codeSystem('message-category'), code: 'appointment' }] },
  },
  'CommunicationRequest.medium': { binding: { strength: 'required', valueSet: `${MSG}/ValueSet/channel` } },
  'CommunicationRequest.status': { fixedCode: 'active' },
  'CommunicationRequest.subject': {
    min: 1,
    type: [{ code: 'Reference', targetProfile: ['http://hl7.org/fhir/StructureDefinition/Patient'] }],
  },
  'CommunicationRequest.payload': { max: '2' },
  'CommunicationRequest.payload.content[x]': { type: [{ code: 'string' }], maxLength: 20 },
});

export const channels = { url: `${MSG}/ValueSet/channel`, systems: { [codeSystem('channel')]: ['sms', 'letter'] } };
