// Messages that a page shows after a form was sent: a code in the address names one of a service's sentences.

/** By code. */
export type Messages<Code extends string = string> = Readonly<Record<Code, string>>

/** The sentence for the `m` of an address; undefined for anything else. */
export function messageOf(messages: Messages, query: unknown): string | undefined {
  const code = (query as { m?: unknown } | undefined)?.m
  return typeof code === 'string' && Object.hasOwn(messages, code) ? messages[code] : undefined
}

/** A path of ours, perhaps with a query, where a page shows the message of this code. */
export function withMessage(path: string, code: string): string {
  return `${path}${path.includes('?') ? '&' : '?'}m=${code}`
}
