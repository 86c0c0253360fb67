// Activities that others pass on (relays, replies forwarded to followers): who made them is what a proof inside the
// activity says, since the HTTP signature is the forwarder's.
import type { Clock } from '@fuchsbau/shared/clock.ts'
import type { ActorKey } from './actor-key.ts'
import { createContextLoaders, type LoaderForDocument } from './context-loader.ts'
import { type Json, reference } from './document.ts'
import { checkIntegrityProof, readIntegrityProof } from './integrity-proof.ts'
import type { KeyCache } from './key-cache.ts'
import { creatorOf, verifyLinkedData } from './linked-data-signature.ts'
import type { Remote } from './remote.ts'

/**
 * What a proof vouches for. `document` takes the place of the one that came: a Linked Data signature says nothing about how that
 * was spelled.
 */
export type Forwarded = { ok: true; signer: string; document: Json } | { ok: false; reason: string }

export type VerifyForwarded = (document: Json) => Promise<Forwarded>

export interface ForwardedParts {
  remote: Pick<Remote, 'fetchJson'>
  keys: Pick<KeyCache, 'find' | 'refetch'>
  clock: Clock
}

/**
 * Makes the check of forwarded activities: a FEP-8b32 proof (0.2 ms) or else a Linked Data signature (10 ms, and
 * Fedify in memory from the first one on), by the activity's own actor.
 */
export function makeVerifyForwarded(parts: ForwardedParts): VerifyForwarded {
  const { remote, keys, clock } = parts
  let loaders: Promise<LoaderForDocument> | undefined

  const checkProof = async (document: Json) => {
    const proof = readIntegrityProof(document, clock.now())
    if (proof === undefined) return undefined
    return tryKeys(keys, proof.keyId, async ({ key }) => {
      return checkIntegrityProof(proof, key) ? document : undefined
    })
  }

  const checkLinkedData = async (document: Json) => {
    const creator = creatorOf(document)
    if (creator === undefined) return undefined
    loaders ??= createContextLoaders(remote, clock)
    const loaderForDocument = await loaders
    return tryKeys(keys, creator, ({ key, owner }) => {
      return verifyLinkedData(document, { creator, owner, key }, loaderForDocument())
    })
  }

  return async (document) => {
    const forwarded = (await checkProof(document)) ?? (await checkLinkedData(document))
    if (forwarded === undefined) return { ok: false, reason: 'no proof by an actor that holds' }
    const actor = reference(forwarded.document.actor).id
    if (forwarded.signer === actor) return { ok: true, ...forwarded }
    return { ok: false, reason: `the proof is by ${forwarded.signer}, not by the actor` }
  }
}

/** Tries the key that a proof names, and once the key fetched anew. */
async function tryKeys(
  keys: ForwardedParts['keys'],
  keyId: string,
  check: (key: ActorKey) => Promise<Json | undefined>,
): Promise<{ signer: string; document: Json } | undefined> {
  const found = await keys.find(keyId)
  if (!found.ok) return undefined
  const document = await check(found)
  if (document !== undefined) return { signer: found.owner, document }
  const fresh = await keys.refetch(keyId)
  if (!fresh?.ok || fresh.key.equals(found.key)) return undefined
  const again = await check(fresh)
  return again === undefined ? undefined : { signer: fresh.owner, document: again }
}
