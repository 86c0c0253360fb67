// The Actor document of a local user. https://www.w3.org/TR/activitypub/#actors, FEP-521a for the Multikey.

import { createPublicKey } from 'node:crypto'
import type { User, UserKeys } from '../store/users.ts'
import type { Urls } from '../urls.ts'
import type { Json } from './document.ts'
import { formatMultikey } from './public-key.ts'

/** What our documents use beyond ActivityStreams. */
const ACTOR_CONTEXT = [
  'https://www.w3.org/ns/activitystreams',
  'https://w3id.org/security/v1',
  'https://w3id.org/security/multikey/v1',
  {
    toot: 'http://joinmastodon.org/ns#',
    schema: 'http://schema.org#',
    manuallyApprovesFollowers: 'as:manuallyApprovesFollowers',
    alsoKnownAs: { '@id': 'as:alsoKnownAs', '@type': '@id' },
    movedTo: { '@id': 'as:movedTo', '@type': '@id' },
    featured: { '@id': 'toot:featured', '@type': '@id' },
    discoverable: 'toot:discoverable',
    indexable: 'toot:indexable',
    assertionMethod: { '@id': 'https://w3id.org/security#assertionMethod', '@type': '@id' },
    PropertyValue: 'schema:PropertyValue',
    value: 'schema:value',
  },
]

/** HTML that was rendered and sanitised from the user's Markdown. */
export interface RenderedProfile {
  summary: string
  fields: { name: string; value: string }[]
}

export function actorDocument(
  user: User,
  keys: UserKeys,
  rendered: RenderedProfile,
  urls: Urls,
): Json {
  const { name } = user
  const id = urls.actor(name)
  return {
    '@context': ACTOR_CONTEXT,
    id,
    type: user.isBot ? 'Service' : 'Person',
    preferredUsername: name,
    name: user.displayName || name,
    summary: rendered.summary,
    url: id,
    inbox: urls.inbox(name),
    outbox: urls.outbox(name),
    followers: urls.followers(name),
    following: urls.following(name),
    featured: urls.featured(name),
    endpoints: { sharedInbox: urls.sharedInbox },
    published: new Date(user.createdAt).toISOString(),
    manuallyApprovesFollowers: user.isLocked,
    discoverable: user.isDiscoverable,
    indexable: user.isDiscoverable,
    attachment: rendered.fields.map((field) => ({ type: 'PropertyValue', ...field })),
    publicKey: { id: urls.keyId(name), owner: id, publicKeyPem: keys.rsaPublic },
    assertionMethod: [
      {
        id: urls.multikeyId(name),
        type: 'Multikey',
        controller: id,
        publicKeyMultibase: formatMultikey(createPublicKey(keys.ed25519Public)),
      },
    ],
    ...(user.alsoKnownAs.length > 0 ? { alsoKnownAs: user.alsoKnownAs } : {}),
    ...(user.movedTo ? { movedTo: user.movedTo } : {}),
    ...(user.avatar ? { icon: image(urls.media(name, user.avatar)) } : {}),
    ...(user.header ? { image: image(urls.media(name, user.header)) } : {}),
  }
}

const image = (url: string) => ({ type: 'Image', url })
