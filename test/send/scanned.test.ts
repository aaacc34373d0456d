import type { ActivityDefinition, CommunicationRequest, Extension } from '@medplum/fhirtypes';
import { describe, expect, it } from 'vitest';
import { structureDefinition } from '../../src/canonical.ts';
import type { RenderedText } from '../../src/policy/message-facts.ts';
import { defaultPolicy } from '../../src/policy-file.ts';
import { contentClaims } from '../../src/send/content-claims.ts';
import { fixedWordsFaults } from '../../src/send/fixed-words.ts';
import { strangeLink } from '../../src/send/links.ts';
import { scannedText, scannedTexts, wordsFound } from '../../src/send/scanned.ts';

const controller = { ods: 'RXX', name: 'Example Mental Health & Cancer NHS Trust' };
const own = { policy: defaultPolicy, controller };

describe('what is scanned (MIN-4)', () => {
  const rendered = (text: string, subjectLine?: string): RenderedText => ({
    ...{ channel: 'sms', kind: 'full', rank: undefined, fragments: 1, faults: [] },
    text,
    subjectLine,
  });

  it('the subject as well as the words', () => {
    expect(scannedText(rendered('Please call us.', 'Your asthma review'), own).found).toEqual([
      { of: 'diagnosis', words: 'asthma' },
    ]);
  });

  it("the organisation's own name says nothing of the person, however it is broken into lines", () => {
    expect(wordsFound('From Example Mental Health &\nCancer  NHS trust: please call us.', own)).toEqual([]);
    expect(wordsFound('Please come to the mental health team.', own)).not.toEqual([]);
  });

  it('no phrase is read across where the name stood', () => {
    expect(wordsFound(`high blood ${controller.name} pressure`, own)).toEqual([]);
  });

  it("the contact line and the provider's prefix are passed over", () => {
    const policy = { ...defaultPolicy, contactLine: 'Check this with the Cancer desk', smsPrefix: 'CAMHS Leeds' };
    const text = 'CAMHS Leeds: please come. Check this with the Cancer desk';
    expect([wordsFound(text, { policy, controller }), wordsFound(text, own).length > 0]).toEqual([[], true]);
  });

  it('SUS-2: a strange link is named by its host, and nothing behind it', () => {
    expect(wordsFound('See https://robin@evil.example/9991230009?x=1', own)).toContainEqual({
      of: 'link',
      words: 'evil.example',
    });
  });
});

describe('strange links (SUS-2)', () => {
  it.each([
    ['http://10.1.2.3/x', true],
    ['10.1.2.3/pay', true],
    ['Go to 10.1.2.3:8080.', true],
    ['https://www.nhs.uk/x and www.gov.uk', false],
    ['[here](https://bit.ly/x)', true],
    ['https://video.example.nhs.uk/', false],
    ['At 10.30 in room 1.2.3', false],
  ])('%s: %s', (text, strange) => {
    expect(strangeLink(text, ['nhs.uk', 'gov.uk']) !== undefined).toBe(strange);
  });
});

describe('what a request says of its words', () => {
  const claims = (...extension: Extension[]) =>
    contentClaims({ resourceType: 'CommunicationRequest', extension } as unknown as CommunicationRequest);
  const statement = (...parts: [string, boolean][]): Extension => ({
    url: structureDefinition('results-statement'),
    extension: parts.map(([url, valueBoolean]) => ({ url, valueBoolean })),
  });
  const necessity = (valueString: string): Extension => ({ url: structureDefinition('necessity'), valueString });

  it.each<[string, Extension[], string | undefined]>([
    ['none', [], undefined],
    ['a reason', [necessity(' Agreed with her. ')], 'Agreed with her.'],
    ['a blank', [necessity('  ')], undefined],
  ])('MIN-4: necessity: %s', (_what, extension, said) => {
    expect(claims(...extension).necessity).toBe(said);
  });

  it.each<[string, Extension[], string]>([
    ['none', [], 'none'],
    ['both true', [statement(['routine', true], ['knownToService', true])], 'routine'],
    ['one missing', [statement(['routine', true])], 'not-routine'],
    ['one false', [statement(['routine', true], ['knownToService', false])], 'not-routine'],
    ['said and denied', [statement(['routine', true], ['routine', false], ['knownToService', true])], 'not-routine'],
    ['empty', [statement()], 'not-routine'],
  ])('MIN-5: results-statement: %s', (_what, extension, said) => {
    expect(claims(...extension).resultsStatement).toBe(said);
  });
});

describe("a message type's own words (SUS-1, SUS-2, CON-3)", () => {
  const faults = (text: string, subject = 'Your appointment') =>
    fixedWordsFaults(
      {
        resourceType: 'ActivityDefinition',
        status: 'active',
        extension: [
          { url: 'urn:another' },
          {
            url: structureDefinition('channel-template'),
            extension: [
              { url: 'subject', valueString: subject },
              { url: 'text', valueString: text },
            ],
          },
        ],
      } as ActivityDefinition,
      own,
    );

  it.each([
    ['Please call ((phone)) about your appointment.', []],
    ['((urgent??CALL US NOW))', ['SUS-1']],
    ['Act now! Pay now!', ['SUS-1', 'SUS-1', 'SUS-2']],
    ['See https://video.example.nhs.uk/((room))', []],
    ['See https://((host))/x', ['SUS-2']],
    ['Would you take part in a study?', ['CON-3']],
    ['MIN-4: your diabetes clinic is on ((date))', []],
  ])('%s: %j', (text, clauses) => {
    expect(faults(text).map((one) => one.text.slice(0, 5))).toEqual(clauses);
  });

  it('says where', () => {
    expect(faults('Fine.', 'URGENT').map((one) => one.expression)).toEqual([
      'ActivityDefinition.extension[1].extension[0].value',
    ]);
  });
});

describe('words that were read before', () => {
  const letter = (text: string): RenderedText => ({
    ...{ channel: 'letter', kind: 'full', rank: undefined, fragments: undefined, subjectLine: undefined, faults: [] },
    text,
  });
  const foundIn = (text: string, by = own) => scannedTexts([letter(text)], by)[0]?.found;

  it('are found the same again', () => {
    expect(foundIn('Your asthma review')).toEqual([{ of: 'diagnosis', words: 'asthma' }]);
    expect(foundIn('Your asthma review')).toEqual([{ of: 'diagnosis', words: 'asthma' }]);
  });

  it('are read anew for another name of the organisation, and for other approved domains', () => {
    const text = 'Asthma desk: see https://portal.example/';
    const renamed = { ...own, controller: { ...controller, name: 'Asthma desk' } };
    const approving = { ...own, policy: { ...defaultPolicy, linkDomains: ['portal.example'] } };
    const found = [own, renamed, approving].map((by) => foundIn(text, by)?.map(({ of }) => of));
    expect(found).toEqual([['diagnosis', 'link'], ['link'], ['diagnosis']]);
  });
});
