// Which URLs may stand in a link of ours: one list for what people write and for what peers send.

/** Schemes as Mastodon shows them, and mail and chat. No `javascript:`, `data:`, `file:`. */
const schemes = [
  ...['https', 'http', 'mailto', 'xmpp', 'gemini', 'gopher', 'magnet', 'irc', 'ircs', 'matrix'],
  ...['dat', 'dweb', 'ipfs', 'ipns', 'ssb', 'sftp', 'ftp'],
]

const safe = new RegExp(`^(?:https?://[^\\s/\\\\]|(?:${schemes.slice(2).join('|')}):[^\\s])`, 'i')

export const MAX_LINK_CHARS = 4096

/**
 * Whether `url` is absolute and of an allowed scheme. What browsers strip before they look at the scheme
 * (control characters, tab, newline: https://url.spec.whatwg.org/#concept-basic-url-parser) makes it unsafe.
 */
export function isSafeLink(url: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  return url.length <= MAX_LINK_CHARS && safe.test(url) && !/[\x00-\x1f\x7f]/.test(url)
}
