import type { SubjectHistory } from './history.ts';
import { dayText } from './readable.ts';

/** The letter that goes with a released copy (UK GDPR articles 12 and 15). */
export interface CoveringLetter {
  readonly subject: string;
  readonly greeting: string;
  readonly paragraphs: readonly string[];
  readonly closing: readonly string[];
}

/** `files`: what is enclosed, as the person will see it. It says that parts may be masked, never which or why. */
export function coveringLetter(history: SubjectHistory, files: readonly string[]): CoveringLetter {
  const { person, request, controller, period } = history;
  const from = period.start === undefined ? '' : ` from ${dayText(period.start)}`;
  const until = period.end === undefined ? '' : ` until ${dayText(period.end)}`;
  const enclosed = files.length === 0 ? '' : ` Enclosed: ${files.join(', ')}.`;
  return {
    subject: `Your request for your information, number ${request.number}`,
    greeting: `Dear ${person.name},`,
    paragraphs: [
      `On ${dayText(request.received)} you asked ${controller.name} for a copy of your information. This is the copy of your messaging record${from}${until}.${enclosed}`,
      ...(request.extended
        ? ['Because of what you asked for, the law gave us two months more to answer. We told you why at the time.']
        : []),
      'It also says why we use this information, who receives it, how long we keep it, where we have it from, and what your rights are.',
      'Some parts may be hidden because they are about other people, or because the law says that they must be. They are marked where they stand.',
      "If something is wrong or missing, or you do not understand something, tell us and we will look at it again. If you are still not content, you may complain to the Information Commissioner's Office: ico.org.uk/make-a-complaint, telephone 0303 123 1113. You may also go to court.",
    ],
    closing: ['Yours sincerely,', controller.name],
  };
}
