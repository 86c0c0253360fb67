// What a network's last words mean for how soon it is tried again.
import { expect, test } from 'vitest'
import { kindOfError } from './ending.ts'

test.each([
  ['Closing link: (fox@host) [K-Lined: spam]', 'banned'],
  ['Closing Link: fox (K-lined)', 'banned'],
  ['Closing link: (fox@host) [G-Lined: proxy]', 'banned'],
  ['Closing Link: 10.0.0.1 (*** Banned)', 'banned'],
  ['You are listed in DNSBL dnsbl.example', 'banned'],
  ['Your host is trying to (re)connect too fast -- throttled', 'throttled'],
  ['Trying to reconnect too fast.', 'throttled'],
  ['Closing link: (fox@host) [Excess Flood]', 'throttled'],
  ['Too many connections from your host', 'throttled'],
  ['Closing link: (fox@host) [Quit: bye]', undefined],
  ['Server shutdown', undefined],
  ['Ping timeout: 120 seconds', undefined],
  ['Closing link: (fox@host) [Killed (oper (begone))]', undefined],
])('ERROR :%s', (text, kind) => {
  expect(kindOfError(text)).toBe(kind)
})
