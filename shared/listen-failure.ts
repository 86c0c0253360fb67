// Why a server cannot listen, in the operator's words.
import type { Address } from './setting.ts'

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens there already',
  EACCES: 'this port is not allowed to this user',
  EADDRNOTAVAIL: 'this machine does not have that address',
  ENOTFOUND: 'there is no such host',
}

/** `purpose`: what is served there, such as IRC. */
export function cannotListen(
  purpose: string,
  { host, port }: Address,
  error: NodeJS.ErrnoException,
): Error {
  const reason = REASONS[error.code ?? ''] ?? error.message
  const shown = host.includes(':') ? `[${host}]` : host
  return new Error(`cannot listen for ${purpose} on ${shown}:${port}: ${reason} (${error.code})`, {
    cause: error,
  })
}
