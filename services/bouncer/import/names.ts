// Which names and texts of another bouncer can be taken as they are.

/** Names that can stand in a login `user/network@client`. */
const USER_NAME = /^[A-Za-z0-9._-]{1,30}$/
const NETWORK_NAME = /^[^\s/@:,]{1,50}$/u

export const isUserName = (name: string) => USER_NAME.test(name)

/** A network's name as it can stand in a login. */
export function networkName(name: string): string {
  if (NETWORK_NAME.test(name)) return name
  return name.replace(/[\s/@:,]+/gu, '-').slice(0, 50) || 'network'
}

/** A channel or nick that a conversation can be called by. */
export const isTargetName = (name: string) => /^[^\s,\p{Cc}]{1,200}$/u.test(name)

/** A key of a channel, or none. */
export const isKey = (key: string) => /^[^\s,\p{Cc}]{0,200}$/u.test(key)

/** Whether a text can be part of one line of IRC. */
export const isOneLine = (text: string) => !/[\r\n]/.test(text) && !text.includes('\0')
