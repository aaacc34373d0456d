import type { Database } from '../store/database.ts';
import type { Callbacks } from './callbacks.ts';
import type { SimulatorClock } from './clock.ts';
import type { Faults } from './faults.ts';
import type { Letters } from './letters/letters.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { Limits } from './limits.ts';
import type { Notifications } from './notifications.ts';
import type { ReceivedTexts } from './received-texts.ts';
import type { SavedSettings } from './saved-settings.ts';
import type { Templates } from './templates.ts';
import type { Validate } from './validation.ts';

/** Everything that one running simulator is made of. */
export interface World {
  readonly database: Database;
  readonly clock: SimulatorClock;
  readonly settings: SavedSettings;
  readonly notifications: Notifications;
  readonly letters: Letters;
  readonly templates: Templates;
  readonly receivedTexts: ReceivedTexts;
  readonly limits: Limits;
  readonly faults: Faults;
  readonly callbacks: Callbacks;
  readonly lifecycle: Lifecycle;
  readonly validate: Validate;
}
