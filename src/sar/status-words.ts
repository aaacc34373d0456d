import type { Communication, CommunicationRequest } from '@medplum/fhirtypes';

/** What became of a message, as the person reads it. `completed` without `received` left us and may have arrived. */
export function messageStatus({ status, received }: Communication, direction: 'outbound' | 'inbound'): string {
  switch (status) {
    case 'preparation':
      return 'Being prepared';
    case 'in-progress':
      return 'Sent; not yet known whether it arrived';
    case 'completed':
      if (direction === 'inbound') return 'Received';
      return received === undefined ? 'Sent' : 'Delivered';
    case 'stopped':
      return 'Sent, but not delivered';
    case 'not-done':
      return 'Not sent';
    case 'unknown':
      return 'Sent; never known whether it arrived';
    case 'entered-in-error':
      return 'Marked as a mistake';
    case 'on-hold':
      return 'Waiting';
    default:
      return status ?? 'Not known';
  }
}

/** What became of a request for a message. */
export function requestStatus({ status }: CommunicationRequest): string {
  switch (status) {
    case 'draft':
      return 'Drafted';
    case 'active':
      return 'Asked for; not sent yet';
    case 'on-hold':
      return 'Waiting for somebody to decide';
    case 'revoked':
      return 'Cancelled';
    case 'completed':
      return 'Done';
    case 'entered-in-error':
      return 'Marked as a mistake';
    default:
      return status ?? 'Not known';
  }
}
