// SCRAM-SHA-256: the example of RFC 7677, 3, both of our sides against each other and against another implementation.
import { expect, test } from 'vitest'
import { scramClient, scramServer } from '../../../test/support/scram.ts'
import {
  makeVerifier,
  nobodysVerifier,
  parseClientFirst,
  ScramClient,
  ScramServer,
} from './scram.ts'

const clientNonce = 'rOprNGfwEbeRWgbNEkqO'
const serverNonce = '%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0'
const challenge = `r=${clientNonce}${serverNonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`
const response = `c=biws,r=${clientNonce}${serverNonce},p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=`
const final = 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4='

function first(text: string) {
  const parsed = parseClientFirst(text)
  if (!parsed) throw new Error(`malformed: ${text}`)
  return parsed
}

test('the client of the example in RFC 7677, 3', async () => {
  const client = new ScramClient('user', 'pencil', clientNonce)
  expect(client.first).toBe(`n,,n=user,r=${clientNonce}`)
  expect(await client.respond(challenge)).toBe(response)
  expect(client.isServerTrue(final)).toBe(true)
})

test('the server of the example in RFC 7677, 3', async () => {
  const verifier = await makeVerifier('pencil', {
    salt: Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64'),
  })
  const server = new ScramServer(first(`n,,n=user,r=${clientNonce}`), verifier, serverNonce)
  expect(server.challenge).toBe(challenge)
  expect(server.finish(response)).toEqual({ ok: true, final })
})

test('a wrong password is refused, and so is whatever else of the response was changed', async () => {
  const server = async (password: string) =>
    new ScramServer(
      first(`n,,n=user,r=${clientNonce}`),
      await makeVerifier(password, { salt: Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64') }),
      serverNonce,
    )
  const right = await server('pencil')
  expect((await server('pen')).finish(response)).toEqual({ ok: false, final: 'e=invalid-proof' })
  expect(right.finish(response.replace('biws', 'eSws')).final).toBe('e=channel-bindings-dont-match')
  expect(right.finish(response.replace('$k0', '$k1')).ok).toBe(false)
  expect(right.finish(response.replace('p=dH', 'p=')).final).toBe('e=invalid-proof')
  expect(right.finish('c=biws').ok).toBe(false)
  expect(right.finish('').ok).toBe(false)
})

test('a server that cannot prove that it knows the password is not believed', async () => {
  const client = new ScramClient('user', 'pencil', clientNonce)
  expect(client.isServerTrue(final)).toBe(false) // nothing was answered yet
  await client.respond(challenge)
  expect(client.isServerTrue('v=AAAA')).toBe(false)
  expect(client.isServerTrue('e=invalid-proof')).toBe(false)
})

test.each([
  ['another nonce than ours in front', challenge.replace('rOpr', 'xOpr')],
  ['nothing added to our nonce', challenge.replace(serverNonce, '')],
  ['fewer iterations than RFC 7677, 4 allows', challenge.replace('4096', '4095')],
  ['more iterations than we are willing to do', challenge.replace('4096', '2000000000')],
  ['iterations that are no number', challenge.replace('4096', 'many')],
  ['no salt', challenge.replace('s=W22ZaJ0SNY7soEsUEjb6gQ==', 's=')],
  ['a mandatory extension (RFC 5802, 5.1)', `m=x,${challenge}`],
  ['nothing', ''],
])('a challenge with %s is not answered', async (_, bad) => {
  expect(await new ScramClient('user', 'pencil', clientNonce).respond(bad)).toBeUndefined()
})

test.each([
  ['a channel binding that we do not have', `p=tls-unique,,n=user,r=${clientNonce}`],
  ['a mandatory extension', `n,,m=x,n=user,r=${clientNonce}`],
  ['a name with a bare equals sign', `n,,n=us=er,r=${clientNonce}`],
  ['no name', `n,,n=,r=${clientNonce}`],
  ['no nonce', 'n,,n=user,r='],
  ['too many bytes', `n,,n=${'u'.repeat(5_000)},r=${clientNonce}`],
])('a first message with %s is malformed', (_, bad) => {
  expect(parseClientFirst(bad)).toBeUndefined()
})

test('names are escaped (RFC 5802, 5.1), and the one to act as is told', () => {
  expect(first('y,a=other,n=fox=3Da=2Cb,r=abc')).toMatchObject({
    user: 'fox=a,b',
    authzid: 'other',
  })
  expect(new ScramClient('fox=a,b', '', 'abc').first).toBe('n,,n=fox=3Da=2Cb,r=abc')
})

test('both sides understand another implementation, with a password that needs preparing', async () => {
  const password = 'pa\u00dfw\u00f6rt \u2168, =,'
  const theirs = scramServer(() => password.normalize('NFKC'))
  const client = new ScramClient('fox', password)
  const answer = await client.respond(theirs.step(client.first))
  expect(client.isServerTrue(theirs.step(answer ?? ''))).toBe(true)
  expect(theirs.accepted()).toBe('fox')

  const their = scramClient('fox', password.normalize('NFKC'))
  const server = new ScramServer(first(their('')), await makeVerifier(password))
  const outcome = server.finish(their(server.challenge))
  expect(outcome.ok).toBe(true)
  expect(their(outcome.final)).toBe('')
})

test('the verifier of nobody is always the same for a name, and lets nobody in', async () => {
  const verifier = nobodysVerifier('ghost', 'secret')
  expect(nobodysVerifier('ghost', 'secret')).toEqual(verifier)
  expect(nobodysVerifier('other', 'secret').salt).not.toBe(verifier.salt)
  const client = new ScramClient('ghost', 'secret')
  const server = new ScramServer(first(client.first), verifier)
  expect(server.finish((await client.respond(server.challenge)) ?? '').ok).toBe(false)
})
