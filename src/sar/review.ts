import type { Task, TaskInput } from '@medplum/fhirtypes';
import { codeSystem, structureDefinition } from '../canonical.ts';
import { codesIn } from '../send/gather-tasks.ts';
import { type MaskGround, maskGrounds } from './history.ts';

/** What the reviewer decided: the inputs of a subject access request (contract 12). */
export interface Review {
  readonly decisions: readonly MaskDecision[];
  /** Every free text was read for third parties. */
  readonly allRead: boolean;
}

export interface MaskDecision {
  readonly kind: 'mask' | 'show';
  /** `Type/id`. */
  readonly reference: string;
  /** FHIRPath on the resource as exported; absent: all of it. */
  readonly path?: string;
  /** The words; absent: the whole element. */
  readonly text?: string;
  readonly ground?: MaskGround;
  /** Where it stands: `Task.input[3]`. */
  readonly expression: string;
}

/** What the inputs say. One that names no resource decides nothing; it is refused when it is written. */
export function reviewIn({ input = [] }: Task): Review {
  return {
    decisions: input.flatMap((one, at) => decisionIn(one, `Task.input[${at}]`) ?? []),
    allRead: input.some((one) => isParameter(one, 'all-read') && one.valueBoolean === true),
  };
}

function decisionIn(input: TaskInput, expression: string): MaskDecision | undefined {
  const kind = (['mask', 'show'] as const).find((one) => isParameter(input, one));
  const reference = kind === undefined ? undefined : exportedReference(input.valueReference?.reference);
  if (kind === undefined || reference === undefined) return undefined;
  const detail = input.extension?.find((one) => one.url === structureDefinition('mask-detail'));
  const part = (name: string) => detail?.extension?.find((one) => one.url === name);
  const [path, text] = [part('path')?.valueString, part('text')?.valueString];
  const ground = maskGrounds.find((one) => one === part('ground')?.valueCode);
  return {
    kind,
    reference,
    ...(path === undefined ? {} : { path }),
    ...(text === undefined ? {} : { text }),
    ...(ground === undefined ? {} : { ground }),
    expression,
  };
}

/** `Type/id`, whichever way the copy's references are written; `undefined` for what names nothing in it. */
export function exportedReference(reference: string | undefined): string | undefined {
  const [, type, id] =
    /(?:^|\/)([A-Z][A-Za-z]+)\/([A-Za-z0-9.-]{1,64})(?:\/_history\/[^/]+)?$/.exec(reference ?? '') ?? [];
  return type === undefined || id === undefined ? undefined : `${type}/${id}`;
}

/** Whether an input or output of a Task is of one of our kinds. */
export function isParameter({ type }: Pick<TaskInput, 'type'>, code: string): boolean {
  return codesIn(type, 'task-parameter').includes(code);
}

/** The form of an input. */
export function parameterType(code: string) {
  return { coding: [{ system: codeSystem('task-parameter'), code }] };
}
