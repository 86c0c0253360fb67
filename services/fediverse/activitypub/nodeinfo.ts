// NodeInfo 2.1 and its discovery document. https://nodeinfo.diaspora.software/protocol.html

import type { Context } from '../context.ts'
import { indexes } from '../store/layout.ts'

const DAY_MS = 86_400_000

export function nodeInfoLinks(base: string) {
  const link = (version: string) => ({
    rel: `http://nodeinfo.diaspora.software/ns/schema/${version}`,
    href: `${base}/nodeinfo/${version}`,
  })
  return { links: [link('2.1'), link('2.0')] }
}

/** Counts are of public things only. */
export function nodeInfo(
  context: Context,
  version: '2.0' | '2.1',
  software: { name: string; version: string },
) {
  const { store, clock } = context
  const names = store.users.names()
  const posts = names.map((name) => store.tree.index.count(indexes.posts(name)))
  const isActive = (name: string, days: number) => {
    const [newest] = store.tree.index.newest(indexes.own(name))
    return newest !== undefined && clock.now() - newest.at < days * DAY_MS
  }
  return {
    version,
    software,
    protocols: ['activitypub'],
    services: { inbound: [], outbound: [] },
    openRegistrations: false,
    usage: {
      users: {
        total: names.length,
        activeMonth: names.filter((name) => isActive(name, 30)).length,
        activeHalfyear: names.filter((name) => isActive(name, 182)).length,
      },
      localPosts: posts.reduce((sum, count) => sum + count, 0),
    },
    metadata: {},
  }
}
