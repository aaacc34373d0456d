import { CHECK, type Shipped } from './words.ts';

/** Results, visits and treatment: what they say in full is confidential. */
export const results: readonly Shipped[] = [
  {
    code: 'results-available',
    title: 'Your results are ready',
    purpose: 'Says that results are there and whom to call about them, not what they are.',
    purposeOfUse: 'TREAT',
    keys: ['phone'],
    words: {
      kind: 'full',
      sms: '((organisation)): your test results are ready. Please call ((phone)) and we will go through them with you.',
      subject: 'Your test results are ready',
      body: [
        'Your test results are ready at ((organisation)).',
        'Please call ((phone)) and we will go through them with you. You can ask somebody to be with you when you call.',
        CHECK,
      ],
    },
  },
  {
    code: 'results-routine',
    title: 'Your results',
    purpose: 'Tells results that are routine or as expected, to somebody whom the service knows.',
    purposeOfUse: 'TREAT',
    keys: ['test', 'result', 'next', 'phone'],
    words: {
      kind: 'nudged',
      sms: '((organisation)): your test results are ready. To hear them, please call ((phone)).',
      nudge: {
        subject: 'Your test results are ready',
        body: ['Your test results are ready at ((organisation)).', 'To hear them, please call ((phone)).', CHECK],
      },
      subject: 'Your test results',
      body: [
        'Here are your results from ((organisation)).',
        'Test: ((test))\nResult: ((result))',
        'What happens next: ((next))',
        'If you have questions about them, please call ((phone)).',
        CHECK,
      ],
    },
  },
  {
    code: 'visit-summary',
    title: 'Summary of your visit',
    purpose: 'Gives the person in writing what was talked about and agreed at a visit.',
    purposeOfUse: 'TREAT',
    keys: ['date', 'summary', 'phone'],
    words: {
      kind: 'nudged',
      sms: '((organisation)): we have written down what we talked about on ((date)). For a copy, please call ((phone)).',
      nudge: {
        subject: 'A summary of your visit is ready',
        body: [
          'We have written down what you and ((organisation)) talked about on ((date)).',
          'For a copy, please call ((phone)). Tell us then how you would like to have it.',
          CHECK,
        ],
      },
      subject: 'Summary of your visit on ((date))',
      body: [
        'This is what you and ((organisation)) talked about and agreed on ((date)).',
        '((summary))',
        'If something is not as you remember it, or you have questions, please call ((phone)).',
        CHECK,
      ],
    },
  },
  {
    code: 'treatment-information',
    title: 'Information about your treatment',
    purpose: 'Explains a treatment that the person has or is to have.',
    purposeOfUse: 'TREAT',
    keys: ['information', 'phone'],
    words: {
      kind: 'nudged',
      sms: '((organisation)): we have information for you about your care. To have it sent or explained, please call ((phone)).',
      nudge: {
        subject: 'We have information for you',
        body: [
          '((organisation)) has information for you about your care.',
          'To have it sent or explained, please call ((phone)). Tell us then how you would like to have it.',
          CHECK,
        ],
      },
      subject: 'Information about your treatment',
      body: [
        'This is information about your treatment from ((organisation)).',
        '((information))',
        'If you have questions, or something does not go as described here, please call ((phone)).',
        CHECK,
      ],
    },
  },
];
