// All repositories that a person may read.
import { type Html, html } from '@fuchsbau/shared/html.ts'
import { queryOf } from '@fuchsbau/shared/page/form.ts'
import { count, time } from '@fuchsbau/shared/page/layout.ts'
import type { FastifyReply } from 'fastify'
import type { ImageReader } from '../images/reader.ts'
import { inTime, tagNames } from '../images/tags.ts'
import { parseRepository, type Repository } from '../name.ts'
import { addressOf, searchForm } from './paging.ts'
import { sendOwn } from './send.ts'
import { mayNot, type Visit } from './visit.ts'

const PAGE = 50
/** Of the upstream, for one page of ours. */
const MOST_READ = 10_000
const READ = 1_000
/** Tags of one repository are counted so far. */
const MOST_COUNTED = 1_000

interface Row {
  name: Repository
  /** `12 tags`; undefined when the upstream did not say in time. */
  tags: string | undefined
  pushedAt: number | undefined
}

/** The map of what there is; `q` finds names that hold it. */
export async function showRepositories(visit: Visit): Promise<FastifyReply> {
  const { web, request } = visit
  const { site } = web
  using images = web.images.reader()
  const wanted = queryOf(request, 'q') ?? ''
  const { names, next } = await readable(visit, images, queryOf(request, 'after') ?? '', wanted)
  const rows = await Promise.all(names.map((name) => describe(visit, images, name)))
  const body = html`<h1>Repositories</h1>
${searchForm(site.path(''), 'Name', wanted)}
${names.length === 0 ? nothing(visit, wanted, next) : html`<ul class="rows">${rows.map((row) => rowOf(visit, row))}</ul>`}
${next && html`<p class="paging"><a rel="next" href="${addressOf(site.path(''), { after: next, q: wanted })}">More repositories</a></p>`}`
  return sendOwn(visit, { title: 'Repositories', body, section: '' })
}

function rowOf({ web: { site } }: Visit, { name, tags, pushedAt }: Row): Html {
  const facts = [tags, pushedAt !== undefined && html`pushed ${time(pushedAt)}`].filter(Boolean)
  return html`<li><div><a href="${site.path(`repositories/${name}`)}">${name}</a></div><span class="small">${facts.map((fact, index) => html`${index > 0 && ' · '}${fact}`)}</span></li>`
}

async function describe({ web }: Visit, images: ImageReader, name: Repository): Promise<Row> {
  const names = await inTime(() => tagNames(images, name, MOST_COUNTED))
  const number = names && count(names.images.length, 'tag')
  return {
    name,
    tags: names?.isCut ? `more than ${number}` : number,
    pushedAt: web.registry.store.pushes.last(name),
  }
}

function nothing({ web, session }: Visit, wanted: string, next: string | undefined): Html {
  const { site, registry } = web
  if (next !== undefined) return html`<p class="empty">None among the first ones.</p>`
  if (wanted) return html`<p class="empty">No repository is called so.</p>`
  const own = `${registry.host}/${session.person.name}/alpine`
  return html`<p class="empty">There is nothing yet that you may read.</p>
<h2>Push the first image</h2>
<pre><code>docker login ${registry.host}
docker tag alpine ${own}
docker push ${own}</code></pre>
<p class="small">The password is <a href="${site.path('tokens')}">an access token</a>.</p>`
}

async function readable(visit: Visit, images: ImageReader, after: string, wanted: string) {
  const names: Repository[] = []
  const word = wanted.toLowerCase()
  let last = after
  for (let read = 0; read < MOST_READ; read += READ) {
    const found = await images.repositories(last, READ)
    for (const text of found) {
      last = text
      const name = parseRepository(text)
      if (!name?.includes(word) || mayNot(visit, 'pull', name)) continue
      names.push(name)
      if (names.length === PAGE) return { names, next: last }
    }
    if (found.length < READ) return { names, next: undefined }
  }
  return { names, next: last }
}
