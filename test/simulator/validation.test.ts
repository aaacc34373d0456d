import { describe, expect, it } from 'vitest';
import { errorsOf, raw, startSimulator } from './support.ts';

const id = '3f6d1c9a-7b42-4e58-8d0f-2a9c5e7b1d34';
const sms = { phone_number: '07700900123', template_id: id, personalisation: { body: 'x' } };
const email = { email_address: 'pat@example.org', template_id: id };
const invalidNumber = 'phone_number Number is not valid – double check the phone number you entered';
const inHours = (hours: number): string => new Date(Date.now() + hours * 3_600_000).toISOString();

describe('3.3: the words and order of schema errors', () => {
  it.each<[string, unknown, string[]]>([
    ['nothing', {}, ['phone_number is a required property', 'template_id is a required property']],
    ['null counts as nothing', 'null', ['phone_number is a required property', 'template_id is a required property']],
    ['an empty list too', '[]', ['phone_number is a required property', 'template_id is a required property']],
    ['a list', '["a"]', ['[a] is not of type object']],
    ['a number', '5', ['5 is not of type object']],
    ['text', '"x"', ['x is not of type object']],
    ['a template id that is none', { ...sms, template_id: 'x' }, ['template_id is not a valid UUID']],
    ['a null template id', { ...sms, template_id: null }, ['template_id is not a valid UUID']],
    ['white space around it', { ...sms, template_id: ` ${id}` }, ['template_id is not a valid UUID']],
    [
      'values that are no object',
      { ...sms, personalisation: 'not_a_dict' },
      ['personalisation not_a_dict is not of type object'],
    ],
    [
      'values in a list',
      { ...sms, personalisation: ['a', true, null] },
      ['personalisation [a, True, None] is not of type object'],
    ],
    ['null values', { ...sms, personalisation: null }, ['personalisation None is not of type object']],
    ['a null reference', { ...sms, reference: null }, ['reference None is not of type string']],
    ['a long reference', { ...sms, reference: 'r'.repeat(1001) }, [`reference ${'r'.repeat(1001)} is too long`]],
    ['one extra', { ...sms, foo: 1 }, ['Additional properties are not allowed (foo was unexpected)']],
    [
      'several extras',
      { ...sms, foo: 1, bar: 2 },
      ['Additional properties are not allowed (bar, foo were unexpected)'],
    ],
    ['a time of another type', { ...sms, scheduled_for: 4 }, ['scheduled_for 4 is not of type string, null']],
    ['a time past', { ...sms, scheduled_for: inHours(-1) }, ['scheduled_for datetime can not be in the past']],
    [
      'a time too far',
      { ...sms, scheduled_for: inHours(25) },
      ['scheduled_for datetime can only be 24 hours in the future'],
    ],
    [
      'no time',
      { ...sms, scheduled_for: 'soon' },
      [
        'scheduled_for datetime format is invalid. It must be a valid ISO8601 date time format, https://en.wikipedia.org/wiki/ISO_8601',
      ],
    ],
    ['a number that is none', { ...sms, phone_number: '0790090012' }, [invalidNumber]],
    ['a short number', { ...sms, phone_number: '999' }, ['phone_number Not enough digits']],
    ['letters in it', { ...sms, phone_number: 'O7700900123' }, ['phone_number Must not contain letters or symbols']],
    ['a number as a number', { ...sms, phone_number: 7 }, ['phone_number 7 is not of type string']],
    ['a null sender', { ...sms, sms_sender_id: null }, ['sms_sender_id is not a valid UUID']],
    [
      'everything at once: properties in the schema’s order, then missing, then extra',
      { zebra: 1, template_id: 1, reference: {}, personalisation: 1 },
      [
        'reference {} is not of type string',
        'template_id is not a valid UUID',
        'personalisation 1 is not of type object',
        'phone_number is a required property',
        'Additional properties are not allowed (zebra was unexpected)',
      ],
    ],
  ])('sms: %s', async (_, body, messages) => {
    const simulator = await startSimulator();
    const reply = await raw(simulator, 'POST', '/v2/notifications/sms', body);
    expect(reply.status).toBe(400);
    expect(errorsOf(reply)).toEqual(messages.map((message) => `ValidationError: ${message}`));
    expect(simulator.control.ledger().messages).toEqual([]);
  });

  it.each<[string, object, string[]]>([
    ['an address that is none', { ...email, email_address: 'pat' }, ['email_address Not a valid email address']],
    [
      'an http link',
      { ...email, one_click_unsubscribe_url: 'http://x' },
      ['one_click_unsubscribe_url is not a valid https url'],
    ],
    ['no link', { ...email, one_click_unsubscribe_url: null }, ['one_click_unsubscribe_url is not a valid https url']],
    [
      'a list that is none',
      { ...email, sanitise_content_for: 'x' },
      ['sanitise_content_for x is not of type array, null'],
    ],
    [
      'a field of texts',
      { ...email, phone_number: '1' },
      ['Additional properties are not allowed (phone_number was unexpected)'],
    ],
  ])('email: %s', async (_, body, messages) => {
    const simulator = await startSimulator();
    const reply = await raw(simulator, 'POST', '/v2/notifications/email', body);
    expect(errorsOf(reply)).toEqual(messages.map((message) => `ValidationError: ${message}`));
  });

  it.each([
    ['/v2/notifications/x', ['notification_id is not a valid UUID']],
    ['/v2/notifications?page=2', ['Additional properties are not allowed (page was unexpected)']],
    ['/v2/notifications?older_than=x', ['older_than is not a valid UUID']],
    ['/v2/notifications?include_jobs=yes', ['include_jobs yes is not one of [true, True]']],
    [
      '/v2/notifications?status=elephant&status=giraffe&status=created',
      ['elephant', 'giraffe'].map(
        (word) =>
          `status ${word} is not one of [cancelled, created, sending, sent, delivered, pending, failed, technical-failure, temporary-failure, permanent-failure, pending-virus-check, validation-failed, virus-scan-failed, returned-letter, accepted, received]`,
      ),
    ],
    ['/v2/notifications?template_type=coconut', ['template_type coconut is not one of [sms, email, letter]']],
    ['/v2/templates?type=coconut', ['type coconut is not one of [sms, email, letter]']],
    ['/v2/template/x', ['id is not a valid UUID']],
    ['/v2/received-text-messages?older_than=1', ['older_than is not a valid UUID']],
  ])('GET %s', async (path, messages) => {
    const simulator = await startSimulator();
    const reply = await raw(simulator, 'GET', path);
    expect(reply.status).toBe(400);
    expect(errorsOf(reply)).toEqual(messages.map((message) => `ValidationError: ${message}`));
  });

  it.each([`{${id}}`, `urn:uuid:${id}`, id.toUpperCase(), id.replaceAll('-', '')])('%s is a UUID', async (form) => {
    const simulator = await startSimulator();
    const reply = await raw(simulator, 'POST', '/v2/notifications/sms', { ...sms, template_id: form });
    expect(reply.status).toBe(201);
  });

  it('an empty reference and a time within the day are allowed; the time is dropped', async () => {
    const simulator = await startSimulator();
    const body = { ...sms, reference: '', scheduled_for: inHours(2) };
    const reply = await raw(simulator, 'POST', '/v2/notifications/sms', body);
    expect(reply).toMatchObject({ status: 201, body: { reference: '', scheduled_for: null } });
  });

  it('9.5: files are checked by their own schema', async () => {
    const simulator = await startSimulator();
    const send = (file: object) =>
      raw(simulator, 'POST', '/v2/notifications/email', {
        ...email,
        template_id: simulator.templates.email,
        personalisation: { subject: 's', body: file },
      }).then(errorsOf);
    const content = 'YSxi';
    expect(await send({ file: false })).toEqual(['ValidationError: file False is not of type string']);
    expect(
      await send({ file: content, retention_period: '79 weeks', filename: 'x', confirm_email_before_download: 'y' }),
    ).toEqual([
      'ValidationError: confirm_email_before_download Unsupported value for confirm_email_before_download: y. Use a boolean true or false value.',
      'ValidationError: retention_period Unsupported value for retention_period: 79 weeks. Supported periods are from 1 to 78 weeks.',
      'ValidationError: filename `filename` must end with a file extension. For example, filename.csv',
    ]);
    expect(await send({ file: content, is_csv: true, filename: 'x.csv' })).toEqual([
      'ValidationError: Do not set a value for `is_csv` if `filename` is set.',
    ]);
    expect(await send({ file: '' })).toEqual(['BadRequestError: Document must not be empty']);
    expect(await send({ file: 'a' + '*' })).toEqual(['BadRequestError: Document is not base64 encoded']);
    expect(await send({ file: content, filename: 'x.exe' })).toEqual([
      expect.stringMatching(/^BadRequestError: Unsupported file type 'exe'\. Supported types are: '\.csv', '\.doc'/),
    ]);
  });
});
