import { defineErrors } from '@lakelens/kernel'

export const errors = defineErrors('metalake/access', {
  CREDENTIALS_MISSING: [
    'UNAUTHENTICATED',
    () =>
      'This needs an API key. Send the header "Authorization: Bearer <key>.<secret>", or Basic with key and secret.',
  ],
  CREDENTIALS_MALFORMED: [
    'UNAUTHENTICATED',
    () =>
      'The Authorization header can not be read. It is "Bearer <key>.<secret>", or "Basic " and the base64 of "<key>:<secret>".',
  ],
  CREDENTIALS_INVALID: [
    'UNAUTHENTICATED',
    () => 'There is no such API key, or its secret is another. Check both, or ask an administrator for a key.',
  ],
  KEY_EXPIRED: [
    'UNAUTHENTICATED',
    (d: { name: string; expiredAt: string }) =>
      `The API key "${d.name}" expired at ${d.expiredAt}. Ask an administrator for a new one.`,
  ],
  KEY_REVOKED: [
    'UNAUTHENTICATED',
    (d: { name: string }) => `The API key "${d.name}" was revoked. Ask an administrator for a new one.`,
  ],
  PERMISSION_MISSING: [
    'FORBIDDEN',
    (d: { name: string; role: string; missing: readonly string[]; roles: readonly string[] }) =>
      `"${d.name}" has the role ${d.role}, which lacks: ${d.missing.join(', ')}. Use a key with the role ${d.roles.join(' or ')}.`,
  ],
  KEY_NAME_INVALID: ['INVALID_INPUT', (d: { reason: string }) => `This is no name for a key: ${d.reason}.`],
  KEY_ROLE_INVALID: [
    'INVALID_INPUT',
    (d: { roles: readonly string[] }) => `A key has one of the roles ${d.roles.join(', ')}.`,
  ],
  KEY_EXPIRY_INVALID: [
    'INVALID_INPUT',
    () => 'A key expires in the future. Give a later time, or none for a key that does not expire.',
  ],
  KEY_NOT_FOUND: ['NOT_FOUND', () => 'There is no such API key. List them with "lakelens keys list".'],
})
