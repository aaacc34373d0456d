import { channelRules } from './channels.ts';
import { contentRules } from './content.ts';
import { identityRules } from './identity.ts';
import { objectionRules } from './objections.ts';
import { recipientRules } from './recipients.ts';
import type { Rule } from './rule.ts';
import { scopeRules } from './scope.ts';

/** Every rule there is. Their order means nothing. */
export const allRules: readonly Rule[] = [
  ...scopeRules,
  ...identityRules,
  ...recipientRules,
  ...objectionRules,
  ...channelRules,
  ...contentRules,
];
