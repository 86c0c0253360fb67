// Messages that a page shows after a form was sent: a code in the address names one of these sentences.

const messages = {
  deleted: 'Deleted.',
  out: 'You are logged out.',
  revoked: 'Revoked. It is no good any more from now on.',
  ended: 'Your other sessions have ended.',
} as const
export type MessageCode = keyof typeof messages

/** The sentence for the `m` of an address; undefined for anything else. */
export function messageOf(query: unknown): string | undefined {
  const code = (query as { m?: unknown } | undefined)?.m
  return typeof code === 'string' && Object.hasOwn(messages, code)
    ? messages[code as MessageCode]
    : undefined
}
