import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demoStaff } from '../../src/auth/demo.ts';
import { examplePeople } from '../../src/catalogue/examples.ts';
import { type Herald, startHerald } from '../support/herald.ts';
import { run } from './support.ts';

/** The commands that ask a running service, as from a shell. */
describe('npx herald beside a running service', () => {
  let herald: Herald;
  const dir = mkdtempSync(join(tmpdir(), 'herald-cli-'));
  beforeAll(async () => {
    herald = await startHerald();
  });
  afterAll(async () => {
    await herald.close();
    rmSync(dir, { recursive: true, force: true });
  });

  const staff = `Practitioner/${demoStaff.epr.id}`;
  const command = (...args: string[]) => run([...args, '--url', herald.url]);
  const aMessage = ['--type', 'care-message', '--as', staff, '--text', 'Please ring us on 0113 496 0123.'];

  it('contract 3: send asks for a message, and waits for its end where told to', async () => {
    const { code, out, err } = await command('send', ...aMessage, '--patient', examplePeople.adult, '--wait');
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^CommunicationRequest\/\S+ {2}completed {2}key \S+\nCommunication\/\S+ {2}completed {2}sms$/);
  });

  it('contract 3: with the same key it is the same message', async () => {
    const asked = [...aMessage, '--patient', examplePeople.adult, '--key', 'visit-4711', '--json'];
    const [first, second] = [await command('send', ...asked), await command('send', ...asked)];
    const [a, b] = [JSON.parse(first.out), JSON.parse(second.out)];
    expect([a.request.id, a.key]).toEqual([b.request.id, 'visit-4711']);
  });

  it('contract 3: a refusal says why, and ends with 1', async () => {
    const { code, out, err } = await command('send', ...aMessage, '--patient', examplePeople.deceased);
    expect([code, out]).toEqual([1, '']);
    expect(err).toContain('died');
  });

  it('contract 3: evaluate shows the words, and sends nothing', async () => {
    const before = (await herald.ledger()).length;
    const { code, out } = await command('evaluate', ...aMessage, '--patient', examplePeople.adult);
    expect(code).toBe(0);
    expect(out).toMatch(/^send by sms \(1 fragment\)/);
    expect(out).toContain('Please ring us on 0113 496 0123.');
    expect((await herald.ledger()).length).toBe(before);
  });

  it('OBJ-5: person says by which channel a message would go, and why not by the others', async () => {
    const { code, out } = await command('person', '--patient', examplePeople.objector, '--as', staff);
    expect(code).toBe(0);
    expect(out).toMatch(/^sms +not go +objection \(OBJ-5\)/m);
    expect(out).toMatch(/^email +go/m);
    expect(out).not.toMatch(/partner|reads/i);
  });

  it('REC-3: history and thread list what was said, the one with the record and the other with the words', async () => {
    const id = examplePeople.adult;
    const listed = await command('history', '--patient', id);
    expect([listed.code, listed.err]).toEqual([0, '']);
    expect(listed.out).toMatch(/out +sms +completed +care-message +Patient\/\S+ +Communication\/\S+/);
    const thread = await command('thread', '--patient', id);
    expect(thread.out).toContain('    Please ring us on 0113 496 0123.');
  });

  it('VER-1: somebody is found by NHS number, and nobody by an unknown one', async () => {
    const patient = (await herald.get(`/fhir/Patient/${examplePeople.adult}`)).body;
    const number = patient.identifier.find((one: { system: string }) => one.system.endsWith('nhs-number')).value;
    expect((await command('history', '--nhs-number', number)).code).toBe(0);
    const unknown = await command('history', '--nhs-number', '9991230009');
    expect([unknown.code, unknown.err]).toEqual([1, 'Nobody on record has this NHS number.']);
  });

  it('takes a whole request from a file', async () => {
    const file = join(dir, 'request.json');
    writeFileSync(
      file,
      JSON.stringify({ resourceType: 'CommunicationRequest', subject: { reference: 'Patient/none' } }),
    );
    const { code, err } = await command('evaluate', '--file', file);
    expect([code, err]).not.toEqual([0, '']);
    const bad = await command('evaluate', '--file', join(dir, 'none.json'));
    expect([bad.code, bad.err]).toEqual([1, '--file: the file cannot be read, or is not JSON.']);
  });

  it('says that nothing answers, and what to do', async () => {
    const { code, err } = await run(['history', '--patient', 'a', '--url', 'http://127.0.0.1:9']);
    expect(code).toBe(1);
    expect(err).toMatch(/^Herald does not answer: .*--url/);
  });

  it.each([
    ['send', '--type'],
    ['person', '--as'],
    ['history', '--patient'],
  ])('%s without %s is wrong usage', async (name, option) => {
    const { code, err } = await command(name);
    expect([code, err.startsWith(option)]).toEqual([64, true]);
  });
});
