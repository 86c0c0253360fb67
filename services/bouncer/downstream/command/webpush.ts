// WEBPUSH: where a client wants to be woken. https://codeberg.org/emersion/soju/src/branch/master/doc/ext/webpush.md
import type { Message } from '../../irc/message.ts'
import { parseTags } from '../../irc/tags.ts'
import { areKeys, parseEndpoint } from '../../push/endpoint.ts'
import type { Downstream } from '../downstream.ts'
import { toNetwork } from './pass.ts'

const MOST_KEYS = 1_000

export function onWebpush(downstream: Downstream, message: Message): void {
  if (!downstream.caps.has('soju.im/webpush')) {
    toNetwork(downstream, message)
    return
  }
  const [given = '', endpoint = '', keys = ''] = message.params
  const verb = given.toUpperCase()
  const invalid = (why: string) => {
    const words = [verb, endpoint].map((word) => word.replaceAll(' ', '').slice(0, 200) || '*')
    downstream.fail('WEBPUSH', 'INVALID_PARAMS', ...words, why)
  }
  if (verb === 'REGISTER' && message.params.length === 3) {
    register(downstream, endpoint, keys, invalid)
  } else if (verb === 'UNREGISTER' && message.params.length === 2) unregister(downstream, endpoint)
  else invalid('It is WEBPUSH REGISTER endpoint keys, or WEBPUSH UNREGISTER endpoint')
}

function register(
  downstream: Downstream,
  endpoint: string,
  given: string,
  invalid: (why: string) => void,
): void {
  const { bouncer, network, user, clock } = downstream
  const tags = parseTags(given, 0, Math.min(given.length, MOST_KEYS))
  const p256dh = tags.get('p256dh') ?? ''
  const auth = tags.get('auth') ?? ''
  if (!parseEndpoint(endpoint, bouncer.push.allowPrivateAddress)) {
    invalid('The endpoint has to be an https address that everybody can reach')
  } else if (!areKeys(p256dh, auth)) invalid('The keys have to be p256dh=…;auth=…')
  else {
    // On the bouncer's own connection nothing is said that somebody would be woken for.
    const userId = user?.record.id ?? 0
    const isStored =
      !network ||
      bouncer.store.subscriptions.put({
        userId,
        networkId: network.record.id,
        endpoint,
        p256dh,
        auth,
        createdAt: clock.now(),
      })
    if (isStored) downstream.reply('WEBPUSH', 'REGISTER', endpoint)
    else downstream.fail('WEBPUSH', 'INTERNAL_ERROR', 'REGISTER', endpoint, 'The network is gone')
  }
}

function unregister(downstream: Downstream, endpoint: string): void {
  const { bouncer, network, user } = downstream
  if (network) {
    bouncer.store.subscriptions.remove(user?.record.id ?? 0, network.record.id, endpoint)
  }
  downstream.reply('WEBPUSH', 'UNREGISTER', endpoint)
}
