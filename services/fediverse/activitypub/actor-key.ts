// A public key and its owner, as proved by the documents of the one host both live on: the owner lists
// the key under its exact id. Nothing is concluded from how an id is spelled.
import type { KeyObject } from 'node:crypto'
import { isObject, type Json, parseActor } from './document.ts'
import type { FailureKind } from './exchange.ts'
import { parseMultikey, parsePublicKeyPem } from './public-key.ts'
import type { Remote } from './remote.ts'

export interface ActorKey {
  ok: true
  key: KeyObject
  /** The id of the actor who lists the key. */
  owner: string
}

/**
 * Why there is no key: `gone` (404 or 410, as after the actor was deleted), `unreachable` (no or no usable answer now), `busy`
 * (too many requests of ours are under way), `refused` (an answer that proves nothing).
 */
export interface NoKey {
  ok: false
  kind: 'gone' | 'unreachable' | 'busy' | 'refused'
  message: string
}

export type FoundKey = ActorKey | NoKey

/** What fetches a key: the guarded client, and whoever wants the owner's document that comes along. */
export interface KeyFetching {
  remote: Pick<Remote, 'fetchDocument'>
  onActor?: ((document: Json) => void) | undefined
}

/**
 * Dereferences a key id. It may lead to the owner (`…/bob#main-key`, GoToSocial's `…/bob/main-key`) or to a document
 * of its own, whose owner is then dereferenced too. One or two documents from the host of the key id.
 */
export async function fetchActorKey(fetching: KeyFetching, keyId: string): Promise<FoundKey> {
  const fetched = await fetching.remote.fetchDocument(keyId)
  if (!fetched.ok) return noKey(fetched.kind, fetched.message)
  if (parseActor(fetched.document) !== undefined) {
    return keyOfOwner(fetching, fetched.document, fetched.id, keyId)
  }
  if (fetched.id !== keyId) return refused(`${fetched.id} is neither an actor nor ${keyId}`)
  const owner = ownerOf(fetched.document)
  if (owner === undefined) return refused(`${keyId} names no owner`)
  if (hostOf(owner) !== hostOf(keyId)) return refused(`${keyId} names an owner on another host`)
  const actor = await fetching.remote.fetchDocument(owner)
  if (!actor.ok) return noKey(actor.kind, actor.message)
  if (actor.id !== owner || parseActor(actor.document) === undefined) {
    return refused(`${owner} is not an actor`)
  }
  return keyOfOwner(fetching, actor.document, owner, keyId, fetched.document)
}

/** The key that an actor lists. Where she lists its id alone, its own document has the rest. */
function keyOfOwner(
  fetching: KeyFetching,
  actor: Json,
  owner: string,
  keyId: string,
  keyDocument?: Json,
): FoundKey {
  if (hostOf(owner) !== hostOf(keyId)) return refused(`${keyId} has its owner on another host`)
  const isAsked = (item: unknown) => item === keyId || (isObject(item) && item.id === keyId)
  const listed = keyId === owner ? onlyKey(actor) : listedKeys(actor).find(isAsked)
  const document = isObject(listed) ? listed : listed === keyId ? keyDocument : undefined
  if (document === undefined) return refused(`${owner} does not list ${keyId}`)
  const named = ownerOf(document)
  if (named !== undefined && named !== owner) return refused(`${keyId} names another owner`)
  const key = keyIn(document)
  if (key === undefined) return refused(`${keyId} is not a key that we take`)
  fetching.onActor?.(actor)
  return { ok: true, key, owner }
}

/** Who signs with her own id for key id (activitypub-express does) means the one public key that she lists. */
function onlyKey({ publicKey }: Json): unknown {
  if (!Array.isArray(publicKey)) return publicKey
  return publicKey.length === 1 ? publicKey[0] : undefined
}

const maxListed = 16

/** What an actor has in `publicKey` and `assertionMethod`, at most 16 of each. */
function listedKeys({ publicKey, assertionMethod }: Json): unknown[] {
  const list = (value: unknown) => (Array.isArray(value) ? value.slice(0, maxListed) : [value])
  return [...list(publicKey), ...list(assertionMethod)]
}

function ownerOf({ owner, controller }: Json): string | undefined {
  const value = owner ?? controller
  return typeof value === 'string' && URL.canParse(value) ? value : undefined
}

function keyIn({ publicKeyPem, publicKeyMultibase }: Json): KeyObject | undefined {
  if (typeof publicKeyPem === 'string') return parsePublicKeyPem(publicKeyPem)
  return typeof publicKeyMultibase === 'string' ? parseMultikey(publicKeyMultibase) : undefined
}

function hostOf(url: string): string {
  return new URL(url).host
}

function refused(message: string): NoKey {
  return { ok: false, kind: 'refused', message }
}

const hopeless: ReadonlySet<FailureKind> = new Set(['bad-url', 'private-address', 'bad-id'])

function noKey(kind: FailureKind, message: string): NoKey {
  if (kind === 'gone' || kind === 'not-found') return { ok: false, kind: 'gone', message }
  if (kind === 'busy') return { ok: false, kind, message }
  return { ok: false, kind: hopeless.has(kind) ? 'refused' : 'unreachable', message }
}
