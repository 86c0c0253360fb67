// Users of one server among themselves, and custom emoji: nothing here needs another server.
import { execFileSync } from 'node:child_process'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Fuchsbau, startFuchsbau } from '../../support/fuchsbau.ts'
import { waitFor } from '../../support/wait-for.ts'

let server: Fuchsbau
/** A picture of one pixel. */
const gif = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64')

beforeAll(async () => {
  // Private addresses stay closed: the server must not need its own public address.
  server = await startFuchsbau({ env: { FUCHSBAU_ALLOW_PRIVATE_ADDRESS: 'false' } })
  await server.cli('user', 'add', 'alice')
})
afterAll(() => server?.[Symbol.asyncDispose]())

const lines = async (...args: string[]) => (await server.cli(...args)).join('\n')

test('a local user follows another, sees her posts and answers them', async () => {
  const host = new URL(server.url).host
  await server.cli('follow', `@you@${host}`, '--as', 'alice')
  await waitFor(async () => !(await lines('following', '--as', 'alice')).includes('requested'), {
    what: 'the Accept',
    context: server.log,
  })
  expect(await lines('followers')).toContain(`${server.url}/alice`)
  const [id = ''] = await server.cli('note', 'Hello neighbours')
  expect(await lines('show', 'home', '--as', 'alice')).toContain(id)
  const [reply = ''] = await server.cli(
    'note',
    `@you@${host} hello back`,
    '--reply-to',
    id,
    '--as',
    'alice',
  )
  expect(await lines('show', 'notifications')).toContain(reply)
  await server.cli('like', id, '--as', 'alice')
  expect(await lines('show', 'notifications')).toContain(`like  ${id}`)
  await server.cli('unfollow', `${server.url}/you`, '--as', 'alice')
  await waitFor(async () => !(await lines('followers')).includes(`${server.url}/alice`), {
    what: 'the Undo',
    context: server.log,
  })
})

test('a custom emoji is added from standard input and travels with a post', async () => {
  const env = { ...process.env, FUCHSBAU_DATA: server.data, NODE_OPTIONS: '' }
  execFileSync(process.execPath, ['fuchsbau.js', 'fediverse', 'emoji', 'add', 'blobfox'], {
    env,
    input: gif,
  })
  const [id = ''] = await server.cli('note', 'Such a :blobfox: and no :cat:')
  const response = await fetch(id, { headers: { accept: 'application/activity+json' } })
  const note = (await response.json()) as {
    tag: { type: string; name: string; icon: { url: string } }[]
  }
  const emoji = note.tag.filter(({ type }) => type === 'Emoji')
  expect(emoji.map(({ name }) => name)).toEqual([':blobfox:'])
  const picture = await fetch(emoji[0]?.icon.url ?? '')
  expect(picture.headers.get('content-type')).toBe('image/gif')
  expect(Buffer.from(await picture.arrayBuffer()).equals(gif)).toBe(true)
  const page = await (await fetch(id, { headers: { accept: 'text/html' } })).text()
  expect(page).toContain(emoji[0]?.icon.url)
})
