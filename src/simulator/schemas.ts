/** Notify's request schemas (draft 7). `validationMessage` replaces the validator's own words. */

const uuid = { type: 'string', format: 'uuid', validationMessage: 'is not a valid UUID' };
const reference = { type: 'string', maxLength: 1000 };
const personalisation = { type: 'object' };
const scheduledFor = { type: ['string', 'null'], format: 'within_next_day' };

/** The order of `properties` is the order of the errors. */
export const schemas = {
  sms: {
    type: 'object',
    properties: {
      reference,
      phone_number: { type: 'string', format: 'phone_number' },
      template_id: uuid,
      personalisation,
      scheduled_for: scheduledFor,
      sms_sender_id: uuid,
    },
    required: ['phone_number', 'template_id'],
    additionalProperties: false,
  },
  email: {
    type: 'object',
    properties: {
      reference,
      email_address: { type: 'string', format: 'email_address' },
      template_id: uuid,
      personalisation,
      scheduled_for: scheduledFor,
      email_reply_to_id: uuid,
      one_click_unsubscribe_url: {
        type: 'string',
        format: 'url',
        pattern: '^https.*',
        validationMessage: 'is not a valid https url',
      },
      sanitise_content_for: { type: ['array', 'null'] },
    },
    required: ['email_address', 'template_id'],
    additionalProperties: false,
  },
  letter: {
    type: 'object',
    properties: { reference, template_id: uuid, personalisation },
    required: ['template_id', 'personalisation'],
    additionalProperties: false,
  },
  precompiledLetter: {
    type: 'object',
    properties: {
      reference: { type: 'string' },
      content: { type: 'string' },
      postage: { type: 'string', format: 'postage' },
    },
    required: ['reference', 'content'],
    additionalProperties: false,
  },
  file: {
    type: 'object',
    properties: {
      file: { type: 'string' },
      is_csv: { format: 'is_csv' },
      confirm_email_before_download: { format: 'confirm_email_before_download' },
      retention_period: { format: 'retention_period' },
      filename: { format: 'filename' },
    },
    additionalProperties: false,
    allOf: [
      {
        anyOf: [{ not: { required: ['is_csv'] } }, { not: { required: ['filename'] } }],
        validationMessage: 'Do not set a value for `is_csv` if `filename` is set.',
      },
    ],
  },
  notificationId: { type: 'object', properties: { notification_id: uuid }, required: ['notification_id'] },
  notificationList: {
    type: 'object',
    properties: {
      reference: { type: 'string' },
      status: {
        type: 'array',
        items: {
          enum: [
            'cancelled',
            'created',
            'sending',
            'sent',
            'delivered',
            'pending',
            'failed',
            'technical-failure',
            'temporary-failure',
            'permanent-failure',
            'pending-virus-check',
            'validation-failed',
            'virus-scan-failed',
            'returned-letter',
            'accepted',
            'received',
          ],
        },
      },
      template_type: { type: 'array', items: { enum: ['sms', 'email', 'letter'] } },
      include_jobs: { enum: ['true', 'True'] },
      older_than: uuid,
    },
    additionalProperties: false,
  },
  templateId: { type: 'object', properties: { id: uuid }, required: ['id'] },
  templateList: {
    type: 'object',
    properties: { type: { enum: ['sms', 'email', 'letter'] } },
    additionalProperties: false,
  },
  preview: { type: 'object', properties: { id: uuid, personalisation }, required: ['id'] },
  receivedTexts: { type: 'object', properties: { older_than: uuid }, additionalProperties: false },
} as const;

export type SchemaName = keyof typeof schemas;
