import { join } from 'node:path';
import type { Simulator } from '../simulator/simulator.ts';
import { createSimulator } from '../simulator/simulator.ts';

/**
 * The simulator beside the service, keeping what it was sent with the service's own data. Its callbacks come to the
 * service as Notify's would.
 */
export async function startSimulator(
  dataDir: string,
  callbackUrl: string,
  token: string,
  port: number,
): Promise<Simulator> {
  const simulator = createSimulator({ data: join(dataDir, 'simulator.sqlite') });
  await simulator.control.setCallbacks({
    deliveryReceipt: { url: `${callbackUrl}/delivery-receipt`, token },
    receivedText: { url: `${callbackUrl}/received-text`, token },
    returnedLetter: { url: `${callbackUrl}/returned-letter`, token },
  });
  await simulator.listen(port).catch((error: NodeJS.ErrnoException) => {
    // The usual port is only a convenience; any other does.
    if (error.code !== 'EADDRINUSE') throw error;
    return simulator.listen(0);
  });
  return simulator;
}
