// The two codes of a login from a terminal: a long one that the terminal asks by, and a short one that a person types.
// https://www.rfc-editor.org/rfc/rfc8628#section-6.1
import { createHash, randomBytes, randomInt } from 'node:crypto'

/** No vowels: no words come of it, and nothing looks like a digit. */
const LETTERS = 'BCDFGHJKLMNPQRSTVWXZ'
/** 34 bits, for ten minutes, with a brake on guessing. */
const LENGTH = 8

export function makeDeviceCode(): string {
  return randomBytes(32).toString('base64url')
}

export function makeUserCode(): string {
  return Array.from({ length: LENGTH }, () => LETTERS[randomInt(LETTERS.length)]).join('')
}

/** As people type it: small letters, with or without a hyphen or spaces. Undefined when it cannot be one. */
export function readUserCode(text: string): string | undefined {
  const code = text.slice(0, 50).toUpperCase().replaceAll(/[\s-]/g, '')
  const isCode = code.length === LENGTH && [...code].every((letter) => LETTERS.includes(letter))
  return isCode ? code : undefined
}

/** `BCDF-GHJK`. */
export function formatUserCode(code: string): string {
  return `${code.slice(0, LENGTH / 2)}-${code.slice(LENGTH / 2)}`
}

/** What is kept of either. */
export function hashCode(code: string): string {
  return createHash('sha256').update(`device ${code}`).digest('hex')
}
