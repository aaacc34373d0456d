import { CHECK, type Shipped } from './words.ts';

const WHERE = 'Date: ((date))\nTime: ((time))\nPlace: ((place))';

/** Appointments: booked, changed, offered, and those still waited for. */
export const appointments: readonly Shipped[] = [
  {
    code: 'appointment-reminder',
    title: 'Appointment reminder',
    purpose: 'Reminds the person of an appointment that is booked, so that they can come or say that they cannot.',
    purposeOfUse: 'PATADMIN',
    automatic: true,
    keys: ['date', 'time', 'place', 'phone'],
    words: {
      kind: 'full',
      sms: '((organisation)): you have an appointment on ((date)) at ((time)), ((place)). If you cannot come, please call ((phone)) as soon as you can.',
      subject: 'Your appointment on ((date))',
      body: [
        'This is a reminder of your appointment with ((organisation)).',
        WHERE,
        'If you cannot come, or need help to get here, please call ((phone)) as soon as you can. We can then offer the time to somebody else and find another one for you.',
      ],
    },
  },
  {
    code: 'appointment-confirmation',
    title: 'Appointment confirmation',
    purpose: 'Tells the person that their appointment is booked, when and where.',
    purposeOfUse: 'PATADMIN',
    automatic: true,
    keys: ['date', 'time', 'place', 'phone'],
    words: {
      kind: 'full',
      sms: '((organisation)): your appointment is booked for ((date)) at ((time)), ((place)). To change it, please call ((phone)).',
      subject: 'Your appointment is booked',
      body: [
        'Your appointment with ((organisation)) is booked.',
        WHERE,
        'To change or cancel it, or if you need help to get here, please call ((phone)).',
      ],
    },
  },
  {
    code: 'appointment-changed',
    title: 'Appointment changed',
    purpose: 'Tells the person that an appointment is at another time or place than they were told before.',
    purposeOfUse: 'PATADMIN',
    automatic: true,
    keys: ['date', 'time', 'place', 'phone'],
    words: {
      kind: 'full',
      sms: '((organisation)): your appointment has changed. It is now on ((date)) at ((time)), ((place)). If you cannot come then, please call ((phone)).',
      subject: 'Your appointment has changed',
      body: [
        'We have had to change your appointment with ((organisation)). We are sorry if this is not convenient. It is now:',
        WHERE,
        'If you cannot come then, or need help to get here, please call ((phone)) and we will find another time with you.',
        CHECK,
      ],
    },
  },
  {
    code: 'appointment-cancelled',
    title: 'Appointment cancelled',
    purpose: 'Tells the person that an appointment will not take place, so that they do not come for nothing.',
    purposeOfUse: 'PATADMIN',
    automatic: true,
    keys: ['date', 'time', 'phone'],
    words: {
      kind: 'full',
      sms: '((organisation)): we are sorry that we have had to cancel your appointment on ((date)) at ((time)). Please do not come. To arrange another, call ((phone)).',
      subject: 'Your appointment on ((date)) is cancelled',
      body: [
        'We are sorry that ((organisation)) has had to cancel your appointment on ((date)) at ((time)). Please do not come.',
        'To arrange another time, or if you are worried about waiting longer, please call ((phone)).',
        CHECK,
      ],
    },
  },
  {
    code: 'urgent-appointment-offer',
    title: 'Offer of an earlier appointment',
    purpose: 'Offers an appointment at short notice, for treatment that should not wait for the post.',
    purposeOfUse: 'TREAT',
    keys: ['date', 'time', 'place', 'replyBy', 'phone'],
    words: {
      kind: 'full',
      sms: '((organisation)): we can see you sooner, on ((date)) at ((time)), ((place)). Please call ((phone)) by ((replyBy)) to tell us if you can come.',
      subject: 'We can see you sooner',
      body: [
        'An earlier appointment with ((organisation)) has become free, and we would like to offer it to you.',
        WHERE,
        'Please call ((phone)) by ((replyBy)) to tell us whether you can come. If we do not hear from you by then, we may offer the time to somebody else, and you keep your place with us.',
        CHECK,
      ],
    },
  },
  {
    code: 'virtual-consultation-invite',
    title: 'Invitation to a video appointment',
    purpose: 'Invites the person to an appointment by video, and says how to join.',
    purposeOfUse: 'PATADMIN',
    automatic: true,
    keys: ['date', 'time', 'joining', 'phone'],
    words: {
      kind: 'full',
      sms: '((organisation)): your video appointment is on ((date)) at ((time)). To join: ((joining)). If you need help or cannot make it, please call ((phone)).',
      subject: 'Your video appointment on ((date))',
      body: [
        'You have a video appointment with ((organisation)).',
        'Date: ((date))\nTime: ((time))\nHow to join: ((joining))',
        'Choose a quiet place where others cannot hear you, and join a few minutes early.',
        'If you need help to join, or would rather come in person, please call ((phone)).',
        CHECK,
      ],
    },
  },
  {
    code: 'waiting-list-validation',
    title: 'Do you still need your appointment?',
    purpose: 'Asks somebody on a waiting list whether they still need to be seen.',
    purposeOfUse: 'PATADMIN',
    automatic: true,
    keys: ['replyBy', 'phone'],
    words: {
      kind: 'full',
      sms: '((organisation)): you are on our waiting list. Please call ((phone)) by ((replyBy)) to tell us whether you still need to be seen, or if anything has changed.',
      subject: 'Do you still need your appointment?',
      body: [
        'You are on a waiting list at ((organisation)). We know that waiting is difficult, and we want to be sure that we see the people who need us.',
        'Please call ((phone)) by ((replyBy)) to tell us whether you still need to be seen, and whether your contact details are right.',
        'If you have become worse while waiting, tell us when you call, or speak to your GP.',
        CHECK,
      ],
    },
  },
];
