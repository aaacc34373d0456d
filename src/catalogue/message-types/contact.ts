import { CHECK, type Shipped } from './words.ts';

/** Getting in touch: that we will call, that the person should, and how they are. */
export const contact: readonly Shipped[] = [
  {
    code: 'contact-us',
    title: 'Please contact us',
    purpose: 'Asks the person to call a team, without saying what about.',
    purposeOfUse: 'TREAT',
    keys: ['phone'],
    words: {
      kind: 'full',
      sms: '((organisation)): please call us on ((phone)) when you are able to talk. We would like to speak to you about your care.',
      subject: 'Please call us',
      body: [
        '((organisation)) would like to speak to you about your care.',
        'Please call us on ((phone)) when you are able to talk.',
      ],
    },
  },
  {
    code: 'call-announcement',
    title: 'We will call you',
    purpose: 'Says when somebody will call, so that people know who it is and pick up.',
    purposeOfUse: 'PATADMIN',
    withoutFallback: true,
    keys: ['date', 'time', 'phone'],
    words: {
      kind: 'sms',
      sms: '((organisation)): we will call you on ((date)) at about ((time)). The number may be withheld. If another time is better, please call ((phone)).',
    },
  },
  {
    code: 'check-in',
    title: 'How are you?',
    purpose: 'Keeps in touch between appointments.',
    purposeOfUse: 'TREAT',
    withoutFallback: true,
    keys: ['phone'],
    words: {
      kind: 'sms',
      sms: '((organisation)): how are you getting on? If you would like to talk to us, please call ((phone)). If you need help at once, call 111, or 999 in an emergency.',
    },
  },
  {
    code: 'public-health-alert',
    title: 'Please call us about your health',
    purpose: 'Asks people to call about a risk to them and to others, such as an infection, without naming it.',
    purposeOfUse: 'PUBHLTH',
    keys: ['phone'],
    words: {
      kind: 'full',
      sms: '((organisation)): please call us today on ((phone)). We have advice for you about your health and that of people around you. If you feel very unwell, call 999.',
      subject: 'Please call us today about your health',
      body: [
        'Please call ((organisation)) today on ((phone)). We have advice for you about your health and the health of people around you, and will answer your questions.',
        'If you feel unwell and cannot reach us, call 111. If you feel very unwell, call 999.',
        CHECK,
      ],
    },
  },
  {
    code: 'welfare-check',
    title: 'Are you safe and well?',
    purpose: 'Asks people who may need help during an event, such as a heatwave or a power cut, to say how they are.',
    purposeOfUse: 'TREAT',
    keys: ['event', 'phone'],
    words: {
      kind: 'full',
      sms: '((organisation)): we are thinking of you because of ((event)). If you need help with your health or care, please call ((phone)). In an emergency, call 999.',
      subject: 'Are you safe and well?',
      body: [
        '((organisation)) is thinking of you because of ((event)).',
        'If you need help with your health or your care because of it, please call ((phone)).',
        CHECK,
      ],
    },
  },
  {
    code: 'credible-threat-contact',
    title: 'Please call us when you can talk in private',
    purpose: 'Asks somebody whose safety may be at risk to call, and gives nothing away to whoever reads it.',
    purposeOfUse: 'TREAT',
    // Whoever acts for the person may be the one they are at risk from.
    withoutProxies: true,
    sensitivity: 'VIO',
    keys: ['phone'],
    words: {
      kind: 'full',
      sms: '((organisation)): please call us on ((phone)) today, when you are on your own and able to talk. If you need help at once, call 999.',
      subject: 'Please call us',
      body: [
        '((organisation)) would like to speak to you today.',
        'Please call us on ((phone)) when you are on your own and able to talk. If you need help at once, call 999.',
      ],
    },
  },
  {
    code: 'out-of-hours-reply',
    title: 'We are closed at the moment',
    purpose: 'Answers a message that arrives while nobody reads it: when somebody will, and where to ring until then.',
    purposeOfUse: 'PATADMIN',
    automatic: true,
    withoutFallback: true,
    keys: ['hours', 'phone'],
    words: {
      kind: 'full',
      sms: '((organisation)): thank you for your message. We read messages ((hours)). If it cannot wait, call ((phone)). In an emergency, call 999.',
      subject: 'We have your message',
      body: [
        'Thank you for your message to ((organisation)). Nobody is here to read it at the moment. We read messages ((hours)).',
        'If it cannot wait until then, please call ((phone)).',
      ],
    },
  },
];
