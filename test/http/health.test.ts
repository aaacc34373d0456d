import { describe, expect, it } from 'vitest';
import { createMetrics } from '../../src/metrics.ts';
import { aPatient, startApp } from '../support/app.ts';

describe('contract 1: /livez, /readyz and /metrics need no token', () => {
  it('/livez answers while the loop turns', async () => {
    const herald = startApp({ health: () => Promise.reject(new Error('down')) });
    expect((await herald.nobody('get', '/livez')).status).toBe(200);
  });

  it('/readyz says that it is ready, and what must be known', async () => {
    const answer = await startApp({ notices: ['The simulator is in use.'] }).nobody('get', '/readyz');
    expect([answer.status, answer.body]).toEqual([
      200,
      { status: 'ready', failing: [], checks: { store: 'ready' }, notices: ['The simulator is in use.'] },
    ]);
  });

  it('/readyz says which dependency fails', async () => {
    const herald = startApp({
      health: async () => ({ store: { kind: 'ready' }, provider: { kind: 'not-ready', code: 'no-template' } }),
    });
    const answer = await herald.nobody('get', '/readyz');
    expect([answer.status, answer.body.failing, answer.body.checks.provider]).toEqual([
      503,
      ['provider'],
      'no-template',
    ]);
  });

  it('/readyz is 503 when nobody could be asked, and says nothing of the error', async () => {
    const answer = await startApp({ health: () => Promise.reject(new Error('Zebedee')) }).nobody('get', '/readyz');
    expect([answer.status, answer.body.failing]).toEqual([503, ['health-check']]);
    expect(answer.text).not.toContain('Zebedee');
  });

  it('/metrics counts by route, and holds no id and no address', async () => {
    const herald = startApp();
    const made = await herald.as('epr', 'post', '/fhir/Patient').send(aPatient());
    await herald.as('epr', 'get', `/fhir/Patient/${made.body.id}`);
    await herald.as('epr', 'get', '/fhir/Patient?family=Marlowe');
    await herald.as('epr', 'get', '/fhir/9990000018');
    const answer = await herald.nobody('get', '/metrics');
    expect(answer.headers['content-type']).toMatch(/^text\/plain/);
    expect(answer.text).toContain('herald_http_requests_total{method="GET",route="/fhir/Patient/:id",status="200"} 1');
    expect(answer.text).toContain('route="unmatched",status="404"');
    expect(answer.text).toMatch(/herald_build_info\{version="0\.0\.0",node="\d+/);
    for (const personal of [made.body.id, 'Marlowe', '9990000018']) expect(answer.text).not.toContain(personal);
  });
});

describe('the metrics of the sending side', () => {
  it('counts messages, decisions and callbacks, and asks for the queue at each scrape', async () => {
    const metrics = createMetrics({ version: '1.2.3' });
    let waiting = 3;
    metrics.watchQueues(async () => [{ queue: 'dispatch', waiting, claimed: 1, dead: 0, oldestDueSeconds: 2 }]);
    metrics.message('accepted', 'sms');
    metrics.decision('hold');
    metrics.callback('delivery-receipt', 'stored');
    expect((await metrics.expose()).text).toContain('herald_queue_jobs{queue="dispatch",state="waiting"} 3');
    waiting = 0;
    const { text } = await metrics.expose();
    expect(text).toContain('herald_queue_jobs{queue="dispatch",state="waiting"} 0');
    expect(text).toContain('herald_queue_oldest_due_seconds{queue="dispatch"} 2');
    expect(text).toContain('herald_messages_total{outcome="accepted",channel="sms"} 1');
    expect(text).toContain('herald_decisions_total{kind="hold"} 1');
    expect(text).toContain('herald_callbacks_total{kind="delivery-receipt",outcome="stored"} 1');
  });

  it('a queue that cannot be read leaves no old figure behind', async () => {
    const metrics = createMetrics({ version: '1.2.3' });
    let fails = false;
    metrics.watchQueues(async () => {
      if (fails) throw new Error('locked');
      return [{ queue: 'dispatch', waiting: 3, claimed: 0, dead: 0, oldestDueSeconds: 0 }];
    });
    await metrics.expose();
    fails = true;
    const { text } = await metrics.expose();
    expect(text).not.toContain('herald_queue_jobs{');
    expect(text).toContain('herald_queue_stats_errors_total 1');
  });
});
