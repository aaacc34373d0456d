import { type Channel, channelName, channelTitle } from '../policy/channel.ts';
import { lawText } from '../policy/law-text.ts';
import { escaped } from '../sar/markup.ts';
import { hoursText } from '../send/hours.ts';
import type { Notice, Purpose } from './gather.ts';

/** A part of what people are told. `html`: XHTML that FHIR allows in a narrative. */
export interface Section {
  readonly id: string;
  readonly title: string;
  readonly html: string;
}

/** What people are told, in the words and the order of the page (ACC-3). */
export function sectionsOf(notice: Notice): Section[] {
  return [
    waysOf(notice),
    objectionOf(notice),
    repliesOf(notice),
    realOf(notice),
    whoOf(),
    purposesOf(notice),
    lawOf(notice),
  ];
}

function waysOf({ channels }: Notice): Section {
  const ways = channels.map((one) => `<li><b>${channelTitle[one]}</b>: ${channelText[one]}</li>`);
  const intro =
    ways.length === 0
      ? '<p>We send no messages at the moment.</p>'
      : `<p>We contact people about their care in these ways:</p><ul>${ways.join('')}</ul>`;
  return {
    id: 'ways',
    title: 'How we send messages',
    html: `${intro}<p>Tell us which way suits you best, and whether you need large print, easy read, British Sign Language, another language or another format. We use the way that you ask for wherever we can. Please tell us when your number, email or address changes.</p>`,
  };
}

const either = new Intl.ListFormat('en-GB', { type: 'disjunction' });

function purposesOf({ purposes }: Notice): Section {
  const rows = purposes.map(
    ({ title, what, channels }: Purpose) =>
      `<dt>${escaped(title)}</dt><dd>${escaped(what)} <i>By ${either.format(channels.map((one) => channelName[one]))}.</i></dd>`,
  );
  const list = rows.length === 0 ? '' : `<dl>${rows.join('')}</dl>`;
  return {
    id: 'purposes',
    title: 'What we write to you about',
    html: `<p>Only about your own care. We do not send advertising, appeals for money or invitations to take part in research this way.</p>${list}`,
  };
}

function whoOf(): Section {
  return {
    id: 'who',
    title: 'Who gets the messages',
    html: '<p>You do, and nobody else. Somebody may get messages about you in your place only if the law or your own wish lets them act for you, such as a parent of a child or a person whom you have named. Ask us who that is, at any time.</p><p>What we send and what you answer is kept with your health record. You can ask for a copy of it.</p>',
  };
}

function objectionOf({ policy }: Notice): Section {
  const line = policy.contactLine === undefined ? '' : ` ${escaped(policy.contactLine)}`;
  return {
    id: 'object',
    title: 'If you do not want messages',
    html: [
      '<p>You have the right to object: to all messages, to one way of being contacted, or to messages of one kind or from one service.</p>',
      `<ul><li>Tell any member of staff, and say why. We have to look at your own reasons.${line}</li>`,
      '<li>Or answer one of our texts with the word <b>STOP</b>. We stop texting you, and somebody gets in touch to talk about what you would like instead.</li></ul>',
      '<p>We tell you what it may mean for your care, and do as you ask. Only a person can decide otherwise, for a strong reason, and only for that one message. In an emergency we use whatever way keeps people safe. You can change your mind at any time.</p>',
    ].join(''),
  };
}

function repliesOf({ policy }: Notice): Section {
  const texts = hoursText(policy.teamHours).split('\n\n');
  return {
    id: 'replies',
    title: 'If you answer',
    html: `<p>You can answer our texts. Your answer goes to a team, and a person reads it. It may not be read at once, so do not send a text if you need help quickly.</p>${texts.map((one) => `<p>${escaped(one)}</p>`).join('')}`,
  };
}

function realOf({ controller, policy }: Notice): Section {
  const domains = policy.linkDomains.map((one) => `<b>${escaped(one)}</b>`);
  const links =
    domains.length === 0
      ? 'They hold no links.'
      : `A link in them leads to ${domains.length === 1 ? '' : 'one of '}${domains.join(', ')}, or to an address that ends in ${domains.length === 1 ? 'it' : 'one of them'}.`;
  return {
    id: 'real',
    title: 'How to tell that a message is from us',
    html: `<p>Our messages say that they are from ${escaped(controller.name)}. They never ask for money, bank details or a password. ${links} If you are not sure, do not answer and do not follow a link: ask us, by a number that you have from somewhere else.</p>`,
  };
}

function lawOf({ policy }: Notice): Section {
  const bases = policy.lawfulBases.map(({ label, url }) =>
    url === undefined
      ? `<li>${escaped(capitalised(label))}</li>`
      : `<li><a href="${escaped(url)}">${escaped(lawText(label))}</a></li>`,
  );
  return {
    id: 'law',
    title: 'What the law says',
    html: `<p>We may write to you about your own care without asking for your consent first. What we rely on:</p><ul>${bases.join('')}</ul><p>You can complain about how we use your information to us, or to the <a href="https://ico.org.uk/make-a-complaint/">Information Commissioner’s Office</a>.</p>`,
  };
}

const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const signedIn = 'you sign in to read it.';
const open = (who: string): string => `${who}, so it says as little as it can.`;

const channelText = {
  nhsapp: signedIn,
  sms: open('to your mobile. Others may see it on your screen'),
  email: open('others may be able to read it'),
  'secure-email': signedIn,
  letter: 'by post, to your address.',
} as const satisfies Record<Channel, string>;
