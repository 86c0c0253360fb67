// All repositories that a person may read, and the tags of one.
import { html } from '@fuchsbau/shared/html.ts'
import { queryOf } from '@fuchsbau/shared/page/form.ts'
import { count } from '@fuchsbau/shared/page/layout.ts'
import type { FastifyReply } from 'fastify'
import { parseRepository, type Repository } from '../name.ts'
import { sendError, sendOwn } from './send.ts'
import { mayNot, type Visit } from './visit.ts'

const PAGE = 100
/** Of the upstream, for one page of ours. */
const MOST_READ = 2_000
const READ = 1_000

/** The map of what there is; `q` finds names that hold it. */
export async function showRepositories(visit: Visit): Promise<FastifyReply> {
  const { web } = visit
  const wanted = queryOf(visit.request, 'q') ?? ''
  const { names, next } = await readable(visit, queryOf(visit.request, 'after') ?? '', wanted)
  const { site, registry } = web
  const empty = wanted
    ? html`<p class="empty">No repository is called so.</p>`
    : html`<p class="empty">There is nothing yet that you may read.</p>
<h2>Push the first image</h2>
<pre><code>docker login ${registry.host}
docker tag alpine ${registry.host}/${visit.session.person.name}/alpine
docker push ${registry.host}/${visit.session.person.name}/alpine</code></pre>
<p class="small">The password is <a href="${site.path('tokens')}">an access token</a>.</p>`
  const body = html`<h1>Repositories</h1>
<form class="search" role="search" action="${site.path('')}">
<div><label for="q">Name</label><input id="q" name="q" value="${wanted}" maxlength="255" autocapitalize="none" spellcheck="false"></div>
<button>Search</button>
</form>
${
  names.length === 0
    ? empty
    : html`<ul class="rows">${names.map(
        (name) =>
          html`<li><div><a href="${site.path(`repositories/${name}`)}">${name}</a></div></li>`,
      )}</ul>`
}
${
  next &&
  html`<p class="paging"><a href="${site.path('')}?after=${encodeURIComponent(next)}${
    wanted && `&q=${encodeURIComponent(wanted)}`
  }">More repositories</a></p>`
}`
  return sendOwn(visit, { title: 'Repositories', body, section: '' })
}

async function readable(visit: Visit, after: string, wanted: string) {
  const names: Repository[] = []
  let last = after
  for (let read = 0; read < MOST_READ; read += READ) {
    const found = await visit.web.images.repositories(last, READ)
    for (const text of found) {
      last = text
      const name = parseRepository(text)
      if (!name?.includes(wanted) || mayNot(visit, 'pull', name)) continue
      names.push(name)
      if (names.length === PAGE) return { names, next: last }
    }
    if (found.length < READ) return { names, next: undefined }
  }
  return { names, next: last }
}

/** The tags of one repository. */
export async function showRepository(visit: Visit, repository: Repository): Promise<FastifyReply> {
  const { web, request } = visit
  const { site, images, registry } = web
  const after = queryOf(request, 'after') ?? ''
  const tags = await images.tags(repository, after, PAGE)
  if (!tags) return sendError(visit, 404)
  const shown = tags.filter((tag) => !/^sha\d+-[a-f0-9]{64,}/.test(tag))
  const hidden = tags.length - shown.length
  const last = tags.at(-1)
  const body = html`<h1>${repository}</h1>
<pre><code>docker pull ${registry.host}/${repository}${shown[0] ? `:${shown[0]}` : ''}</code></pre>
${
  shown.length === 0
    ? html`<p class="empty">It has no tags.</p>`
    : html`<ul class="rows">${shown.map(
        (tag) =>
          html`<li><div><a href="${site.path(`repositories/${repository}/tags/${tag}`)}">${tag}</a></div></li>`,
      )}</ul>`
}
${hidden > 0 && html`<p class="small">And ${count(hidden, 'tag')} of signatures and attestations, shown with their images.</p>`}
${tags.length === PAGE && last && html`<p class="paging"><a href="${site.path(`repositories/${repository}`)}?after=${encodeURIComponent(last)}">More tags</a></p>`}`
  return sendOwn(visit, { title: repository, body, section: '' })
}
