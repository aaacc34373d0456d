import { createSimulator } from '../src/simulator/simulator.ts';

/**
 * The GOV.UK Notify simulator in a process of its own, for as many texts as a bench can send: no limit that Notify
 * would set is met, and a text is on the phone a tenth of a second after it was taken.
 */
const simulator = createSimulator({
  service: { ratePerMinute: 10_000_000, dailyLimits: { sms: 10_000_000, email: 10_000_000, international_sms: 0 } },
  timings: { sendMs: 50, outcomeMs: 50 },
});
process.once('SIGTERM', () => {
  simulator.close().then(() => process.exit(0));
});
console.log(`listening on ${await simulator.listen()}`);
