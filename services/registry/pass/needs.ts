// What an endpoint needs: the rights of who asks, and the scopes of the token that she brings.
import type { Endpoint } from '../endpoint.ts'
import type { Repository } from '../name.ts'
import type { Action, Scope } from '../scope.ts'

export type Need =
  | { right: Action; repository: Repository }
  | { right: 'catalog' }
  /** Everything that an upstream has beyond the specification: its search knows nothing of who may see what. */
  | { right: 'admin' }

/** Undefined for the base: it needs nobody in particular, but somebody. */
export function needOf(endpoint: Endpoint, method: string): Need | undefined {
  switch (endpoint.kind) {
    case 'base':
      return
    case 'catalog':
      return { right: 'catalog' }
    case 'extension':
      return { right: 'admin' }
    case 'uploads':
    case 'upload':
      return { right: 'push', repository: endpoint.repository }
    default:
      return { right: actionOf(method), repository: endpoint.repository }
  }
}

function actionOf(method: string): Action {
  if (method === 'DELETE') return 'delete'
  return method === 'PUT' ? 'push' : 'pull'
}

/** What a client is told to get a token for. */
export function scopesOf(need: Need | undefined): Scope[] {
  if (!need || need.right === 'admin') return []
  if (need.right === 'catalog') return [{ type: 'catalog' }]
  // Clients that push look first at what is there.
  const actions: Action[] = need.right === 'push' ? ['pull', 'push'] : [need.right]
  return [{ type: 'repository', name: need.repository, actions }]
}
