// CTCP inside of PRIVMSG and NOTICE (https://modern.ircdocs.horse/ctcp).

export interface Ctcp {
  /** Upper case. */
  readonly command: string
  /** Behind the command and its space; '' if there is none. */
  readonly text: string
}

const DELIMITER = '\x01'

/** What the text of a message says in CTCP; undefined if it is plain text. The closing delimiter may be missing. */
export function parseCtcp(text: string): Ctcp | undefined {
  if (!text.startsWith(DELIMITER)) return undefined
  const end = text.indexOf(DELIMITER, 1)
  const body = text.slice(1, end < 0 ? text.length : end)
  const space = body.indexOf(' ')
  const command = (space < 0 ? body : body.slice(0, space)).toUpperCase()
  return command === '' ? undefined : { command, text: space < 0 ? '' : body.slice(space + 1) }
}

/** A CTCP message as text of PRIVMSG (question) or NOTICE (answer); delimiters inside are dropped. */
export function formatCtcp(command: string, text = ''): string {
  const body = text === '' ? command : `${command} ${text}`
  return `${DELIMITER}${body.replaceAll(DELIMITER, '')}${DELIMITER}`
}

/** Whether it is `/me`: conversation, unlike all other CTCP. */
export function isAction(text: string): boolean {
  return text.startsWith(DELIMITER) && parseCtcp(text)?.command === 'ACTION'
}
