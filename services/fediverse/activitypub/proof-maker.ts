// The proofs of what local users say openly: then a copy that somebody forwards can be verified by whoever gets it.
// Private posts, votes and requests carry none: what was said in private is to stay deniable. https://w3id.org/fep/8b32

import { createPrivateKey } from 'node:crypto'
import type { Clock } from '@fuchsbau/shared/clock.ts'
import type { Store } from '../store/store.ts'
import type { Urls } from '../urls.ts'
import { isObject, isPublic, type Json } from './document.ts'
import { addIntegrityProof, type ProofSigner } from './integrity-proof.ts'

/** Defines `proof` and its terms; each server has it in its JSON-LD library or fetches it once. */
const PROOF_CONTEXT = 'https://w3id.org/security/data-integrity/v1'

/** Said to whom it concerns, and nothing that only they should know. */
const OPEN_TYPES: ReadonlySet<unknown> = new Set(['Add', 'Announce', 'Like', 'Move', 'Remove'])

type Activity = Json & { id: string }

/**
 * Makes the function that gives an activity the proof of its user's Ed25519 key, where it is to have one: 0.1 ms, once for
 * all deliveries. The keys are read once.
 */
export function makeProver(store: Pick<Store, 'users'>, urls: Urls, clock: Clock) {
  const signers = new Map<string, ProofSigner>()
  const signerOf = (user: string) => {
    const known = signers.get(user)
    const keys = known ? undefined : store.users.keys(user)
    if (!keys) return known
    const privateKey = createPrivateKey(keys.ed25519Private)
    const signer = { keyId: urls.multikeyId(user), privateKey }
    signers.set(user, signer)
    return signer
  }
  return (user: string, activity: Activity): Activity => {
    const signer = isSaidOpenly(activity) ? signerOf(user) : undefined
    if (!signer) return activity
    const [first, ...others] = [activity['@context']].flat()
    const document = { ...activity, '@context': [first, PROOF_CONTEXT, ...others] }
    return { ...addIntegrityProof(document, signer, clock.now()), id: activity.id }
  }
}

function isSaidOpenly({ type, object, to, cc }: Json): boolean {
  const said = type === 'Undo' && isObject(object) ? object.type : type
  return (
    OPEN_TYPES.has(said) || [to, cc].flat().some((id) => typeof id === 'string' && isPublic(id))
  )
}
