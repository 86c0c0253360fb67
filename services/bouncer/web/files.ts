// The files that a person's clients have uploaded here.
import { html } from '@fuchsbau/shared/html.ts'
import { buttonForm } from '@fuchsbau/shared/page/button.ts'
import { count, time as timeOf } from '@fuchsbau/shared/page/layout.ts'
import type { FastifyReply } from 'fastify'
import type { Upload } from '../store/uploads.ts'
import { done, sendError, sendOwn } from './send.ts'
import type { Visit } from './visit.ts'

const MAX_SHOWN = 500
const HOUR_MS = 3_600_000

export function showFiles(visit: Visit): FastifyReply {
  const { web, user } = visit
  const { uploads } = web.bouncer.store
  const files = uploads.list(user.record.id)
  const row = ({ name, fileName, mediaType, bytes, createdAt }: Upload) =>
    html`<li><div><a href="${web.site.path(`uploads/${name}`)}" rel="noopener"><strong><bdi>${fileName || name}</bdi></strong></a>
<p class="small">${mediaType}, ${Math.ceil(bytes / 1024).toLocaleString('en')} KiB, ${timeOf(createdAt)}</p></div>
${buttonForm(visit, 'files/delete', 'Delete', { fields: { name }, about: fileName || name })}</li>`
  const body = html`<h1>Uploads</h1>
<p class="lead">Files that your clients have uploaded to share them on IRC. Whoever has the address of one can see it. ${keptInWords(web.uploadRetentionMs)}</p>
${files.length === 0 ? html`<p class="empty">None yet.</p>` : html`<ul class="rows">${files.slice(0, MAX_SHOWN).map(row)}</ul>`}`
  return sendOwn(visit, { title: 'Uploads', body, section: 'settings' })
}

function keptInWords(ms: number): string {
  if (ms === 0) return 'They are kept until you delete them.'
  const hours = Math.ceil(ms / HOUR_MS)
  const time = hours < 48 ? count(hours, 'hour') : count(Math.round(hours / 24), 'day')
  return `They are deleted after ${time}.`
}

export function deleteFile(visit: Visit): FastifyReply {
  const { uploads } = visit.web.bouncer.store
  const isGone = uploads.remove(visit.user.record.id, visit.fields.get('name') ?? '')
  return isGone ? done(visit, 'files', 'deleted') : sendError(visit, 404)
}
