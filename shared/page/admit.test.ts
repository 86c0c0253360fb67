import type { FastifyRequest } from 'fastify'
import { expect, test } from 'vitest'
import { admitForm } from './admit.ts'
import { STALE_FORM } from './cookie.ts'
import { makePageSite } from './site.ts'

const site = makePageSite('https://den.test', { name: 'fuchsbau', version: '0' }, '')
const fox = { csrf: 'token', name: 'fox' }
const origin = 'https://den.test'

test.each([
  [
    'from another site',
    { origin: 'https://evil.test' },
    fox,
    'csrf=token',
    'This form was not sent from https://den.test.',
  ],
  [
    'from a page without an origin',
    { origin: 'null' },
    fox,
    'csrf=token',
    'This form was not sent from',
  ],
  [
    'from another site, without Origin',
    { 'sec-fetch-site': 'cross-site' },
    fox,
    'csrf=token',
    'This form was not sent from',
  ],
  ['of nobody', { origin }, undefined, 'csrf=token', 'You are logged out.'],
  ['with the token of another session', { origin }, fox, 'csrf=other', STALE_FORM],
  ['without a token', { origin }, fox, 'name=x', STALE_FORM],
])('a form %s is not taken', (_, headers, session, body, why) => {
  const request = { headers, body: new URLSearchParams(body) } as unknown as FastifyRequest
  const admitted = admitForm(request, { site, sessions: { find: () => session } })
  expect(admitted).toEqual({ ok: false, why: expect.stringContaining(why) })
})

test('a form of a page of ours, of somebody who is logged in, with her token, is taken', () => {
  const body = new URLSearchParams('csrf=token&name=x')
  const request = { headers: { origin }, body } as unknown as FastifyRequest
  const admitted = admitForm(request, { site, sessions: { find: () => fox } })
  expect(admitted).toEqual({ ok: true, session: fox, fields: body })
})
