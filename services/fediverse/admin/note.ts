// `note`, `edit`, `delete`: writing from the command line.

import { VerbError } from '../context.ts'
import { edit as editPost } from '../post/edit.ts'
import { publish } from '../post/publish.ts'
import { remove } from '../post/remove.ts'
import type { Audience } from '../store/objects.ts'
import { actingUser, type Operation, readArgs, sentLater } from './operation.ts'

const AUDIENCES: readonly Audience[] = ['public', 'unlisted', 'followers', 'direct']

export const note: Operation = {
  summary: 'Publish a post.',
  usage:
    'TEXT [--to public|unlisted|followers|direct] [--cw WARNING] [--reply-to ID] [--lang TAG] [--option TEXT …] [--multiple] [--ends MINUTES] [--as USER]',
  help: `TEXT is Markdown. With two or more --option it is a poll, open for a day unless --ends says otherwise.
Prints the id of the post.

Examples:
  fuchsbau fediverse note 'Hello, *world*'
  fuchsbau fediverse note '@friend@example.org just for you' --to direct
  fuchsbau fediverse note 'Tea or coffee?' --option Tea --option Coffee`,
  async run(parts, args) {
    const options = {
      to: { type: 'string', default: 'public' },
      cw: { type: 'string' },
      'reply-to': { type: 'string' },
      lang: { type: 'string' },
      option: { type: 'string', multiple: true },
      multiple: { type: 'boolean', default: false },
      ends: { type: 'string', default: '1440' },
    } as const
    const { values, positionals } = readArgs(args, options, 1)
    const user = actingUser(parts, values.as)
    const audience = AUDIENCES.find((known) => known === values.to)
    if (!audience) throw new VerbError(`--to is one of ${AUDIENCES.join(', ')}.`)
    const minutes = Number(values.ends)
    if (!(minutes >= 5 && minutes <= 525_600))
      throw new VerbError('--ends is a number of minutes from 5 to 525600.')
    const endsAt = parts.context.clock.now() + minutes * 60_000
    const { option, 'reply-to': inReplyTo } = values
    const object = await publish(parts.context, user, {
      text: positionals[0] ?? '',
      audience,
      ...(values.cw ? { summary: values.cw } : {}),
      ...(values.lang ? { language: values.lang } : {}),
      ...(inReplyTo ? { inReplyTo } : {}),
      ...(option ? { poll: { options: option, isMultiple: values.multiple, endsAt } } : {}),
    })
    return [object.id, ...sentLater(parts)]
  },
}

export const editNote: Operation = {
  summary: 'Replace the text of a post.',
  usage: 'ID TEXT [--cw WARNING] [--as USER]',
  help: "Example:\n  fuchsbau fediverse edit https://example.org/you/p/1700000000.000001 'Better words'",
  async run(parts, args) {
    const { values, positionals } = readArgs(args, { cw: { type: 'string' } } as const, 2)
    const user = actingUser(parts, values.as)
    const [id = '', text = ''] = positionals
    await editPost(parts.context, user, id, { text, ...(values.cw ? { summary: values.cw } : {}) })
    return [`Edited ${id}.`, ...sentLater(parts)]
  },
}

export const deleteNote: Operation = {
  summary: 'Delete a post here and everywhere it went.',
  usage: 'ID [--as USER]',
  help: 'Example:\n  fuchsbau fediverse delete https://example.org/you/p/1700000000.000001',
  async run(parts, args) {
    const { values, positionals } = readArgs(args, {}, 1)
    const [id = ''] = positionals
    await remove(parts.context, actingUser(parts, values.as).name, id)
    return [`Deleted ${id}.`, ...sentLater(parts)]
  },
}
