// Linked Data signatures (RsaSignature2017), as Mastodon puts them on what it expects others to pass on: checked
// by Fedify, which is loaded when the first one comes. https://docs.joinmastodon.org/spec/security/#ld
import type { KeyObject } from 'node:crypto'
import type { DocumentLoader } from '@fedify/fedify/runtime'
import { countValues } from './context-loader.ts'
import { isObject, type Json } from './document.ts'

/**
 * Most values (objects, lists, texts …) in a document whose signature is checked. A post with 20 mentions, hashtags and
 * emoji each has 350; canonicalisation takes time with the square of what is nameless, 0.2 s at this bound.
 */
const maxValues = 1000

/** The key id of a document's Linked Data signature; undefined when there is none that we check. */
export function creatorOf(document: Json): string | undefined {
  const { signature } = document
  if (!isObject(signature) || signature.type !== 'RsaSignature2017') return undefined
  const { creator } = signature
  const isCheckable = typeof creator === 'string' && URL.canParse(creator)
  return isCheckable && countValues(document) <= maxValues ? creator : undefined
}

/**
 * What a Linked Data signature by this key vouches for: the document as compacted with our own context, since the signature
 * covers its meaning and not its spelling. Undefined when the signature is wrong, when anyone but the key's owner is
 * named as actor or author, or when the document uses JSON-LD in ways that no server does.
 */
export async function verifyLinkedData(
  document: Json,
  signer: { creator: string; owner: string; key: KeyObject },
  contextLoader: DocumentLoader,
): Promise<Json | undefined> {
  const [{ verifyJsonLd }, { CryptographicKey }, { default: jsonld }] = await Promise.all([
    import('@fedify/fedify/sig'),
    import('@fedify/fedify/vocab'),
    import('@fedify/vocab-runtime/jsonld'),
  ])
  if (signer.key.asymmetricKeyType !== 'rsa') return undefined
  const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
  const key = new CryptographicKey({
    id: new URL(signer.creator),
    owner: new URL(signer.owner),
    publicKey: signer.key.toCryptoKey(algorithm, true, ['verify']),
  })
  try {
    const isVerified = await verifyJsonLd(document, {
      contextLoader,
      documentLoader: refuseToLoad,
      keyCache: { get: async () => key, set: async () => {} },
    })
    if (!isVerified) return undefined
    const { signature: _, ...unsigned } = document
    return await jsonld.compact(unsigned, context, { documentLoader: contextLoader })
  } catch {
    return undefined
  }
}

/** Fedify needs no document here: the key is given, and nothing else may be fetched on its account. */
const refuseToLoad: DocumentLoader = (url) => Promise.reject(new Error(`${url} is not fetched`))

/** The terms that document.ts reads, as the servers in use define them. */
const context = [
  'https://www.w3.org/ns/activitystreams',
  'https://w3id.org/security/v1',
  {
    Emoji: 'toot:Emoji',
    EmojiReact: 'litepub:EmojiReact',
    Hashtag: 'as:Hashtag',
    PropertyValue: 'schema:PropertyValue',
    alsoKnownAs: { '@id': 'as:alsoKnownAs', '@type': '@id' },
    blurhash: 'toot:blurhash',
    discoverable: 'toot:discoverable',
    featured: { '@id': 'toot:featured', '@type': '@id' },
    litepub: 'http://litepub.social/ns#',
    manuallyApprovesFollowers: 'as:manuallyApprovesFollowers',
    movedTo: { '@id': 'as:movedTo', '@type': '@id' },
    schema: 'http://schema.org#',
    sensitive: 'as:sensitive',
    toot: 'http://joinmastodon.org/ns#',
    value: 'schema:value',
    votersCount: 'toot:votersCount',
  },
]
