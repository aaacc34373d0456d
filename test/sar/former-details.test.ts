import type { Communication } from '@medplum/fhirtypes';
import { afterEach, describe, expect, it } from 'vitest';
import { structureDefinition } from '../../src/canonical.ts';
import { MASKED } from '../../src/sar/history.ts';
import { aMessage, approved, decision, kim, rewritten, type SarRig, sarRig } from './rig.ts';

const contactUrl = structureDefinition('contact-point-used');
const open: SarRig[] = [];
afterEach(() => {
  for (const rig of open.splice(0)) rig.close();
});

/** What the messages say in the released copy of a history with Kim, who acts for Ada. */
async function released(
  messages: (Communication & { id: string })[],
  ...input: Parameters<typeof approved>[0] & object
) {
  const rig = await sarRig();
  open.push(rig);
  await rig.put(kim, ...messages);
  await rewritten(rig, ...approved(input));
  const { entry = [] } = await rig.bundle({ stage: 'release' });
  return entry
    .flatMap(({ resource }) => (resource?.resourceType === 'Communication' ? (resource.payload ?? []) : []))
    .map((one) => one.contentString);
}

const saying = (id: string, contentString: string) => aMessage(id, { payload: [{ contentString }] });
/** To a number that Kim's own entry no longer has. */
const toFormer = aMessage('to-kim', {
  recipient: [{ reference: 'RelatedPerson/kim' }],
  extension: [{ url: contactUrl, valueContactPoint: { system: 'phone', value: '+447700900457' } }],
});

describe('SAR-2, contract 12: the contact details of a proxy are hidden however they are written', () => {
  it.each([
    ['without the first nought', '7700900456'],
    ['as the provider writes it', '447700900456'],
    ['with points', '07700.900.456'],
    ['with the country and points', '+44.7700.900456'],
    ['a postcode without its space', 'LS19ZZ'],
    ['a postcode in small letters', 'ls1 9zz'],
  ])('%s', async (_how, written) => {
    const texts = await released([saying('m', `Write to ${written}, please.`)]);
    expect(texts).toEqual([`Write to ${MASKED}, please.`]);
  });

  it('a longer number is another number', async () => {
    const texts = await released([saying('m', 'Reference 1077009004561.')]);
    expect(texts).toEqual(['Reference 1077009004561.']);
  });

  it('a number to which a proxy was written before they had another', async () => {
    const texts = await released([toFormer, saying('m', 'Kim is on 07700 900457 too.')]);
    expect(texts).toContain(`Kim is on ${MASKED} too.`);
  });

  it('wherever else their own entry has it still', async () => {
    const noted = { url: 'https://trust.example/second', valueContactPoint: { value: '07700 900457' } };
    const rig = await sarRig();
    open.push(rig);
    await rig.put({ ...kim, extension: [noted] }, toFormer);
    await rewritten(rig, ...approved());
    expect(JSON.stringify(await rig.bundle({ stage: 'release' }))).not.toContain('900457');
  });

  it('unless it is the person’s own as well', async () => {
    const shared = { ...toFormer, extension: [{ url: contactUrl, valueContactPoint: { value: '+447700900123' } }] };
    const texts = await released([shared, saying('m', 'We ring you on 07700 900123.')]);
    expect(texts).toContain('We ring you on 07700 900123.');
  });

  it('unless the reviewer shows it where it belongs', async () => {
    const used = { ...toFormer, extension: [{ url: contactUrl, valueContactPoint: { value: '07700 900456' } }] };
    const show = decision('show', 'RelatedPerson/kim', { path: 'telecom' });
    const texts = await released([used, saying('m', 'Kim is on 07700 900456.')], show);
    expect(texts).toContain('Kim is on 07700 900456.');
  });
});
