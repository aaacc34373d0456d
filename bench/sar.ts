import { join } from 'node:path';
import type { Communication, Patient, Practitioner, Provenance, Resource, Task } from '@medplum/fhirtypes';
import { codeSystem, structureDefinition, system } from '../src/canonical.ts';
import { systemClock } from '../src/clock.ts';
import { defaultPolicy } from '../src/policy-file.ts';
import { exportSubjectAccess } from '../src/sar/export.ts';
import { bundleForms, fileForms } from '../src/sar/forms.ts';
import type { SubjectHistory } from '../src/sar/history.ts';
import { openEmbedded } from '../src/store/embedded.ts';
import { processorClock } from './measure.ts';
import { atMost, figure, type Row } from './report.ts';

/** What one form of a person's history takes. */
export interface FormFigures {
  readonly form: string;
  readonly seconds: number;
  /** Of this thread. */
  readonly cpuSeconds: number;
  readonly bytes: number;
}

export interface ExportFigures {
  readonly messages: number;
  /** The history read to its end, and nothing made of it. */
  readonly reading: FormFigures;
  readonly forms: readonly FormFigures[];
  /** Bytes of memory that the process had more of at most while it made the forms than before. */
  readonly grownBy: number;
}

/** Exports histories of these sizes in every form, from a record on disk. */
export async function measureExports(dir: string, sizes: readonly number[]): Promise<ExportFigures[]> {
  const figures: ExportFigures[] = [];
  for (const messages of sizes) figures.push(await measureOne(join(dir, `sar-${messages}.sqlite`), messages));
  return figures;
}

async function measureOne(file: string, messages: number): Promise<ExportFigures> {
  const { store, close } = openEmbedded(file, { clock: systemClock });
  try {
    const put = (resources: readonly (Resource & { id: string })[]) =>
      store.commit(resources.map((resource) => ({ op: 'create', resource })));
    await put(people);
    for (let at = 0; at < messages; at += 250) {
      await put(Array.from({ length: Math.min(250, messages - at) }, (_, index) => recorded(at + index)).flat());
    }
    const deps = {
      ...{ store, clock: systemClock, policy: defaultPolicy },
      controller: { ods: 'RXX', name: 'Example NHS Trust' },
    };
    const ask = (form: string) =>
      exportSubjectAccess(deps, {
        ...{ patientId: 'bench', taskId: 'bench-sar', stage: 'review', form, period: {} },
        caller: { client: 'bench', role: 'sar', requestId: 'bench' },
      });
    const timed = async (form: string, work: (history: SubjectHistory) => AsyncIterable<unknown>) => {
      const [began, cpu] = [performance.now(), processorClock()];
      let bytes = 0;
      for await (const one of work(await ask(form))) {
        bytes += typeof one === 'string' || one instanceof Uint8Array ? one.length : 0;
        peak = Math.max(peak, process.memoryUsage.rss());
      }
      const seconds = (performance.now() - began) / 1_000;
      return { form, seconds, cpuSeconds: (processorClock() - cpu) / 1_000, bytes };
    };
    let peak = 0;
    // The first warms up.
    await timed('reading', (history) => history.entries());
    const reading = await timed('reading', (history) => history.entries());
    const before = process.memoryUsage.rss();
    peak = 0;
    const forms: FormFigures[] = [];
    for (const one of [bundleForms.document, bundleForms.searchset, ...fileForms]) {
      const name = one === bundleForms.searchset ? 'json, searchset' : one.extension;
      forms.push(await timed(name, (history) => one.write(history, 'https://trust.example/fhir')));
    }
    return { messages, reading, forms, grownBy: Math.max(0, peak - before) };
  } finally {
    close();
  }
}

/** Seconds that every form together may take, by messages: the archive has them all. */
const allowed: Readonly<Record<number, number>> = { 1000: 2, 10000: 15 };

export function exportRows(figures: readonly ExportFigures[]): Row[] {
  const part = 'subject access';
  return figures.flatMap(({ messages, reading, forms, grownBy }): Row[] => {
    const size = figure(messages);
    const most = allowed[messages];
    const single = forms.filter((one) => one.form !== 'zip').map((one) => one.cpuSeconds / reading.cpuSeconds);
    const dearest = Math.max(...single);
    return [
      { part, measure: `${size}: read alone, s, by processor`, value: secondsOf(reading) },
      ...forms.map((one): Row => {
        const row = { part, measure: `${size}: ${one.form}, s, by processor`, value: secondsOf(one) };
        return one.form === 'zip' && most !== undefined ? { ...row, target: atMost(one.seconds, most, ' s') } : row;
      }),
      { part, measure: `${size}: dearest form to reading, by processor (aim: 3)`, value: figure(dearest) },
      { part, measure: `${size}: memory grown by at most, MiB`, value: figure(grownBy / 2 ** 20) },
    ];
  });
}

const secondsOf = ({ seconds, cpuSeconds }: FormFigures): string => `${figure(seconds)}, ${figure(cpuSeconds)}`;

const people: ((Patient | Practitioner | Task) & { id: string })[] = [
  {
    resourceType: 'Patient',
    id: 'bench',
    identifier: [{ system: system.nhsNumber, value: '9991230009' }],
    name: [{ given: ['Ada'], family: 'Example' }],
    telecom: [{ system: 'phone', value: '07700 900123', use: 'mobile' }],
  },
  { resourceType: 'Practitioner', id: 'bench-clerk', name: [{ given: ['Amina'], family: 'Yusuf' }] },
  {
    resourceType: 'Task',
    id: 'bench-sar',
    status: 'in-progress',
    intent: 'order',
    code: { coding: [{ system: codeSystem('task-code'), code: 'subject-access-request' }] },
    for: { reference: 'Patient/bench' },
    authoredOn: '2026-05-31',
    restriction: { period: { start: '2026-05-31' } },
  },
];

/** A message of its own words, and who recorded it. */
function recorded(at: number): [Communication & { id: string }, Provenance & { id: string }] {
  const sent = new Date(Date.UTC(2016, 0, 1) + at * 8 * 60 * 60_000).toISOString();
  const text = `Dear Ada, your appointment ${at} at Example NHS Trust is on ${sent.slice(0, 10)} at 10:30am in the outpatient department. Please ring us on 0113 496 0123 if you cannot come.`;
  return [
    {
      resourceType: 'Communication',
      id: `bench-${at}`,
      extension: [
        {
          url: structureDefinition('contact-point-used'),
          valueContactPoint: { system: 'phone', value: '07700 900123' },
        },
      ],
      status: 'completed',
      category: [{ coding: [{ system: codeSystem('direction'), code: 'outbound' }] }],
      medium: [{ coding: [{ system: codeSystem('channel'), code: 'sms' }] }],
      subject: { reference: 'Patient/bench' },
      recipient: [{ reference: 'Patient/bench' }],
      ...{ sent, received: sent },
      payload: [{ contentString: text }],
    },
    {
      resourceType: 'Provenance',
      id: `bench-by-${at}`,
      target: [{ reference: `Communication/bench-${at}` }],
      recorded: sent,
      agent: [{ who: { reference: 'Practitioner/bench-clerk' } }],
    },
  ];
}
