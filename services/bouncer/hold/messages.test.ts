// Control frames are checked at the edge: whatever is no request or reply is nothing.
import { expect, test } from 'vitest'
import { readReply, readRequest } from './messages.ts'

const options = {
  host: 'irc.test',
  port: 6697,
  transport: 'tls',
  fingerprint: '',
  socks: '',
  certificate: '',
  privateKey: '',
  bindAddress: '',
}
const open = { do: 'open', v: 1, key: 'a-1', options }
const bytes = (value: unknown) => Buffer.from(JSON.stringify(value))

test.each([
  open,
  { do: 'resume', v: 1, key: 'a-1' },
  { do: 'sweep', v: 1, bouncer: 'a', keys: ['a-1'], message: 'gone' },
  { do: 'keep', ms: 1, message: 'gone', partial: '' },
  { do: 'pause' },
])('%j is a request', (request) => {
  expect(readRequest(bytes(request))).toEqual(request)
})

test.each([
  null,
  [],
  'open',
  {},
  { do: 'constructor' },
  { ...open, v: '1' },
  { ...open, key: 1 },
  { ...open, options: null },
  { ...open, options: { ...options, port: 0 } },
  { ...open, options: { ...options, port: 65_536 } },
  { ...open, options: { ...options, transport: 'carrier pigeon' } },
  { ...open, options: { ...options, host: undefined } },
  { do: 'sweep', v: 1, bouncer: 'a', keys: [1], message: 'gone' },
  { do: 'keep', ms: null, message: 'gone', partial: '' },
  { do: 'quit' },
])('%j is no request', (request) => {
  expect(readRequest(bytes(request))).toBeUndefined()
})

test('a reply says why it refuses', () => {
  expect(readReply(bytes({ is: 'refused', reason: 'no', kind: 'certificate' }))).toBeDefined()
  expect(readReply(bytes({ is: 'refused' }))).toBeUndefined()
  expect(readReply(bytes({ is: 'closed' }))).toEqual({ is: 'closed' })
  expect(readReply(bytes({ is: 'closed', reason: 1 }))).toBeUndefined()
  expect(readReply(Buffer.from('{'))).toBeUndefined()
})
