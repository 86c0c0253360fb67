// SEARCH. https://codeberg.org/emersion/soju/src/branch/master/doc/ext/search.md
import { expect, test } from 'vitest'
import type { IrcClient } from '../../../../test/support/irc-client.ts'
import { startScene } from '../../bouncer.fixture.ts'

const CAPS = ['soju.im/search', 'batch', 'server-time', 'message-tags', 'standard-replies']

/** The texts of an answer, which has to be one batch. */
async function search(client: IrcClient, attributes: string): Promise<string[]> {
  client.send(`SEARCH :${attributes}`)
  const lines = await client.sync()
  const begin = lines[0]
  const reference = begin?.params[0]?.slice(1) ?? ''
  expect(begin?.params.slice(1)).toEqual(['soju.im/search'])
  const inside = lines.slice(
    1,
    lines.findIndex(({ params }) => params[0] === `-${reference}`),
  )
  for (const { tags, command } of inside) {
    expect(tags).toMatchObject({
      batch: reference,
      time: expect.any(String),
      msgid: expect.any(String),
    })
    expect(command).toMatch(/^(PRIVMSG|NOTICE)$/)
  }
  return inside.map(({ params }) => params.at(-1) ?? '')
}

test('what was said is found by words, sender, conversation and time, oldest first', async () => {
  await using scene = await startScene({ channels: ['#den', '#hall'] })
  const { server } = scene
  server.join('#den', 'hare')
  server.join('#hall', 'elk')
  server.say('#den', 'hare', 'the quick brown fox')
  server.say('#hall', 'elk', 'a quick note; and more')
  server.say('fox', 'hare', 'quick and private')
  server.raw(':hare!h@h TOPIC #den :quick topic')
  await scene.settled()
  await using client = await scene.client('desk', CAPS)
  await client.sync()
  expect(await search(client, 'text=QUICK')).toEqual([
    'the quick brown fox',
    'a quick note; and more',
    'quick and private',
  ])
  expect(await search(client, 'text=quick;in=#HALL')).toEqual(['a quick note; and more'])
  expect(await search(client, 'text=note\\:\\sand')).toEqual(['a quick note; and more'])
  expect(await search(client, 'from=hare')).toEqual(['the quick brown fox', 'quick and private'])
  expect(await search(client, 'from=hare;in=hare')).toEqual(['quick and private'])
  expect(await search(client, 'in=#den')).toEqual(['the quick brown fox'])
  expect(await search(client, 'text=quick;limit=1')).toEqual(['quick and private'])
  expect(await search(client, 'text=nothing')).toEqual([])
  expect(await search(client, 'before=2010-01-01T00:00:00.000Z;in=#den')).toEqual([])
  const [stored] = scene.store.messages.latest({
    networkId: scene.network.record.id,
    foldedTarget: '#den',
    limit: 1,
    withEvents: false,
  })
  const time = new Date(stored?.time ?? 0).toISOString()
  for (const words of ['in=#den', 'text=brown']) {
    expect(await search(client, `${words};after=${time};before=${time}`)).toEqual([
      'the quick brown fox',
    ])
  }
})

test('what cannot be understood is refused, and a client without the capability has no SEARCH', async () => {
  await using scene = await startScene()
  await using client = await scene.client('desk', CAPS)
  await client.sync()
  for (const [attributes, parameter] of [
    ['limit=0;text=x', 'limit'],
    ['after=yesterday;text=x', 'after'],
    ['foo=bar', 'text'],
    ['before=2010-01-01T00:00:00.000Z', 'text'],
    [`text=${'x'.repeat(2000)}`, '*'],
  ]) {
    client.send(`SEARCH ${attributes}`)
    expect((await client.expect('FAIL SEARCH INVALID_PARAMS')).params[2]).toBe(parameter)
  }
  await using old = await scene.client('old', ['batch'])
  old.send('SEARCH text=x')
  await old.expect('421')
})

test("the lines of another person's network, and of another network, are never found", async () => {
  await using scene = await startScene({ channels: ['#den'] })
  const other = await scene.addPerson('vixen')
  const foreign = [...other.networks.values()][0]
  const mine = scene.user.addNetwork({ ...scene.network.record, name: 'second', isEnabled: false })
  for (const networkId of [foreign?.record.id ?? 0, mine?.record.id ?? 0]) {
    scene.store.messages.append({
      networkId,
      target: '#den',
      foldedTarget: '#den',
      time: 1,
      kind: 'PRIVMSG',
      source: 'elk!e@e',
      text: 'quick secret',
      isOwn: false,
    })
  }
  scene.store.commitTurn()
  await using client = await scene.client('desk', CAPS)
  await client.sync()
  for (const attributes of ['text=secret', 'from=elk', 'in=#den', 'text=secret;in=#den']) {
    expect(await search(client, attributes)).toEqual([])
  }
})
