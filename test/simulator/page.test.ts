import { describe, expect, it } from 'vitest';
import type { Simulator } from '../../src/simulator/simulator.ts';
import { clientOf, pdfText, SETTLED_MS, sendLetter, sendText, startSimulator } from './support.ts';

async function page(simulator: Simulator): Promise<{ html: string; headers: Headers }> {
  const response = await fetch(`${simulator.url}/`, { signal: AbortSignal.timeout(10_000) });
  return { html: await response.text(), headers: response.headers };
}

describe('the page of phones, inboxes and letterboxes', () => {
  it('says so when there is nothing yet', async () => {
    const { html } = await page(await startSimulator());
    expect(html).toContain('No texts yet.');
    expect(html).toContain('No emails yet.');
    expect(html).toContain('No letters yet.');
  });

  it('shows a phone with the text as it looks there, its status, reference and time', async () => {
    const simulator = await startSimulator({ service: { prefixSms: true } });
    await sendText(simulator, '+447700900123', { reference: 'ref-9' });
    await simulator.control.advance(SETTLED_MS);
    const { html } = await page(simulator);
    expect(html).toContain('<h3>07700 900123</h3>');
    expect(html).toContain('Example NHS Trust: Hello');
    expect(html).toContain('<strong>delivered</strong>');
    expect(html).toContain('<code>ref-9</code>');
    expect(html).toMatch(/<time datetime="\d{4}-\d\d-\d\dT/);
  });

  it('shows one phone for all forms of its number, the messages oldest first', async () => {
    const simulator = await startSimulator();
    await sendText(simulator, '07700900123', { personalisation: { body: 'first' } });
    await sendText(simulator, '+44 7700 900123', { personalisation: { body: 'second' } });
    const { html } = await page(simulator);
    expect(html.match(/<article/g)).toHaveLength(1);
    expect(html.indexOf('first')).toBeLessThan(html.indexOf('second'));
  });

  it('shows an inbox with subject and body', async () => {
    const simulator = await startSimulator();
    const personalisation = { subject: 'Your "new" clinic', body: '# Dear Pat' };
    await clientOf(simulator).sendEmail(simulator.templates.email, 'pat@example.org', { personalisation });
    const { html } = await page(simulator);
    expect(html).toContain('<h3>pat@example.org</h3>');
    expect(html).toContain('<h4>Your “new” clinic</h4>');
    expect(html).toContain('# Dear Pat');
  });

  it('escapes every field that a caller fills', async () => {
    const bad = `<img src=x onerror="alert('1')">&`;
    const simulator = await startSimulator({ service: { name: bad, prefixSms: true } });
    await sendText(simulator, '07700900123', { reference: bad, personalisation: { body: bad } });
    const personalisation = { subject: bad, body: bad };
    await clientOf(simulator).sendEmail(simulator.templates.email, "o'neil&co@example.org", { personalisation });
    await sendLetter(simulator, { address_line_1: `Pat ${bad}`, subject: bad, body: bad }, bad);
    await simulator.control.receiveText('07700900124', bad);
    const { html } = await page(simulator);
    expect(html).not.toContain('<img');
    expect(html).toContain('o&#39;neil&#38;co@example.org');
    expect(html.match(/&#60;img src=x onerror=/g)?.length).toBeGreaterThanOrEqual(9);
  });

  it('loads nothing from anywhere, and runs only its own script', async () => {
    const { html, headers } = await page(await startSimulator());
    expect(headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; style-src 'sha256-\S+'; script-src 'sha256-/,
    );
    expect(headers.get('content-security-policy')).toContain("form-action 'self'");
    expect(html).not.toMatch(/(src|href)=/);
    expect(html).toContain('lang="en-GB"');
  });
});

async function send(
  simulator: Simulator,
  path: string,
  fields: Record<string, string> = {},
  headers: Record<string, string> = {},
): Promise<{ status: number; location: string | null; html: string }> {
  const response = await fetch(`${simulator.url}/page/${path}`, {
    method: 'POST',
    redirect: 'manual',
    headers,
    body: new URLSearchParams(fields),
    signal: AbortSignal.timeout(10_000),
  });
  return { status: response.status, location: response.headers.get('location'), html: await response.text() };
}

describe('what a person can do on the page', () => {
  it('shows a letter as it is addressed, with its PDF, and what can be done with it', async () => {
    const simulator = await startSimulator();
    const id = await sendLetter(simulator, { body: 'Dear Pat', subject: '"You" & us' });
    expect((await page(simulator)).html).toContain('No PDF yet.');
    await simulator.control.advance(SETTLED_MS);
    const { html } = await page(simulator);
    expect(html).toContain('<h3>Pat Example</h3>');
    expect(html).toContain('<p class="address">Pat Example\n1 High Street\nLS1 4AP</p>');
    expect(html).toContain('<h4>“You” &amp; us</h4>');
    expect(html).toContain('accepted: waits for the evening’s print run');
    expect(html).toContain(`action="/page/letters/${id}/cancel"`);
    expect(html).not.toContain('/return"');
    const [, link = ''] = /href="(\/page\/letters\/[^"]+\.pdf)"/.exec(html) ?? [];
    const pdf = await fetch(simulator.url + link);
    expect(pdf.headers.get('content-type')).toBe('application/pdf');
    expect(pdfText(Buffer.from(await pdf.arrayBuffer()))).toContain('Dear Pat');
  });

  it('sends a text as a phone, which shows there and in the API; what is missing is said, and kept', async () => {
    const simulator = await startSimulator();
    await sendText(simulator, '07700900124');
    const done = await send(simulator, 'received-texts', { from: '07700 900123', message: ' STOP ' });
    expect(done).toMatchObject({ status: 303, location: '/?said=text' });
    const said = await (await fetch(`${simulator.url}${done.location}`)).text();
    expect(said).toContain('role="status">The text was sent to the service.');
    expect(said).toMatch(/<h3>07700 900123<\/h3><ol><li class="message own">[\s\S]*STOP/);
    expect(said).toContain('<option value="07700 900124">');
    const { data } = await clientOf(simulator).getReceivedTexts();
    expect(data.received_text_messages).toMatchObject([{ user_number: '447700900123', content: 'STOP' }]);
    const wrong = await send(simulator, 'received-texts', { from: 'my phone', message: 'Hi <there>' });
    expect(wrong.status).toBe(400);
    expect(wrong.html).toContain('role="alert">Enter a phone number, such as 07700 900123.');
    expect(wrong.html).toContain('value="my phone"');
    expect(wrong.html).toContain('Hi &#60;there&#62;</textarea>');
    expect((await send(simulator, 'received-texts', { from: '07700 900123', message: ' ' })).status).toBe(400);
  });

  it('moves the time on: by an hour, to the next print run, until letters are with the post', async () => {
    const simulator = await startSimulator({ clock: { now: () => new Date('2026-08-20T10:00:00Z') } });
    const now = () => simulator.control.state().now;
    expect((await send(simulator, 'clock', { by: 'hour' })).status).toBe(303);
    expect(now()).toBe('2026-08-20T11:00:00.000Z');
    await send(simulator, 'clock', { by: 'print' });
    expect(now()).toBe('2026-08-20T16:50:00.000Z');
    await send(simulator, 'clock', { by: 'post' });
    expect(now()).toBe('2026-08-24T14:00:00.000Z');
    expect((await page(simulator)).html).toContain('2026-08-24 14:00 UTC');
    expect((await send(simulator, 'clock', { by: 'year' })).status).toBe(400);
  });

  it('brings a letter back, and stops one', async () => {
    const simulator = await startSimulator();
    const back = await sendLetter(simulator);
    await simulator.control.advance(7 * 24 * 3_600_000);
    const stopped = await sendLetter(simulator);
    expect(await send(simulator, `letters/${back}/return`)).toMatchObject({ status: 303, location: '/?said=return' });
    expect(await send(simulator, `letters/${stopped}/cancel`)).toMatchObject({ status: 303 });
    expect((await send(simulator, `letters/${stopped}/cancel`)).status).toBe(409);
    expect((await send(simulator, `letters/${stopped}/return`)).status).toBe(409);
    const { html } = await page(simulator);
    expect(html).toContain('received: came back to the sender');
    expect(html).toContain('cancelled: not sent');
  });

  it.each<[string, Record<string, string>]>([
    ['another site', { 'sec-fetch-site': 'cross-site' }],
    ['another origin', { origin: 'http://example.org' }],
    ['no origin at all', { origin: 'null' }],
  ])('does nothing for a form of %s', async (_, headers) => {
    const simulator = await startSimulator();
    const { status } = await send(simulator, 'received-texts', { from: '07700 900123', message: 'x' }, headers);
    expect(status).toBe(403);
    expect((await clientOf(simulator).getReceivedTexts()).data.received_text_messages).toEqual([]);
  });

  it('a page’s own form, and a PDF that is none, are told apart', async () => {
    const simulator = await startSimulator();
    const own = { origin: simulator.url, 'sec-fetch-site': 'same-origin' };
    expect((await send(simulator, 'clock', { by: 'minute' }, own)).status).toBe(303);
    expect((await send(simulator, 'nothing')).status).toBe(404);
    expect((await fetch(`${simulator.url}/page/letters/x.pdf`)).status).toBe(404);
    expect((await (await fetch(`${simulator.url}/?said=constructor`)).text()).includes('notice done')).toBe(false);
  });

  it('every field has a label, every button a name of its own', async () => {
    const simulator = await startSimulator();
    await sendLetter(simulator, { subject: 'one' });
    await sendLetter(simulator, { subject: 'two' });
    const { html } = await page(simulator);
    const fields = [...html.matchAll(/<(?:input|textarea|select) id="([^"]+)"/g)].map(([, id]) => id);
    expect(fields.length).toBe(3);
    for (const id of fields) expect(html).toContain(`<label for="${id}">`);
    const buttons = [...html.matchAll(/<button[^>]*>([\s\S]*?)<\/button>/g)].map(([, inside]) => inside);
    expect(new Set(buttons).size).toBe(buttons.length);
    const levels = [...html.matchAll(/<h([1-4])/g)].map(([, level]) => Number(level));
    expect(levels.length).toBeGreaterThan(8);
    expect(levels.filter((level, at) => level > (levels[at - 1] ?? 0) + 1)).toEqual([]);
  });
});
