import { connect } from 'node:net';
import { expect, it } from 'vitest';
import { exampleRequest } from '../../src/catalogue/examples.ts';
import { startHerald, until } from '../support/herald.ts';
import { attemptsOf } from '../support/people.ts';

it('contract 1: the service stops although a client holds a connection open in silence, and loses nothing', async () => {
  const herald = await startHerald();
  const { hostname, port } = new URL(herald.url);
  const silent = connect(Number(port), hostname);
  const ended = new Promise<void>((resolve) => silent.once('close', () => resolve()));
  silent.on('error', () => {});
  await new Promise<void>((resolve) => silent.once('connect', () => resolve()));
  const answer = await herald.post('/fhir/CommunicationRequest', exampleRequest('stop-silent'));
  expect(answer.status).toBe(201);
  await herald.restart();
  await ended;
  // A receipt that found the service stopping comes again later, or is asked for after a minute.
  const isCompleted = async () => (await attemptsOf(herald, answer.body.id)).some((one) => one.status === 'completed');
  await until(isCompleted, 'the end of the message', 100_000);
  await herald.close();
}, 130_000);
