import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Appointment } from '@medplum/fhirtypes';
import { describe, expect, it } from 'vitest';
import { danglingReferences } from '../../src/fhir/references.ts';
import type { FhirStore } from '../../src/store/fhir-store.ts';

const participant = (reference: string) => ({ status: 'accepted' as const, actor: { reference } });

/** Answers reads once nobody asks for more. */
function patientStore(kept: readonly string[]): { readonly store: FhirStore; readonly turns: readonly string[][] } {
  const turns: string[][] = [];
  let turn: string[] | undefined;
  const read = async (type: string, id: string) => {
    if (turn === undefined) {
      turn = [];
      turns.push(turn);
    }
    turn.push(`${type}/${id}`);
    await nextTurn();
    turn = undefined;
    return kept.includes(`${type}/${id}`) ? { resourceType: type, id } : undefined;
  };
  return { store: { read } as unknown as FhirStore, turns };
}

describe('contract 2: references must lead somewhere', () => {
  const appointment: Appointment = {
    resourceType: 'Appointment',
    status: 'booked',
    participant: ['Patient/a', 'Practitioner/b', 'Patient/c', 'Patient/a'].map(participant) as never,
  };

  it('each is asked for once, and all in one turn of the store, which may be another server', async () => {
    const { store, turns } = patientStore(['Patient/a', 'Practitioner/b', 'Patient/c']);
    expect(await danglingReferences(store, appointment, {})).toEqual([]);
    expect(turns).toEqual([['Patient/a', 'Practitioner/b', 'Patient/c']]);
  });

  it('each that leads nowhere has its place, in the order of the resource', async () => {
    const { store } = patientStore(['Practitioner/b', 'Patient/c']);
    const faults = await danglingReferences(store, appointment, {});
    const places = [0, 3].map((at) => `Appointment.participant[${at}].actor`);
    expect(faults.map((one) => one.expression)).toEqual(places);
  });
});
