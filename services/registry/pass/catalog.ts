// The catalog, of what this caller may read: the upstream's is read on until a page of ours is full.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/extensions/_oci.md
import type { FastifyReply } from 'fastify'
import { verdict } from '../account/rights.ts'
import { OciError } from '../errors.ts'
import { parseRepository } from '../name.ts'
import { ask, type Exchange } from './exchange.ts'
import { jsonOf } from './read-answer.ts'

const PAGE = 1_000
const MAX_PAGE_BYTES = 4 * 1024 * 1024
/** Of the upstream, for one page of ours: then the next page goes on. */
const MAX_PAGES = 20

export async function serveCatalog(exchange: Exchange): Promise<FastifyReply> {
  const { reply, query } = exchange
  const parameters = new URLSearchParams(query)
  const wanted = sizeOf(parameters.get('n'))
  const { names, isWhole, last } = await collect(exchange, parameters.get('last') ?? '', wanted)
  if (!isWhole && last !== '') {
    reply.header('link', `</v2/_catalog?n=${wanted}&last=${encodeURIComponent(last)}>; rel="next"`)
  }
  return reply.send({ repositories: names })
}

function sizeOf(text: string | null): number {
  if (text === null) return PAGE
  if (!/^\d{1,6}$/.test(text)) throw new OciError('SIZE_INVALID', '"n" is a number.')
  return Math.min(PAGE, Number(text))
}

async function collect(exchange: Exchange, after: string, wanted: number) {
  const { registry, identified } = exchange
  const names: string[] = []
  let last = after
  if (wanted === 0) return { names, isWhole: true, last }
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const { found, hasMore } = await repositories(exchange, last)
    for (const name of found) {
      last = name
      const repository = parseRepository(name)
      if (!repository) continue
      if (!verdict(registry.policy.current, identified.caller, 'pull', repository).isAllowed) {
        continue
      }
      names.push(name)
      if (names.length === wanted) return { names, isWhole: false, last }
    }
    if (!hasMore) return { names, isWhole: true, last }
  }
  return { names, isWhole: false, last }
}

async function repositories(exchange: Exchange, last: string) {
  const after = last === '' ? '' : `&last=${encodeURIComponent(last)}`
  const answer = await ask(exchange, {
    method: 'GET',
    path: `/v2/_catalog?n=${PAGE}${after}`,
    headers: {},
  })
  if (answer.status !== 200) {
    answer.discard()
    throw new OciError('UNSUPPORTED', 'The registry behind this one has no catalog.', {
      status: 404,
    })
  }
  const body = (await jsonOf(answer, MAX_PAGE_BYTES)) as { repositories?: unknown } | null
  const names = Array.isArray(body?.repositories) ? body.repositories : []
  const found = names.filter((name) => typeof name === 'string')
  // Some give fewer than they are asked for, and say so; others give what they are asked for, and say nothing.
  const hasMore = found.length > 0 && (answer.headers.has('link') || found.length >= PAGE)
  return { found, hasMore }
}
