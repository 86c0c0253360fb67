// The path of the control socket. A socket's path is at most 107 bytes, a data directory's may be longer: the socket
// is reached through an open descriptor of the directory.

import { chmodSync, closeSync, existsSync, lstatSync, openSync, rmSync } from 'node:fs'
import { join } from 'node:path'

const NAME = 'control.sock'
const MAX_SOCKET_PATH = 100

/** The path to connect or to listen to; valid until closed. */
export function controlSocket(directory: string): { path: string; close(): void } {
  const path = join(directory, NAME)
  if (Buffer.byteLength(path) <= MAX_SOCKET_PATH || !existsSync(directory))
    return { path, close: () => {} }
  const descriptor = openSync(directory, 'r')
  return {
    path: `/proc/self/fd/${descriptor}/${NAME}`,
    close: () => closeSync(descriptor),
  }
}

/** For the owner of the process alone, whatever the umask. */
export function makePrivate(path: string): void {
  chmodSync(path, 0o600)
}

/** Removes the socket that a killed process left. Only for the holder of the lock. */
export function removeStaleSocket(directory: string): void {
  rmSync(join(directory, NAME), { force: true })
}

/** Whether there is a socket at this path, and not something else. */
export function isSocket(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSocket() === true
}

/** Removes a socket that nobody listens on. */
export function removeSocket(path: string): void {
  rmSync(path, { force: true })
}
