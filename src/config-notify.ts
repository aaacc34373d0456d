import { hostOf, type Input, isLoopback, urlOf, wholeNumber } from './config-values.ts';

/** Who carries the messages: GOV.UK Notify, or its simulator (contract 1). */
export type NotifyConfig =
  | {
      readonly kind: 'simulator';
      /** Absent: one is generated. */
      readonly callbackToken?: string;
      readonly quietSeconds: number;
    }
  | {
      readonly kind: 'govuk';
      readonly apiKey: string;
      readonly url: string;
      readonly callbackToken: string;
      /** Seconds after which a call that Notify does not know by its reference was certainly not accepted. */
      readonly quietSeconds: number;
    };

/**
 * What the environment says of GOV.UK Notify, or of the simulator in its place; `store` is the kind of record beside it,
 * since the simulator stands beside the embedded one alone ("Never by accident"). Faults go to `input.fault`.
 */
export function readNotify(input: Input, store: 'embedded' | 'remote'): NotifyConfig {
  const { given, fault } = input;
  const apiKey = given('GOVUK_NOTIFY_API_KEY');
  const url = urlOf('GOVUK_NOTIFY_URL', input);
  const callbackToken = given('GOVUK_NOTIFY_CALLBACK_TOKEN');
  const quietSeconds = wholeNumber('GOVUK_NOTIFY_QUIET_SECONDS', { least: 1, most: 600, otherwise: 120 }, input);
  if (callbackToken !== undefined && !/^[A-Za-z0-9._~+/-]{10,}=*$/.test(callbackToken)) {
    fault(
      'GOVUK_NOTIFY_CALLBACK_TOKEN',
      'it is shorter than 10 characters, or has one that a bearer token cannot carry',
      'Use letters, digits and - . _ ~ + / alone.',
    );
  }
  if (apiKey === undefined && given('GOVUK_NOTIFY_URL') === undefined && store === 'embedded') {
    return { kind: 'simulator', ...(callbackToken === undefined ? {} : { callbackToken }), quietSeconds };
  }

  const why = 'it is missing, and the simulator stands in only where neither a key, a URL nor another store is given';
  if (apiKey === undefined) fault('GOVUK_NOTIFY_API_KEY', why, "Give the key that GOV.UK Notify's settings made.");
  else if (!apiKeyShape.test(apiKey)) {
    fault('GOVUK_NOTIFY_API_KEY', 'it does not have the shape NAME-UUID-UUID', 'Copy the whole key from Notify.');
  }
  if (given('GOVUK_NOTIFY_URL') === undefined) {
    fault('GOVUK_NOTIFY_URL', why, 'Give https://api.notifications.service.gov.uk.');
  }
  if (callbackToken === undefined) {
    fault('GOVUK_NOTIFY_CALLBACK_TOKEN', why, "Give the bearer token set in Notify's callback settings.");
  }
  if (quietSeconds < 120 && url !== undefined && !isLoopback(hostOf(url))) {
    fault(
      'GOVUK_NOTIFY_QUIET_SECONDS',
      'below 120 seconds a message that Notify did accept could be sent again',
      'Give 120 or more, or leave it out.',
    );
  }
  return { kind: 'govuk', apiKey: apiKey ?? '', url: url ?? '', callbackToken: callbackToken ?? '', quietSeconds };
}

/** Notify's own form: the key's name, the service's id, the secret. */
const apiKeyShape = /^[^\r\n]+-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
