import { describe, expect, it } from 'vitest';
import { createMeaning } from '../../src/inbound/meaning.ts';

const meaningOf = createMeaning();

describe('what a received text may mean', () => {
  it.each([
    'STOP',
    'stop',
    ' Stop. ',
    '"STOP"',
    'STOP!!!',
    'S T O P',
    'STOPALL',
    'Stop all',
    'unsubscribe',
    'UNSUBSCRIBE.',
    'STOP texts',
    'Stop texting me',
    'STOP texting me my husband reads these',
    'stop messages',
    'Stop messaging me',
    'Stop sending texts',
    'stop sending me texts',
    'Stop sending me these messages please',
    'stop these texts',
    'Stop text messages',
    'stop txts',
    'stop all texts please',
    'STOP SMS',
  ])('OBJ-11: "%s" asks for texts to stop', (text) => {
    expect(meaningOf(text).stop).toBe(true);
  });

  it.each([
    "Please don't stop my treatment",
    'please stop texting me',
    'Can I stop the tablets?',
    'Stop at the bus stop?',
    'When do I stop eating before the scan',
    'stop please',
    'Which bus stop',
    'I stopped taking it',
    'stop emailing me',
    'Stop. Texts are fine but call me Robin',
    'unsubscribe me from the newsletter',
    'CANCEL',
    'END',
    'quit',
    'Cancel my appointment',
    'START',
    'UNSTOP',
    'opt out',
    'leave me alone',
    'no more texts',
  ])('OBJ-11: "%s" is for a person to read', (text) => {
    expect(meaningOf(text).stop).toBe(false);
  });

  it.each([
    'please stop texting me',
    'CANCEL',
    'END',
    'quit',
    'START',
    'UNSTOP',
    'opt out',
    'Leave me alone!',
    'no more texts',
    'I would prefer letters',
    'my husband reads my texts',
  ])('OBJ-11: "%s" may be a refusal, or the end of one', (text) => {
    expect(meaningOf(text).refusal).toBe(true);
  });

  it.each([
    'Wrong number',
    'wrong number mate',
    'rong number',
    'You have the wrong number',
    'uve got the wrong number',
    'wrng number',
    'This is not my appointment',
    'I am not Robin, not my name',
    'no one called Robin here',
    'nobody of that name',
    'not her number',
    'this isnt his number anymore',
    'I just got this number',
    'I think this is for someone else',
    'we split up, this is her ex partner',
    'Wrong person',
    'this number is wrong',
    'number is no longer hers, old number',
    'This message was meant for somebody else',
    'incorrect number',
  ])('VER-1: "%s" says that the number is somebody else\'s', (text) => {
    expect(meaningOf(text).wrongNumber).toBe(true);
  });

  it.each([
    'Yes',
    'Is this the right number to ring?',
    'My number is 07700 900123',
    'Ward number?',
    'Thanks',
    'Can I bring someone?',
    'Who is this?',
    'Can someone else come with me?',
    'My ex husband reads my texts',
    'Please update your records, I have moved',
  ])('VER-1: "%s" does not', (text) => {
    expect(meaningOf(text).wrongNumber).toBe(false);
  });

  it.each([
    "I'm driving with notifications turned off",
    'Auto reply: I am on annual leave',
    'This is an automated message',
    'This number is not monitored',
    '123456',
    'Out of office until Monday',
    'Reply HELP for help',
    "Sorry, I can't talk right now.",
  ])('TWO-2: "%s" may be a machine\'s', (text) => {
    expect(meaningOf(text).automatic).toBe(true);
  });

  it.each(['I am bleeding', 'Thanks', 'Can you call me?', 'Not urgent'])('TWO-2: "%s" is a person\'s', (text) => {
    expect(meaningOf(text).automatic).toBe(false);
  });

  it.each([
    ['Not urgent, but my wound is open', true],
    ['not urgent', false],
    ['Blood test', false],
    ['Blood test form lost and I am bleeding', true],
    ['', false],
    ['🆘', false],
    ['SOS 🆘', true],
  ])('TWO-3: "%s" is urgent: %s', (text, urgent) => {
    expect(meaningOf(text).urgent).toBe(urgent);
  });
});
