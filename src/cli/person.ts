import type {
  CommunicationRequest,
  Consent,
  ContactPoint,
  Flag,
  Parameters,
  Patient,
  RelatedPerson,
} from '@medplum/fhirtypes';
import { codeSystem, MSG, system } from '../canonical.ts';
import { channels } from '../policy/channel.ts';
import { searched } from './bundles.ts';
import { type Command, type Context, type ExitCode, exit, textOf, UsageError } from './command.ts';
import { type Evaluation, evaluation, whyShown } from './evaluate.ts';
import { type Running, runningHerald, runningOptions } from './running.ts';
import { table } from './table.ts';
import { nameOf, patientMeant, whoOptions } from './who.ts';

/** `npx herald person`: who somebody is to Herald, and which way a message would reach them. */
export const person: Command = {
  name: 'person',
  summary: 'says who somebody is, what stands in the record, and by which channel a message would go, or why not',
  about: [
    'Each channel is asked for by itself, with an ordinary message; nothing is sent. Reasons of objections are not shown.',
    '',
    'npx herald person --patient example-priya --as Practitioner/demo-epr',
  ],
  options: {
    ...whoOptions,
    as: { value: 'REFERENCE', help: 'who would ask: Practitioner/ID or PractitionerRole/ID' },
    type: { value: 'CODE', help: 'the message type that is tried; default: contact-us' },
    ...runningOptions,
  },
  run,
};

async function run(context: Context): Promise<ExitCode> {
  const { given, out } = context;
  const requester = textOf(given, 'as');
  if (requester === undefined) throw new UsageError('--as', 'it is missing', 'Give --as Practitioner/ID.');
  const running = runningHerald(context);
  const patient = await patientMeant(running, given);
  const of = `patient=Patient/${patient.id}`;
  const [flags, consents, proxies, ways] = await Promise.all([
    searched<Flag>(running, `Flag?${of}`),
    searched<Consent & { id: string }>(running, `Consent?${of}`),
    searched<RelatedPerson & { id: string }>(running, `RelatedPerson?${of}`),
    waysTo(running, patient, { requester, type: textOf(given, 'type') ?? 'contact-us' }),
  ]);
  const known = { patient, flags, consents, proxies, ways };
  out(given.json ? JSON.stringify(known, null, 2) : shown(known));
  return ways.some((one) => one.decision === 'send') ? exit.fine : exit.failed;
}

type Way = Evaluation & { readonly asked: string };

async function waysTo(
  running: Running,
  patient: Patient & { id: string },
  asked: { readonly requester: string; readonly type: string },
): Promise<Way[]> {
  const ways: Way[] = [];
  for (const channel of channels) {
    const body: CommunicationRequest = {
      resourceType: 'CommunicationRequest',
      status: 'active',
      extension: [{ url: system.instantiatesCanonical, valueCanonical: `${MSG}/ActivityDefinition/${asked.type}` }],
      subject: { reference: `Patient/${patient.id}` },
      requester: { reference: asked.requester } as NonNullable<CommunicationRequest['requester']>,
      medium: [{ coding: [{ system: codeSystem('channel'), code: channel }] }],
    };
    const answer = await running.ask<Parameters>({ method: 'POST', path: 'CommunicationRequest/$evaluate', body });
    ways.push({ ...withoutContent(evaluation(answer)), asked: channel });
  }
  return ways;
}

/** What stands against the way alone: nothing was said, so that what was said cannot be wrong. */
function withoutContent(evaluated: Evaluation): Evaluation {
  const reasons = evaluated.reasons.filter((one) => one.code !== 'personalisation-incomplete');
  return reasons.length === 0 && evaluated.decision === 'refuse'
    ? { ...evaluated, decision: 'send', reasons }
    : { ...evaluated, reasons };
}

function shown(known: {
  readonly patient: Patient & { id: string };
  readonly flags: readonly Flag[];
  readonly consents: readonly (Consent & { id: string })[];
  readonly proxies: readonly (RelatedPerson & { id: string })[];
  readonly ways: readonly Way[];
}): string {
  const { patient, flags, consents, proxies, ways } = known;
  const born = patient.birthDate === undefined ? '' : `, born ${patient.birthDate}`;
  const dead = patient.deceasedBoolean === true || patient.deceasedDateTime !== undefined ? ', has died' : '';
  const inactive = patient.active === false ? ', record not in use' : '';
  return [
    `Patient/${patient.id}: ${nameOf(patient)}${born}${dead}${inactive}`,
    ...(patient.telecom ?? []).map((one) => `  ${contactShown(one)}`),
    ...section(
      'Flags',
      flags.filter((one) => one.status === 'active').map((one) => one.code.text ?? one.code.coding?.[0]?.code ?? ''),
    ),
    ...section(
      'Consents',
      consents.map((one) => `Consent/${one.id}  ${one.status}  ${categoriesOf(one).join(', ')}`),
    ),
    ...section(
      'Related persons',
      proxies.map((one) => `RelatedPerson/${one.id}  ${one.active === false ? 'not in use' : ''}`.trimEnd()),
    ),
    '',
    ...table(
      ['channel', 'a message would', 'why'],
      ways.map((one) => [one.asked, doing(one), [...one.reasons, ...one.warnings].map(whyShown).join(' | ')]),
    ),
  ].join('\n');
}

const doing = ({ decision }: Way): string =>
  decision === 'send' ? 'go' : decision === 'hold' ? 'wait for a person' : 'not go';

const section = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : [`${title}:`, ...lines.map((one) => `  ${one}`)];

const contactShown = ({ system: of, value, use, rank }: ContactPoint): string =>
  [of, value, use, rank === undefined ? undefined : `rank ${rank}`].filter(Boolean).join(' ');

const categoriesOf = ({ category }: Consent): string[] =>
  category.flatMap((one) => one.coding ?? []).flatMap(({ code }) => code ?? []);
