import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Patient } from '@medplum/fhirtypes';
import { expect, it } from 'vitest';
import { startHerald, until } from '../support/herald.ts';
import { atRisk, explained, objection, reachable, reason, removing } from '../support/objections.ts';

const dying = fileURLToPath(new URL('dying.ts', import.meta.url));

it('OBJ-8: killed between a removal and the forgetting of earlier versions, it forgets them once it runs again', async () => {
  const herald = await startHerald({ timing: { sweepMs: 100 } });
  try {
    const patient = await reachable(herald, '9991232184', '07700 900194');
    const child = spawn(process.execPath, [dying], {
      env: {
        PATH: process.env.PATH,
        HERALD_DATA_DIR: herald.config.store.dataDir,
        HERALD_PORT: '0',
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(child, 'exit');
    const [url] = await once(createInterface({ input: child.stdout }), 'line');
    const ask = {
      method: 'POST',
      headers: { Authorization: 'Bearer demo-epr', 'Content-Type': 'application/fhir+json' },
    };
    const consent = objection(patient, { parts: [reason, explained, atRisk, removing] });
    await expect(fetch(`${url}/fhir/Consent`, { ...ask, body: JSON.stringify(consent) })).rejects.toThrow();
    expect(await ended).toEqual([null, 'SIGKILL']);

    const history = async () => (await herald.get(`/fhir/${patient}/_history`)).text;
    expect(await history()).toContain('900194');
    await herald.restart();
    // Nobody was answered, and the removal stands all the same.
    expect(((await herald.get(`/fhir/${patient}`)).body as Patient).telecom).toHaveLength(1);
    await until(async () => !(await history()).includes('900194'), 'earlier versions without the number');
  } finally {
    await herald.close();
  }
});
