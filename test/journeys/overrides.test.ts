import type { Communication, CommunicationRequest, Consent, Provenance, Task } from '@medplum/fhirtypes';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codeSystem, structureDefinition, system } from '../../src/canonical.ts';
import type { OverrideGround } from '../../src/policy/override-facts.ts';
import { type Herald, startHerald, until } from '../support/herald.ts';
import {
  activated,
  anAppointment,
  anOverride,
  aPerson,
  concept,
  consultant,
  decided,
  reasonsIn,
  storeTypes,
  words,
} from '../support/overrides.ts';
import {
  anAuthority,
  anObjection,
  aRelatedPerson,
  attemptsOf,
  authorityOver,
  endOf,
  posted,
  requestOf,
} from '../support/people.ts';

const others = ['public-health-alert', 'waiting-list-validation', 'welfare-check', 'virtual-consultation-invite'];
const typed = [...others, 'credible-threat-contact', 'prescribing-error', 'urgent-appointment-offer'];

/** A message goes despite an objection, or does not, the whole way through the service. */
describe('overrides', () => {
  let herald: Herald;
  beforeAll(async () => {
    herald = await startHerald({ timing: { sweepMs: 100 } });
    await storeTypes(herald, typed);
  });
  afterAll(() => herald.close());

  /** Somebody who objects to texts, and what is asked for all the same, as a draft. */
  const drafted = async (
    type = 'care-message',
    change: Partial<CommunicationRequest> = {},
    person: Parameters<typeof aPerson>[1] = {},
  ) => {
    const patient = await aPerson(herald, person);
    const objection = await posted(herald, anObjection(patient));
    const request = await posted(herald, words(type, patient, { status: 'draft', ...change }));
    return { patient, objection, request };
  };
  const idIn = (reference: string): string => reference.slice(reference.indexOf('/') + 1);
  const goes = async (request: string): Promise<Communication> => {
    const answer = await activated(herald, request);
    expect(answer.status, answer.text).toBe(200);
    // What was refused before has left its records, too.
    return until(async () => {
      const attempts = await attemptsOf(herald, idIn(request));
      return attempts.find((one) => one.status === 'completed');
    }, 'the message');
  };
  const isRefused = async (request: string, ...reasons: [string, string][]): Promise<string> => {
    const answer = await activated(herald, request);
    expect(answer.status, answer.text).toBe(422);
    expect(reasonsIn(answer.body)).toEqual(expect.arrayContaining([['objection', 'OBJ-5'], ...reasons]));
    expect((await requestOf(herald, idIn(request))).status).toBe('draft');
    return answer.text;
  };
  const isInvalid = (request: string, clause = 'OBJ-6') => isRefused(request, ['override-invalid', clause]);

  it('OBJ-6: an approved one lets its message go, is in its record, and leaves the objection as it is', async () => {
    const { patient, objection, request } = await drafted();
    await isRefused(request);
    const task = await posted(herald, anOverride(request, patient, objection, 'other'));
    const record = await goes(request);
    const [sent] = (await herald.ledger()).filter((one) => one.reference === record.id);
    expect(sent?.recipient).toBe('+447700900123');

    const decision = record.extension?.find((one) => one.url === structureDefinition('decision'));
    const reasons = decision?.extension?.filter((one) => one.url === 'reason').map((one) => one.valueCodeableConcept);
    expect(reasons?.map((one) => one?.coding?.map(({ code }) => code))).toEqual([['objection', 'OBJ-5']]);
    const records = await until(async () => {
      const all = await herald.all<Provenance>(`/fhir/Provenance?target=Communication/${record.id}`);
      return all.length > 0 && all;
    }, 'the Provenance');
    const entities = records.flatMap((one) => one.entity?.map((entity) => entity.what.reference) ?? []);
    expect(entities).toEqual(expect.arrayContaining([objection, task]));
    const verifiers = records.flatMap((one) =>
      one.agent.filter((agent) => agent.type?.coding?.[0]?.code === 'verifier'),
    );
    expect(verifiers.map((one) => one.who?.reference)).toContain(anOverride('', '', '', 'other').owner?.reference);

    expect((await herald.get(`/fhir/${objection}`)).body).toMatchObject({ status: 'active' });
    const next = await herald.post('/fhir/CommunicationRequest', words('care-message', patient));
    expect([next.status, reasonsIn(next.body)[0]]).toEqual([422, ['objection', 'OBJ-5']]);
  });

  it.skipIf(process.env.HERALD_TEST_STORE === 'strict')(
    'contract 8: one transaction brings the request and the decision about it',
    async () => {
      const patient = await aPerson(herald);
      const objection = await posted(herald, anObjection(patient));
      const fullUrl = 'urn:uuid:6f9619ff-8b86-4d01-b42d-000000000001';
      const bundle = (ground: OverrideGround) => ({
        resourceType: 'Bundle',
        type: 'transaction',
        entry: [
          { resource: anOverride(fullUrl, patient, objection, ground), request: { method: 'POST', url: 'Task' } },
          {
            fullUrl,
            resource: words('care-message', patient),
            request: { method: 'POST', url: 'CommunicationRequest' },
          },
        ],
      });
      const refused = await herald.post('/fhir', bundle('credible-threat'));
      expect([refused.status, reasonsIn(refused.body)]).toEqual([
        422,
        [
          ['objection', 'OBJ-5'],
          ['override-invalid', 'OBJ-7'],
        ],
      ]);
      expect(
        await herald.all(`/fhir/Task?patient=${patient}&code=${codeSystem('task-code')}|override-objection`),
      ).toEqual([]);
      const answer = await herald.post('/fhir', bundle('other'));
      expect(answer.status, answer.text).toBe(200);
      const id = answer.body.entry[1].resource.id;
      expect((await endOf(herald, id)).status).toBe('completed');
    },
  );

  describe('OBJ-7: each ground, as it should be and contradicted by facts', () => {
    it.each<[OverrideGround, string]>([
      ['communicable-disease', 'public-health-alert'],
      ['waiting-list-validation', 'waiting-list-validation'],
      ['extreme-event-vulnerable', 'welfare-check'],
      ['virtual-consultation-link', 'virtual-consultation-invite'],
      ['credible-threat', 'credible-threat-contact'],
      ['prescribing-error', 'prescribing-error'],
    ])('%s: a message of the type %s, and no other', async (ground, type) => {
      const right = await drafted(type);
      await posted(herald, anOverride(right.request, right.patient, right.objection, ground));
      await goes(right.request);
      const wrong = await drafted('care-message');
      await posted(herald, anOverride(wrong.request, wrong.patient, wrong.objection, ground));
      await isInvalid(wrong.request, 'OBJ-7');
    });

    const withAppointment = async (type: string, hours: number) => {
      const patient = await aPerson(herald);
      const objection = await posted(herald, anObjection(patient));
      const appointment = await posted(herald, anAppointment(patient, hours));
      const about = [{ reference: appointment }];
      const request = await posted(herald, words(type, patient, { status: 'draft', about }));
      return { patient, objection, appointment, request };
    };

    it('imminent-appointment-change: an appointment within 48 hours, or one that was until it was moved', async () => {
      const soon = await withAppointment('care-message', 24);
      await posted(herald, anOverride(soon.request, soon.patient, soon.objection, 'imminent-appointment-change'));
      await goes(soon.request);

      const moved = await withAppointment('care-message', 24);
      const { body } = await herald.get(`/fhir/${moved.appointment}`);
      const later = anAppointment(moved.patient, 24 * 30);
      expect(
        (await herald.put(`/fhir/${moved.appointment}`, { ...body, start: later.start, end: later.end })).status,
      ).toBe(200);
      await posted(herald, anOverride(moved.request, moved.patient, moved.objection, 'imminent-appointment-change'));
      await goes(moved.request);

      const far = await withAppointment('care-message', 49);
      await posted(herald, anOverride(far.request, far.patient, far.objection, 'imminent-appointment-change'));
      await isInvalid(far.request, 'OBJ-7');
    });

    it("imminent-appointment-change: somebody else's appointment is none of theirs", async () => {
      const other = await withAppointment('care-message', 24);
      const { patient, objection, request } = await drafted('care-message', {
        about: [{ reference: other.appointment }],
      });
      await posted(herald, anOverride(request, patient, objection, 'imminent-appointment-change'));
      await isInvalid(request, 'OBJ-7');
    });

    it('urgent-treatment-offer: an offer of a slot within 48 hours', async () => {
      const soon = await withAppointment('urgent-appointment-offer', 24);
      await posted(herald, anOverride(soon.request, soon.patient, soon.objection, 'urgent-treatment-offer'));
      await goes(soon.request);
      const far = await withAppointment('urgent-appointment-offer', 100);
      await posted(herald, anOverride(far.request, far.patient, far.objection, 'urgent-treatment-offer'));
      await isInvalid(far.request, 'OBJ-7');
    });

    it.each<[string, boolean]>([
      ['perm-fail@simulator.notify', true],
      ['robin@example.org', false],
    ])('primary-contact-failed: the last email to %s', async (email, failed) => {
      const telecom = [
        { system: 'phone' as const, value: '07700 900123', use: 'mobile' as const },
        { system: 'email' as const, value: email },
      ];
      const { patient, objection, request } = await drafted('care-message', {}, { telecom });
      const byEmail = words('care-message', patient, { medium: [concept('channel', 'email')] });
      const first = await endOf(herald, idIn(await posted(herald, byEmail)));
      expect(first.status).toBe(failed ? 'stopped' : 'completed');
      await posted(herald, anOverride(request, patient, objection, 'primary-contact-failed'));
      if (failed) await goes(request);
      else await isInvalid(request, 'OBJ-7');
    });

    it('primary-contact-failed: where it opens no way the message goes as without it, and is not said to rest on it', async () => {
      const telecom = [{ system: 'email' as const, value: 'perm-fail@simulator.notify' }];
      const either = { medium: [concept('channel', 'sms'), concept('channel', 'email')] };
      const { patient, objection, request } = await drafted('care-message', either, { telecom });
      const first = await posted(herald, words('care-message', patient, either));
      expect((await endOf(herald, idIn(first))).status).toBe('stopped');
      const task = await posted(herald, anOverride(request, patient, objection, 'primary-contact-failed'));
      const answer = await activated(herald, request);
      expect([answer.status, answer.body.status], answer.text).toEqual([200, 'active']);
      const record = await endOf(herald, idIn(request));
      expect([record.status, record.medium?.[0]?.coding?.[0]?.code]).toEqual(['stopped', 'email']);
      const records = await herald.all<Provenance>(`/fhir/Provenance?target=Communication/${record.id}`);
      const entities = records.flatMap((one) => one.entity?.map((entity) => entity.what.reference) ?? []);
      const roles = records.flatMap((one) => one.agent.map((agent) => agent.type?.coding?.[0]?.code));
      expect([entities.includes(task), entities.includes(objection), roles.includes('verifier')]).toEqual([
        true,
        false,
        false,
      ]);
    });

    it('other: with the Caldicott Guardian, and not without', async () => {
      const { patient, objection, request } = await drafted();
      const input = [{ type: concept('task-parameter', 'reason-considered'), valueBoolean: true }];
      const alone = [...input, { type: concept('task-parameter', 'caldicott-consulted'), valueBoolean: false }];
      await posted(herald, anOverride(request, patient, objection, 'other', { input: alone }));
      await isInvalid(request);
      await posted(herald, anOverride(request, patient, objection, 'other'));
      await goes(request);
    });
  });

  describe('OBJ-6: refused, with every fault named', () => {
    it('one that is incomplete', async () => {
      const { patient, objection, request } = await drafted();
      const {
        note: _note,
        owner: _owner,
        ...bare
      } = anOverride(request, patient, objection, 'other', { input: [] as never });
      const { input: _input, ...task } = bare;
      await posted(herald, task);
      const text = await isInvalid(request);
      for (const said of ['rationale', 'in owner', "person's reason", 'Caldicott Guardian was consulted']) {
        expect(text).toContain(said);
      }
    });

    it('one for another person, another request, and another objection', async () => {
      const [one, other] = [await drafted(), await drafted()];
      await posted(herald, anOverride(one.request, other.patient, other.objection, 'other'));
      const text = await isInvalid(one.request);
      expect(text).toContain('another person');
      expect(text).toContain('another objection');

      await posted(herald, anOverride(other.request, one.patient, one.objection, 'other'));
      expect(await isInvalid(one.request)).toContain('another request');
    });

    it('one that was used: a second message needs a decision of its own', async () => {
      const { patient, objection, request } = await drafted();
      await posted(herald, anOverride(request, patient, objection, 'other'));
      await goes(request);
      const again = await posted(herald, words('care-message', patient, { status: 'draft' }));
      expect(await isInvalid(again)).toContain('another request');
    });

    it('one that is too late, or not yet', async () => {
      const { patient, objection, request } = await drafted();
      const over = { period: { start: '2026-01-01T00:00:00Z', end: '2026-01-02T00:00:00Z' } };
      await posted(herald, anOverride(request, patient, objection, 'other', { restriction: over }));
      expect(await isInvalid(request)).toContain('restriction.period');
    });

    it('one that was made once its request had left draft: the objection stops it at the moment of sending', async () => {
      const patient = await aPerson(herald);
      const occurrenceDateTime = new Date(Date.now() + 3_000).toISOString();
      const request = await posted(herald, words('care-message', patient, { occurrenceDateTime }));
      const objection = await posted(herald, anObjection(patient));
      await posted(herald, anOverride(request, patient, objection, 'other'));
      const record = await endOf(herald, idIn(request));
      const codes = record.extension
        ?.find((one) => one.url === structureDefinition('decision'))
        ?.extension?.map((one) => one.valueCodeableConcept?.coding?.map(({ code }) => code));
      expect(record.status).toBe('not-done');
      expect(codes).toEqual(
        expect.arrayContaining([
          ['objection', 'OBJ-5'],
          ['override-invalid', 'OBJ-6'],
        ]),
      );
      expect((await requestOf(herald, idIn(request))).status).toBe('revoked');
    });

    it('T-38: one whose person has objected a second time since', async () => {
      const { patient, objection, request } = await drafted();
      await posted(herald, anOverride(request, patient, objection, 'other'));
      const second = await posted(herald, anObjection(patient));
      await isInvalid(request);
      await posted(herald, anOverride(request, patient, second, 'other'));
      await goes(request);
    });

    it('one that is declined ends its draft, in the same write, and the record says so', async () => {
      const { patient, objection, request } = await drafted();
      const task = await posted(
        herald,
        anOverride(request, patient, objection, 'other', { output: decided('override-declined') }),
      );
      const { status, statusReason } = await requestOf(herald, idIn(request));
      expect([status, statusReason?.coding?.map(({ code }) => code)]).toEqual(['revoked', ['objection', 'OBJ-6']]);
      const [record] = await until(async () => {
        const all = await attemptsOf(herald, idIn(request));
        return all.length > 0 && all;
      }, 'the record of what was withheld');
      expect(record?.status).toBe('not-done');
      expect((await activated(herald, request)).status).toBe(422);
      expect((await herald.get(`/fhir/${task}`)).body.status).toBe('completed');
    });

    it('VER-1: one that is declined for somebody else leaves the draft; for another record of the same person it ends it', async () => {
      const { patient, objection, request } = await drafted();
      const other = await aPerson(herald);
      const declined = () =>
        posted(herald, anOverride(request, other, objection, 'other', { output: decided('override-declined') }));
      await declined();
      expect((await requestOf(herald, idIn(request))).status).toBe('draft');
      const { body } = await herald.get(`/fhir/${other}`);
      const link = [{ type: 'replaces', other: { reference: patient } }];
      expect((await herald.put(`/fhir/${other}`, { ...body, link })).status).toBe(200);
      await declined();
      expect((await requestOf(herald, idIn(request))).status).toBe('revoked');
    });

    it('OBJ-8: one that would reach a way that could bring serious harm', async () => {
      const patient = await aPerson(herald);
      const consent = anObjection(patient);
      const risky: Consent = {
        ...consent,
        extension: (consent.extension ?? []).map((one) =>
          one.url === structureDefinition('objection-detail')
            ? { ...one, extension: [...(one.extension ?? []), { url: 'riskOfSeriousHarm', valueBoolean: true }] }
            : one,
        ) as NonNullable<Consent['extension']>,
      };
      const objection = await posted(herald, risky);
      const request = await posted(herald, words('care-message', patient, { status: 'draft' }));
      await posted(herald, anOverride(request, patient, objection, 'other'));
      const answer = await activated(herald, request);
      expect([answer.status, reasonsIn(answer.body)]).toEqual([
        422,
        expect.arrayContaining([['override-invalid', 'OBJ-8']]),
      ]);
      expect(answer.text).not.toContain('Does not want texts');
    });
  });

  it('contract 8: it still counts for a message that was held for something else since', async () => {
    const patient = await aPerson(herald);
    const proxy = await posted(herald, aRelatedPerson(patient));
    await posted(herald, anAuthority(patient, proxy));
    const own = anObjection(patient);
    const objection = await posted(herald, {
      ...own,
      performer: [{ reference: proxy }],
      provision: { ...own.provision, ...authorityOver(proxy, { type: 'deny' }) },
    });
    const request = await posted(
      herald,
      words('care-message', patient, {
        status: 'draft',
        recipient: [{ reference: proxy }] as never,
        meta: { security: [{ system: system.actCode, code: 'SDV' }] },
      }),
    );
    await posted(herald, anOverride(request, patient, objection, 'other'));
    const held = await activated(herald, request);
    expect([held.status, held.body.status], held.text).toEqual([200, 'on-hold']);
    const check = await until(async () => {
      const found = await herald.all<Task>(`/fhir/Task?focus=${request}&status=requested`);
      return found[0];
    }, 'the Task check-with-person');
    const answer = { ...check, status: 'completed', output: decided('agreed'), owner: consultant };
    expect((await herald.put(`/fhir/Task/${check.id}`, answer)).status).toBe(200);
    await until(async () => (await requestOf(herald, idIn(request))).status === 'completed', 'the message');
  });

  it('contract 8: what was decided is final, and what it was decided about is what goes', async () => {
    const { patient, objection, request } = await drafted();
    const reference = await posted(herald, anOverride(request, patient, objection, 'credible-threat'));
    const task: Task = (await herald.get(`/fhir/${reference}`)).body;
    const changed = await herald.put(`/fhir/${reference}`, {
      ...task,
      reasonCode: concept('override-ground', 'other'),
    });
    expect([changed.status, changed.body.issue[0].expression]).toEqual([422, ['Task.reasonCode']]);
    const draft = await requestOf(herald, idIn(request));
    const other = { ...draft, status: 'active', payload: [{ contentString: 'Something else.' }] };
    expect((await herald.put(`/fhir/${request}`, other)).status).toBe(422);
  });

  it('OBJ-1: an objection that comes between approval and sending stops what was approved', async () => {
    const occurrenceDateTime = new Date(Date.now() + 3_000).toISOString();
    const { patient, objection, request } = await drafted('care-message', { occurrenceDateTime });
    await posted(herald, anOverride(request, patient, objection, 'other'));
    expect((await activated(herald, request)).status).toBe(200);
    await posted(herald, anObjection(patient));
    const record = await endOf(herald, idIn(request));
    expect([record.status, record.statusReason?.coding?.[0]?.code]).toEqual(['not-done', 'objection']);
  });

  it('OBJ-6: no answer and no log tells the reason of an objection, or a contact detail', async () => {
    const { patient, objection, request } = await drafted();
    await posted(herald, anOverride(request, patient, objection, 'credible-threat'));
    const text = await isInvalid(request, 'OBJ-7');
    expect(text + herald.logged()).not.toContain('Does not want texts');
    expect(text + herald.logged()).not.toMatch(/7700 ?900123/);
  });
});
