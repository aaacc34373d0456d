import type { Parameters, ParametersParameter } from '@medplum/fhirtypes';
import { AppError, type Fault } from '../errors.ts';
import { type AccessAsk, exportSubjectAccess } from '../sar/export.ts';
import { bundleForms, fileForms, type HistoryForm } from '../sar/forms.ts';
import { type Stage, stages } from '../sar/history.ts';
import { dayOf } from '../sar/readable.ts';
import { exportedReference } from '../sar/review.ts';
import type { Answer, Call, FhirDeps } from './call.ts';

/**
 * `POST Patient/{id}/$subject-access-export` (contract 12): the person's whole history, in the form that is accepted.
 * Errors: AppError RESOURCE_INVALID for parameters that are none, and as `exportSubjectAccess`; StoreError.
 */
export async function subjectAccessExport(deps: FhirDeps, call: Call): Promise<Answer> {
  const asked = await parametersOf(deps, call);
  const form = formOf(call.mediaType, asked.form);
  const ask: AccessAsk = {
    ...{ patientId: call.id, taskId: asked.taskId, stage: asked.stage, period: asked.period },
    form: form.mediaType === bundleForms.document.mediaType ? asked.form : form.mediaType,
    ...{ caller: call.caller, network: call.network },
  };
  const history = await exportSubjectAccess(deps, ask);
  return {
    kind: 'file',
    mediaType: form.mediaType === bundleForms.document.mediaType ? call.mediaType : form.mediaType,
    name: `subject-access-${history.documentId}.${form.extension}`,
    content: form.write(history, deps.base),
  };
}

interface Asked {
  readonly taskId: string;
  readonly stage: Stage;
  readonly form: keyof typeof bundleForms;
  readonly period: AccessAsk['period'];
}

function formOf(mediaType: string, bundle: Asked['form']): HistoryForm {
  return fileForms.find((one) => one.mediaType === mediaType) ?? bundleForms[bundle];
}

const known = ['task', 'start', 'end', 'stage', 'form'] as const;

async function parametersOf(deps: FhirDeps, call: Call): Promise<Asked> {
  const body = await call.json();
  const { structure } = deps.validate(body);
  if (structure.length > 0) throw new AppError('RESOURCE_INVALID', structure);
  if (Reflect.get(body as object, 'resourceType') !== 'Parameters') {
    throw new AppError('RESOURCE_INVALID', 'The body is Parameters with task and stage.');
  }
  const parameters = (body as Parameters).parameter ?? [];
  const faults: Fault[] = [];
  const wrong = (name: string, text: string): undefined => {
    faults.push({ expression: `Parameters.parameter.where(name = '${name}')`, text });
    return undefined;
  };
  for (const [at, { name }] of parameters.entries()) {
    if (!known.some((one) => one === name)) {
      const text = `The parameter is not known. There are ${known.join(', ')}.`;
      faults.push({ expression: `Parameters.parameter[${at}]`, text });
    } else if (parameters.findIndex((one) => one.name === name) !== at) wrong(name ?? '', 'Give it once.');
  }
  const value = (name: (typeof known)[number]) => textIn(parameters.find((one) => one.name === name));
  const day = (name: 'start' | 'end'): string | undefined => {
    const text = value(name);
    return text === undefined ? undefined : (dayOf(text) ?? wrong(name, 'Give a day: YYYY-MM-DD.'));
  };
  const taskId = exportedReference(taskReference(value('task')))?.split('/')[1];
  if (taskId === undefined) wrong('task', 'Say in valueReference which subject access request this answers: Task/id.');
  const stage = stages.find((one) => one === value('stage'));
  if (stage === undefined) wrong('stage', `Say in valueCode what it is for: ${stages.join(' or ')}.`);
  const form = value('form') ?? 'document';
  if (!(form in bundleForms)) wrong('form', `The forms are ${Object.keys(bundleForms).join(' and ')}.`);
  const [start, end] = [day('start'), day('end')];
  if (start !== undefined && end !== undefined && end < start) wrong('end', 'The end is before the start.');
  if (faults.length > 0 || taskId === undefined || stage === undefined) throw new AppError('RESOURCE_INVALID', faults);
  return {
    ...{ taskId, stage, form: form as Asked['form'] },
    period: { ...(start === undefined ? {} : { start }), ...(end === undefined ? {} : { end }) },
  };
}

/** A bare id is taken as one of a Task. */
const taskReference = (text: string | undefined): string | undefined =>
  text === undefined || text.includes('/') ? text : `Task/${text}`;

function textIn(parameter: ParametersParameter | undefined): string | undefined {
  if (parameter === undefined) return undefined;
  const { valueReference, valueCode, valueString, valueDate, valueDateTime, valueId, valueUri } = parameter;
  return valueReference?.reference ?? valueCode ?? valueString ?? valueDate ?? valueDateTime ?? valueId ?? valueUri;
}
