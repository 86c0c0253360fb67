// `emoji`: the custom emoji of this server.

import { Readable } from 'node:stream'
import { type Context, VerbError } from '../context.ts'
import { EMOJI_FOLDER, emojiUrls } from '../post/custom-emoji.ts'
import { cleanPicture } from '../post/picture.ts'
import { type Operation, readArgs } from './operation.ts'

const MAX_BYTES = 256 * 1024

export const emoji: Operation = {
  summary: 'Add, list and remove custom emoji.',
  usage: 'list | add SHORTCODE < FILE | remove SHORTCODE',
  help: `A picture (PNG, GIF, WebP or AVIF, at most 256 KiB) that is written :SHORTCODE: in posts and bios.

Examples:
  fuchsbau fediverse emoji add blobfox < blobfox.png
  fuchsbau fediverse emoji list`,
  takesInput: ([verb]) => verb === 'add',
  async run({ context }, args) {
    const { positionals } = readArgs(args, {}, 1, 3)
    const [verb = '', code = '', picture = ''] = positionals
    if (verb === 'list') return [...emojiUrls(context)].map(([name, url]) => `:${name}:  ${url}`)
    if (!/^[a-z0-9_]{2,50}$/i.test(code))
      throw new VerbError('A shortcode has 2 to 50 of a–z, 0–9 and _.')
    if (verb === 'add') return add(context, code, Buffer.from(picture, 'base64'))
    if (verb === 'remove') return remove(context, code)
    throw new VerbError('Say list, add or remove; see --help.')
  },
}

async function add(context: Context, code: string, picture: Buffer): Promise<string[]> {
  if (picture.length === 0 || picture.length > MAX_BYTES) {
    throw new VerbError('Give the picture on standard input, at most 256 KiB of it.')
  }
  const cleaned = cleanPicture(picture)
  if (!cleaned.ok) throw new VerbError(cleaned.message)
  await remove(context, code).catch(() => {})
  const source = Readable.from([cleaned.bytes])
  const stored = await context.store.media.writeAs(EMOJI_FOLDER, code, source)
  if (!stored.ok) throw new VerbError(stored.message)
  return [`:${code}:  ${context.urls.media(EMOJI_FOLDER, stored.file)}`]
}

async function remove({ store }: Context, code: string): Promise<string[]> {
  const file = store.media.names(EMOJI_FOLDER).find((name) => name.startsWith(`${code}.`))
  if (!file) throw new VerbError(`There is no :${code}:.`)
  await store.media.remove(EMOJI_FOLDER, file)
  return [`Removed :${code}:.`]
}
