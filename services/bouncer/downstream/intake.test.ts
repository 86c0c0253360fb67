import { expect, test } from 'vitest'
import { connect } from '../../../test/support/irc-client.ts'
import { startScene } from '../bouncer.fixture.ts'

const plain = (password: string) => Buffer.from(`\0you\0${password}`).toString('base64')

test('a client may say everything at once: what follows a password waits until it is checked', async () => {
  await using scene = await startScene({})
  await using client = await connect({ port: scene.port })
  client.send(
    ...['CAP LS 302', 'CAP REQ :sasl soju.im/bouncer-networks', 'NICK fox', 'USER fox 0 * Fox'],
    ...['AUTHENTICATE PLAIN', `AUTHENTICATE ${plain('secret')}`, 'CAP END', 'BOUNCER LISTNETWORKS'],
  )
  await client.expect('BOUNCER NETWORK')
  const numerics = client.lines.map(({ command }) => command).filter((each) => /^\d/.test(each))
  expect(numerics.slice(0, 4)).toEqual(['900', '903', '001', '002'])
  expect(numerics).not.toContain('451')
})

test('when that password is wrong, what waited is refused in its turn', async () => {
  await using scene = await startScene({})
  await using client = await connect({ port: scene.port })
  client.send('CAP REQ sasl', 'NICK fox', 'USER fox 0 * Fox')
  client.send('AUTHENTICATE PLAIN', `AUTHENTICATE ${plain('wrong')}`, 'JOIN #den')
  await client.expect('451')
  expect(client.lines.map(({ command }) => command).filter((each) => /^\d/.test(each))).toEqual([
    '904',
    '451',
  ])
})
