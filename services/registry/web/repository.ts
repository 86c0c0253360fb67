// One repository: its tags with what they name, found, sorted, a page at a time.
import { type Html, html } from '@fuchsbau/shared/html.ts'
import { queryOf } from '@fuchsbau/shared/page/form.ts'
import { count, time } from '@fuchsbau/shared/page/layout.ts'
import type { FastifyReply } from 'fastify'
import { arrange, describeTags, type Order, type TagRow, tagNames } from '../images/tags.ts'
import type { Repository } from '../name.ts'
import { shortDigest, sizeInWords } from './layout.ts'
import { addressOf, pageOf, pagingLinks, searchForm } from './paging.ts'
import { sendError, sendOwn } from './send.ts'
import { signatureWords } from './signature-words.ts'
import type { Visit } from './visit.ts'

const PAGE = 25
const MOST_PUSHES = 50_000

/** `q` finds tags that hold it; `sort=name` sorts by name, else the newest come first. */
export async function showRepository(visit: Visit, repository: Repository): Promise<FastifyReply> {
  const { web, request } = visit
  const { site, registry } = web
  using images = web.images.reader()
  const names = await tagNames(images, repository)
  if (!names) return sendError(visit, 404)
  const wanted = queryOf(request, 'q') ?? ''
  const order: Order = queryOf(request, 'sort') === 'name' ? 'name' : 'newest'
  const pushes = registry.store.pushes.ofRepository(repository, MOST_PUSHES)
  const found = arrange(names.images, { wanted, order }, pushes)
  const page = pageOf(found, request, PAGE)
  const known = { all: names.all, pushes, keys: registry.trustedKeys }
  const rows = await describeTags(images, repository, page.items, known)
  const path = site.path(`repositories/${repository}`)
  const sort = order === 'name' ? 'name' : ''
  const helpers = names.all.size - names.images.length
  const body = html`<p class="crumbs"><a href="${site.path('')}">Repositories</a></p>
<h1>${repository}</h1>
<p class="small">${count(names.images.length, 'tag')}${names.isCut && ' and more'}${helpers > 0 && `, and ${count(helpers, 'tag')} of signatures and the like, shown with their images`}</p>
${names.images.length > 1 && searchForm(path, 'Tag', wanted, { sort })}
${names.images.length > 1 && orderLinks(path, wanted, order)}
${found.length === 0 ? html`<p class="empty">${wanted ? 'No tag is called so.' : 'It has no tags.'}</p>` : html`<ul class="rows">${rows.map((row) => rowOf(visit, repository, row))}</ul>`}
${rows.some(isUnfinished) && html`<p class="notice bad">The registry that keeps the images did not answer in time for all of them. Reload the page for the rest.</p>`}
${pagingLinks(page, path, { q: wanted, sort })}`
  return sendOwn(visit, { title: repository, body, section: '' })
}

const isUnfinished = ({ digest, facts, signature }: TagRow) => !digest || !facts || !signature

function orderLinks(path: string, wanted: string, order: Order): Html {
  const link = (label: string, sort: string, isCurrent: boolean) =>
    html`<li><a href="${addressOf(path, { q: wanted, sort })}"${isCurrent && html` aria-current="true"`}>${label}</a></li>`
  return html`<nav class="tabs" aria-label="Order"><ul>${link('Newest', '', order === 'newest')}${link('By name', 'name', order === 'name')}</ul></nav>`
}

function rowOf({ web: { site } }: Visit, repository: Repository, row: TagRow): Html {
  const { tag, digest, facts, signature } = row
  const said = [
    facts?.bytes !== undefined && sizeInWords(facts.bytes),
    facts && platformWords(facts),
    dateOf(row),
    digest && shortDigest(digest),
  ].filter(Boolean)
  return html`<li><div><a href="${site.path(`repositories/${repository}/tags/${tag}`)}">${tag}</a><p class="small">${said.map((each, index) => html`${index > 0 && ' · '}${each}`)}</p></div>${signatureWords(signature)}</li>`
}

function dateOf({ facts, pushedAt }: TagRow): Html | undefined {
  if (pushedAt !== undefined) return html`pushed ${time(pushedAt)}`
  return facts?.createdAt === undefined ? undefined : html`made ${time(facts.createdAt)}`
}

function platformWords({ kind, platforms }: NonNullable<TagRow['facts']>): string | undefined {
  if (kind === 'index') return count(platforms.length, 'platform')
  return kind === 'image' ? platforms[0] : 'artifact'
}
