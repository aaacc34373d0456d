import { channelRules } from './channels.ts';
import { contentRules } from './content.ts';
import { emergencyRules } from './emergency.ts';
import { identityRules } from './identity.ts';
import { objectionRules } from './objections.ts';
import { overrideRules } from './overrides.ts';
import { preferenceRules } from './preferences.ts';
import { proxyRules } from './proxies.ts';
import { quietHoursRules } from './quiet-hours.ts';
import { recipientRules } from './recipients.ts';
import type { Rule } from './rule.ts';
import { scopeRules } from './scope.ts';
import { wordingRules } from './wording.ts';

/** Every rule there is. Their order means nothing. */
export const allRules: readonly Rule[] = [
  ...scopeRules,
  ...identityRules,
  ...recipientRules,
  ...proxyRules,
  ...objectionRules,
  ...overrideRules,
  ...emergencyRules,
  ...channelRules,
  ...preferenceRules,
  ...quietHoursRules,
  ...contentRules,
  ...wordingRules,
];
