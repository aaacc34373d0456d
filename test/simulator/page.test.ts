import { describe, expect, it } from 'vitest';
import type { Simulator } from '../../src/simulator/simulator.ts';
import { clientOf, SETTLED_MS, sendText, startSimulator } from './support.ts';

async function page(simulator: Simulator): Promise<{ html: string; headers: Headers }> {
  const response = await fetch(`${simulator.url}/`, { signal: AbortSignal.timeout(10_000) });
  return { html: await response.text(), headers: response.headers };
}

describe('the page of phones and inboxes', () => {
  it('says so when there is nothing yet', async () => {
    const { html } = await page(await startSimulator());
    expect(html).toContain('No texts yet.');
    expect(html).toContain('No emails yet.');
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
    const { html } = await page(simulator);
    expect(html).not.toContain('<img');
    expect(html).toContain('o&#39;neil&#38;co@example.org');
    expect(html.match(/&#60;img src=x onerror=/g)?.length).toBeGreaterThanOrEqual(5);
  });

  it('loads nothing from anywhere, and runs only its own script', async () => {
    const { html, headers } = await page(await startSimulator());
    expect(headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; style-src 'sha256-\S+'; script-src 'sha256-/,
    );
    expect(html).not.toMatch(/(src|href)=/);
    expect(html).toContain('lang="en-GB"');
  });
});
