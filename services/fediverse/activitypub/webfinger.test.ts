// RFC 7033 section 4.2: a resource that is malformed is 400, one that we know nothing of is 404.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Scene } from '../context.fixture.ts'
import { answerWebFinger } from './webfinger.ts'

let scene: Scene

beforeEach(async () => {
  scene = new Scene()
  await scene.user()
})
afterEach(() => scene.end())

const statusOf = (resource: unknown) => {
  const answer = answerWebFinger(scene.context, resource)
  return answer.ok ? 200 : answer.status
}

describe('WebFinger (RFC 7033, 4.2)', () => {
  test.each([
    'acct:you@fuchs.example',
    'ACCT:YOU@FUCHS.EXAMPLE',
    'acct:%79ou@fuchs.example',
    'you@fuchs.example',
    '@you@fuchs.example',
    'https://fuchs.example/you',
    'https://fuchs.example/@you',
  ])('knows %s', (resource) => {
    expect(answerWebFinger(scene.context, resource)).toMatchObject({ ok: true, user: 'you' })
  })

  test.each([
    'acct:nobody@fuchs.example',
    'acct:you@elsewhere.example',
    'https://fuchs.example/nobody',
    'https://elsewhere.example/you',
    'mailto:you@fuchs.example',
    'MAILTO:you@fuchs.example',
    'device:p1.example.com',
    'urn:isbn:0451450523',
    'tel:+4930123456',
    'ftp://[2001:db8::1]/you?x=%20#y',
    'javascript:alert(1)',
  ])('knows nothing of %s: 404', (resource) => {
    expect(statusOf(resource)).toBe(404)
  })

  test.each([
    undefined,
    '',
    ['acct:you@fuchs.example'],
    'you',
    'acct:',
    'acct:you',
    'acct:@fuchs.example',
    'acct:you@fuchs.example@elsewhere.example',
    'acct:you@[',
    'https://',
    'https://[/you',
    '1x:you',
    'mailto:you @fuchs.example',
    'mailto:%zz@fuchs.example',
    'mailto:you@fuchs.example\r\nx: y',
    'mailto:you@fuchs.example\n',
    '://fuchs.example/you',
    `mailto:${'x'.repeat(2_048)}`,
  ])('takes %j for malformed: 400', (resource) => {
    expect(statusOf(resource)).toBe(400)
  })
})
