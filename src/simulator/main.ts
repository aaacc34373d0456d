import { createSimulator } from './simulator.ts';

/** The simulator alone: `npm run notify-simulator`. The only file of it that reads the environment. */
const env = process.env;
const port = Number(env.SIMULATOR_PORT ?? 8089);
const token = env.SIMULATOR_CALLBACK_TOKEN;
const callbackUrls = {
  deliveryReceipt: ['SIMULATOR_CALLBACK_URL', env.SIMULATOR_CALLBACK_URL],
  receivedText: ['SIMULATOR_RECEIVED_TEXT_URL', env.SIMULATOR_RECEIVED_TEXT_URL],
  returnedLetter: ['SIMULATOR_RETURNED_LETTER_URL', env.SIMULATOR_RETURNED_LETTER_URL],
} as const;
const names = { deliveryReceipt: 'receipts', receivedText: 'received texts', returnedLetter: 'returned letters' };

const fault = wrongSetting();
if (fault !== undefined) {
  process.stderr.write(`${fault}\n`);
  process.exit(78);
}

const target = (url: string | undefined) => (token && url ? { url, token } : undefined);
const simulator = createSimulator({
  data: env.SIMULATOR_DATA ?? ':memory:',
  callbacks: {
    deliveryReceipt: target(callbackUrls.deliveryReceipt[1]),
    receivedText: target(callbackUrls.receivedText[1]),
    returnedLetter: target(callbackUrls.returnedLetter[1]),
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
  team key            ${simulator.keys.team}
  test key            ${simulator.keys.test}
${callbackLines()}
  text template       ${simulator.templates.sms}
  email template      ${simulator.templates.email}
  letter template     ${simulator.templates.letter}

Send a text, and see it on the page (a token is good for half a minute, so a fresh one is fetched):

  curl -H "Authorization: Bearer $(curl -s ${url}/control/token)" \\
    -d '{"phone_number":"07700 900123","template_id":"${simulator.templates.sms}","personalisation":{"body":"Hello"}}' \\
    ${url}/v2/notifications/sms
`);

/** Where callbacks go: as the file has it, which may have been changed since by the control address. */
function callbackLines(): string {
  const { callbacks } = simulator.control.state();
  const lines = (['deliveryReceipt', 'receivedText', 'returnedLetter'] as const).map((kind) => {
    const where =
      callbacks[kind] ?? `nowhere (${callbackUrls[kind][0]} and SIMULATOR_CALLBACK_TOKEN, or PUT /control/callbacks)`;
    return `  ${names[kind].padEnd(18)}  ${where}`;
  });
  return lines.join('\n');
}

function wrongSetting(): string | undefined {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) return 'SIMULATOR_PORT must be a port number';
  for (const [name, address] of Object.values(callbackUrls)) {
    if (address === undefined) continue;
    if (!/^https?:\/\//.test(address) || !URL.canParse(address)) return `${name} must be an http address`;
    if (token === undefined || token.length < 10) return 'SIMULATOR_CALLBACK_TOKEN must have 10 characters or more';
  }
  return undefined;
}
