// `user`: local users and their profiles.

import { hashPassword, makePassword } from '@fuchsbau/shared/password.ts'
import { createUser } from '../account/create.ts'
import { VerbError } from '../context.ts'
import { changeProfile } from '../post/profile.ts'
import { actingUser, type Operation, type OperationParts, readArgs } from './operation.ts'

export const user: Operation = {
  summary: 'Add, list and change users.',
  usage:
    'add NAME | list | password NAME | unlink NAME | profile [--name TEXT] [--bio MARKDOWN] [--field NAME=VALUE …] [--locked yes|no] [--as USER]',
  help: `add       makes a user and prints a password, once
password  makes a new password and prints it, once
unlink    forgets who this is at the identity provider: the next login from there asks for the password
profile   changes what the profile shows; a --field replaces all fields

Examples:
  fuchsbau fediverse user add alice
  fuchsbau fediverse user profile --name 'Alice' --bio 'Likes *foxes*' --field Site=https://alice.example`,
  async run(parts, args) {
    const [verb, ...rest] = args
    const act = verb === undefined ? undefined : ACTIONS[verb]
    if (!act)
      throw new VerbError('Say what to do: add, list, password, unlink or profile; see --help.')
    return act(parts, rest)
  },
}

const ACTIONS: Readonly<Record<string, Operation['run']>> = { add, list, password, unlink, profile }

async function add({ context }: OperationParts, args: string[]): Promise<string[]> {
  const { positionals } = readArgs(args, {}, 1)
  const [name = ''] = positionals
  const secret = makePassword()
  await createUser(context, name, secret)
  return [
    `${context.urls.handle(name)}  ${context.urls.actor(name)}`,
    `Password (shown once): ${secret}`,
  ]
}

async function list({ context }: OperationParts): Promise<string[]> {
  const { users, relations } = context.store
  return users.names().map((name) => {
    const counts = `${relations.count(name, 'followers')} followers, ${relations.count(name, 'following')} following`
    return `${context.urls.handle(name)}  ${counts}`
  })
}

async function password(parts: OperationParts, args: string[]): Promise<string[]> {
  const { positionals } = readArgs(args, {}, 1)
  const profileOf = actingUser(parts, positionals[0])
  const secret = makePassword()
  const passwordHash = await hashPassword(secret)
  const { store } = parts.context
  const current = store.users.get(profileOf.name) ?? profileOf
  await store.commit([store.users.put({ ...current, passwordHash })])
  await store.sessions.endAll(profileOf.name)
  return [`Password of ${profileOf.name} (shown once): ${secret}`]
}

async function unlink(parts: OperationParts, args: string[]): Promise<string[]> {
  const { positionals } = readArgs(args, {}, 1)
  const { store } = parts.context
  const { subject, ...rest } = actingUser(parts, positionals[0])
  if (subject === undefined) return [`${rest.name} is linked to nobody at the identity provider.`]
  await store.commit([store.users.put(rest)])
  await store.sessions.endAll(rest.name)
  return [`${rest.name} is no longer linked to ${subject}. Her sessions have ended.`]
}

async function profile(parts: OperationParts, args: string[]): Promise<string[]> {
  const options = {
    name: { type: 'string' },
    bio: { type: 'string' },
    field: { type: 'string', multiple: true },
    locked: { type: 'string' },
  } as const
  const { values } = readArgs(args, options, 0)
  const { name } = actingUser(parts, values.as)
  const fields = values.field?.map((text) => {
    const at = text.indexOf('=')
    if (at < 1) throw new VerbError(`--field ${text}: write NAME=VALUE.`)
    return { name: text.slice(0, at), value: text.slice(at + 1) }
  })
  await changeProfile(parts.context, name, (stored) => ({
    ...stored,
    ...(values.name === undefined ? {} : { displayName: values.name }),
    ...(values.bio === undefined ? {} : { bio: values.bio }),
    ...(fields ? { fields } : {}),
    ...(values.locked === undefined ? {} : { isLocked: values.locked === 'yes' }),
  }))
  return [`Changed the profile of ${name}.`]
}
