// Scopes of the token protocol: what a client asks for, and what a token grants.
// https://distribution.github.io/distribution/spec/auth/scope/
import { parseRepository, type Repository } from './name.ts'

/** What can be done in a repository. `overwrite` is ours: pushing a tag that names something else already. */
export const ACTIONS = ['pull', 'push', 'overwrite', 'delete'] as const
export type Action = (typeof ACTIONS)[number]

/** `repository:library/alpine:pull,push`, or the catalog. */
export type Scope =
  | { type: 'repository'; name: Repository; actions: readonly Action[] }
  | { type: 'catalog' }

/** More in one request is a mistake or worse. */
const MAX_SCOPES = 50
const MAX_CHARACTERS = 16_384

/**
 * The scopes of a request: each parameter may hold several, separated by spaces, and they may be repeated. What is unknown,
 * empty or malformed is passed over (crane asks for `repository::pull`); the same repository twice is one with both actions.
 * `*` and docker's old `push` include what they always have: `*` is all actions.
 */
export function parseScopes(parameters: readonly string[]): Scope[] {
  const text = parameters.join(' ').slice(0, MAX_CHARACTERS)
  const found = new Map<Repository, Set<Action>>()
  let isCatalog = false
  for (const word of text.split(' ').slice(0, MAX_SCOPES)) {
    if (word === 'registry:catalog:*') isCatalog = true
    const one = parseRepositoryScope(word)
    if (!one) continue
    const actions = found.get(one.name) ?? new Set()
    for (const action of one.actions) actions.add(action)
    found.set(one.name, actions)
  }
  const scopes: Scope[] = [...found].map(([name, actions]) => ({
    type: 'repository',
    name,
    actions: ACTIONS.filter((action) => actions.has(action)),
  }))
  return isCatalog ? [...scopes, { type: 'catalog' }] : scopes
}

function parseRepositoryScope(
  word: string,
): { name: Repository; actions: readonly Action[] } | undefined {
  // A name may hold the port of a host, `localhost:5000/x`, which no repository of ours has.
  const match = /^repository(?:\([a-z0-9]+\))?:([^:]+):([^:]+)$/.exec(word)
  const name = parseRepository(match?.[1] ?? '')
  if (!name) return
  const asked = (match?.[2] ?? '').split(',')
  if (asked.includes('*')) return { name, actions: ACTIONS }
  return { name, actions: ACTIONS.filter((action) => asked.includes(action)) }
}

/** As it stands in a challenge. */
export function formatScope(scope: Scope): string {
  if (scope.type === 'catalog') return 'registry:catalog:*'
  return `repository:${scope.name}:${scope.actions.join(',')}`
}

/** An entry of the `access` claim of a token. https://distribution.github.io/distribution/spec/auth/jwt/ */
export interface Access {
  type: string
  name: string
  actions: string[]
}

/** The scopes as the `access` claim. Zot asks for `pull` on the repository without a name before it lists the catalog. */
export function accessOf(scopes: readonly Scope[]): Access[] {
  return scopes.flatMap((scope) =>
    scope.type === 'repository'
      ? [{ type: 'repository', name: scope.name, actions: [...scope.actions] }]
      : [
          { type: 'registry', name: 'catalog', actions: ['*'] },
          { type: 'repository', name: '', actions: ['pull'] },
        ],
  )
}
