import { createSimulator } from './simulator.ts';

/** The simulator alone: `npm run notify-simulator`. The only file of it that reads the environment. */
const env = process.env;
const port = Number(env.SIMULATOR_PORT ?? 8089);
const token = env.SIMULATOR_CALLBACK_TOKEN;
const receiptUrl = env.SIMULATOR_CALLBACK_URL;
const textUrl = env.SIMULATOR_RECEIVED_TEXT_URL;

const fault = wrongSetting();
if (fault !== undefined) {
  process.stderr.write(`${fault}\n`);
  process.exit(78);
}

const simulator = createSimulator({
  data: env.SIMULATOR_DATA ?? ':memory:',
  callbacks: {
    ...(token && receiptUrl && { deliveryReceipt: { url: receiptUrl, token } }),
    ...(token && textUrl && { receivedText: { url: textUrl, token } }),
  },
});
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    simulator.close().then(() => process.exit(0));
  });
}
const url = await simulator.listen(port, env.SIMULATOR_HOST ?? '127.0.0.1');

process.stdout.write(`notify simulator listening on ${url}
  phones and inboxes  ${url}/
  control address     ${url}/control/state
  API key             ${simulator.apiKey}
  text template       ${simulator.templates.sms}
  email template      ${simulator.templates.email}
`);

function wrongSetting(): string | undefined {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) return 'SIMULATOR_PORT must be a port number';
  for (const [name, address] of Object.entries({
    SIMULATOR_CALLBACK_URL: receiptUrl,
    SIMULATOR_RECEIVED_TEXT_URL: textUrl,
  })) {
    if (address === undefined) continue;
    if (!/^https?:\/\//.test(address) || !URL.canParse(address)) return `${name} must be an http address`;
    if (token === undefined || token.length < 10) return 'SIMULATOR_CALLBACK_TOKEN must have 10 characters or more';
  }
  return undefined;
}
