import { NotifyClient } from 'notifications-node-client';
import { apiKeys, serviceId } from '../../src/simulator/settings.ts';

/** The official client, with the live key of the simulator beside a service. */
export function clientAt({ simulatorUrl }: { readonly simulatorUrl: string }): NotifyClient {
  return new NotifyClient(simulatorUrl, `live-${serviceId}-${apiKeys.normal.secret}`);
}
