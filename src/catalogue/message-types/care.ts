import { CHECK, type Shipped } from './words.ts';

/** Prescriptions, vaccinations and screening, and what staff write themselves. */
export const care: readonly Shipped[] = [
  {
    code: 'prescription-ready',
    title: 'Prescription ready',
    purpose: 'Says that a prescription can be collected, and where; never what it is.',
    purposeOfUse: 'TREAT',
    automatic: true,
    keys: ['place', 'phone'],
    words: {
      kind: 'full',
      sms: '((organisation)): your prescription is ready to collect from ((place)). If you have questions about it, please call ((phone)).',
      subject: 'Your prescription is ready',
      body: [
        'Your prescription from ((organisation)) is ready to collect.',
        'Place: ((place))',
        'Somebody else may collect it for you if they know your name and address. If you have questions, please call ((phone)).',
        CHECK,
      ],
    },
  },
  {
    code: 'prescribing-error',
    title: 'Please call us about your prescription',
    purpose: 'Asks the person to call before they do anything with a prescription that may be wrong.',
    purposeOfUse: 'TREAT',
    keys: ['date', 'phone'],
    words: {
      kind: 'full',
      sms: '((organisation)): please call ((phone)) before you use the prescription that we gave you on ((date)). If you have used it and feel unwell, call 111, or 999 in an emergency.',
      subject: 'Please call us before you use your prescription',
      body: [
        'Please call ((organisation)) on ((phone)) before you use or collect the prescription that we gave you on ((date)). We want to check it with you.',
        'If you have used it already, tell us when you call. If you feel unwell, call 111, or 999 in an emergency.',
        CHECK,
      ],
    },
  },
  {
    code: 'vaccination-invite',
    title: 'Invitation to a vaccination',
    purpose: 'Invites the person to book a vaccination, without saying against what.',
    purposeOfUse: 'TREAT',
    automatic: true,
    keys: ['phone'],
    words: {
      kind: 'full',
      sms: '((organisation)): you can now book a vaccination with us. To book, or to ask about it, please call ((phone)).',
      subject: 'Book your vaccination',
      body: [
        'You can now book a vaccination with ((organisation)).',
        'To book, to ask about it, or to tell us that you would rather not have it, please call ((phone)).',
        CHECK,
      ],
    },
  },
  {
    code: 'screening-invite',
    title: 'Invitation to screening',
    purpose: 'Invites the person to book a screening test, without saying for what.',
    purposeOfUse: 'TREAT',
    automatic: true,
    keys: ['phone'],
    words: {
      kind: 'full',
      sms: '((organisation)): you are due a screening test. Having it is your choice. To book, or to ask about it, please call ((phone)).',
      subject: 'Book your screening test',
      body: [
        'You are due a screening test with ((organisation)). Screening is offered to many people who feel well. Having it is your choice.',
        'To book, to ask about it, or to tell us that you would rather not have it, please call ((phone)).',
        CHECK,
      ],
    },
  },
  {
    code: 'care-message',
    title: 'Message about your care',
    purpose: 'A message in the words of the member of staff who asks for it.',
    purposeOfUse: 'TREAT',
    freeText: true,
    keys: [],
    words: {
      kind: 'full',
      sms: '((message))',
      subject: 'A message from ((organisation))',
      body: ['((message))'],
    },
  },
];
