// Deleting a tag, or an image with all its tags: first what will happen, then the same way as a client's DELETE.
import { type Html, html } from '@fuchsbau/shared/html.ts'
import { queryOf } from '@fuchsbau/shared/page/form.ts'
import { count, csrfField } from '@fuchsbau/shared/page/layout.ts'
import type { FastifyReply } from 'fastify'
import { OciError } from '../errors.ts'
import { type Loss, lossOf } from '../images/loss.ts'
import type { ImageReader } from '../images/reader.ts'
import { inTime } from '../images/tags.ts'
import {
  formatReference,
  parseReference,
  parseRepository,
  type Reference,
  type Repository,
} from '../name.ts'
import { demand } from '../pass/identify.ts'
import { removeManifest } from '../pass/manifest.ts'
import type { UpstreamAnswer } from '../pass/upstream.ts'
import { sendDenied } from './denied.ts'
import { crumbs } from './image.ts'
import { addressOf } from './paging.ts'
import { done, sendError, sendOwn } from './send.ts'
import { mayNot, type Visit } from './visit.ts'

/** What would be deleted. */
interface Target {
  repository: Repository
  reference: Reference
}

const MAX_ERROR_BYTES = 64 * 1024

export async function confirmDelete(visit: Visit): Promise<FastifyReply> {
  const target = targetOf((name) => queryOf(visit.request, name))
  return target ? await showConfirmation(visit, target) : await sendError(visit, 404)
}

/** The same checks, the same line of the audit and the same effects as DELETE below /v2/. */
export async function deleteImage(visit: Visit): Promise<FastifyReply> {
  const { web, request, reply, caller, fields } = visit
  const { registry } = web
  const target = targetOf((name) => fields.get(name) ?? undefined)
  if (!target) return sendError(visit, 404)
  const { repository, reference } = target
  const identified = { caller, token: undefined, claims: undefined }
  const need = { right: 'delete', repository } as const
  const path = `/v2/${repository}/manifests/${formatReference(reference)}`
  const endpoint = { kind: 'manifest', repository, reference } as const
  const exchange = { registry, request, reply, identified, endpoint, path, query: '', need }
  try {
    demand(registry, identified, need, request)
    const answer = await removeManifest(exchange, endpoint, {})
    const problem = await problemOf(answer, target)
    if (problem) return await showConfirmation(visit, target, problem, 422)
  } catch (error) {
    if (!(error instanceof OciError) || error.code !== 'DENIED') throw error
    return await sendError(visit, 403, error.message)
  }
  using images = web.images.reader()
  const left = await inTime(() => images.tags(repository, '', 1))
  return done(visit, left ? `repositories/${repository}` : '', 'deleted')
}

function targetOf(field: (name: string) => string | undefined): Target | undefined {
  const repository = parseRepository(field('repository') ?? '')
  const reference = parseReference(field('reference') ?? '')
  return repository && reference && { repository, reference }
}

async function showConfirmation(
  visit: Visit,
  { repository, reference }: Target,
  problem?: string,
  status = 200,
): Promise<FastifyReply> {
  for (const right of ['pull', 'delete'] as const) {
    if (mayNot(visit, right, repository)) return sendDenied(visit, right, repository)
  }
  using images = visit.web.images.reader()
  const loss = await lossOf(images, visit.web.registry, repository, reference)
  if (!loss) return sendError(visit, 404)
  const name = reference.kind === 'tag' ? `the tag ${reference.tag}` : 'the image'
  const title = `Delete ${name}?`
  const back = imagePath(visit, repository, reference)
  const isHeld = loss.immutable.length > 0
  const effect = isHeld
    ? immutableNotice(loss)
    : reference.kind === 'tag'
      ? aboutTag(visit, repository, loss)
      : await aboutImage(images, repository, loss)
  const body = html`<p class="crumbs">${crumbs(visit, repository)}</p>
<h1>${title}</h1>
<dl class="facts">
<dt>Repository</dt><dd>${repository}</dd>
<dt>Digest</dt><dd><code>${loss.digest}</code></dd>
</dl>
${effect}
<div class="buttons">${!isHeld && deleteForm(visit, { repository, reference }, loss)}<a href="${back}">Keep it</a></div>`
  return sendOwn(visit, { title, body, section: '', problem }, status)
}

function aboutTag({ web: { site } }: Visit, repository: Repository, { digest }: Loss): Html {
  const address = addressOf(site.path('delete'), { repository, reference: digest })
  return html`<p>Only the tag goes. The image stays, for its other tags and for who pulls it by its digest; when it has none, the registry that keeps it may clear it away some day. <a href="${address}">Delete the image itself</a> to be rid of it at once.</p>`
}

/** Says what is not known, too. */
async function aboutImage(
  images: ImageReader,
  repository: Repository,
  { digest, tags, unseen }: Loss,
): Promise<Html> {
  const referrers = await inTime(() => images.referrers(repository, digest))
  return html`<p>It can be pulled by nobody any more, neither by a tag nor by its digest.</p>
<h2>Tags that go with it</h2>
${tags.length > 0 ? html`<ul class="plain">${tags.map((tag) => html`<li><code>${tag}</code></li>`)}</ul>` : html`<p>${unseen === 0 ? 'It has none.' : 'None of those that were looked at.'}</p>`}
${unseen > 0 && html`<p class="small">${count(unseen, 'more tag was', 'more tags were')} not looked at: those that name this image go, too.</p>`}
<h2>What stays</h2>
<p>${
    referrers === undefined
      ? 'What refers to it (signatures, attestations, SBOMs) stays.'
      : referrers.length === 0
        ? 'Nothing refers to it. '
        : `${count(referrers.length, 'thing refers', 'things refer')} to it (signatures, attestations, SBOMs) and ${referrers.length === 1 ? 'stays' : 'stay'} behind, until the registry that keeps the images clears up. `
  } Its layers stay until then, too.</p>`
}

function immutableNotice({ immutable }: Loss): Html {
  const [first] = immutable
  const names = immutable.map(({ tag }) => tag).join(', ')
  return html`<p class="notice bad">${immutable.length === 1 ? `The tag ${names} is` : `The tags ${names} are`} immutable (line ${first?.line ?? 0} of the policy): nobody can move or delete ${immutable.length === 1 ? 'it' : 'them'}, nor the image. Whoever writes the policy can change that.</p>`
}

function deleteForm(
  { web: { site }, csrf }: Visit,
  { repository, reference }: Target,
  { tags }: Loss,
): Html {
  const label =
    reference.kind === 'tag'
      ? `Delete the tag ${reference.tag}`
      : `Delete the image${tags.length > 0 ? ` and ${count(tags.length, 'tag')}` : ''}`
  return html`<form method="post" action="${site.path('delete')}">${csrfField({ csrf })}
<input type="hidden" name="repository" value="${repository}">
<input type="hidden" name="reference" value="${formatReference(reference)}">
<button class="danger">${label}</button>
</form>`
}

function imagePath({ web: { site } }: Visit, repository: Repository, reference: Reference): string {
  const kind = reference.kind === 'tag' ? 'tags' : 'digests'
  return site.path(`repositories/${repository}/${kind}/${formatReference(reference)}`)
}

/** Why the registry behind did not do it, in words; undefined when it did. */
async function problemOf(
  answer: UpstreamAnswer,
  { reference }: Target,
): Promise<string | undefined> {
  const { status } = answer
  if (status < 300) {
    answer.discard()
    return
  }
  const code = codeIn(await answer.bytes(MAX_ERROR_BYTES).catch(() => undefined))
  if (status === 404) return 'It is not there any more.'
  const isTag = reference.kind === 'tag'
  // docker-registry says of a tag that it is no digest.
  const isRefused = status === 405 || code === 'UNSUPPORTED' || (isTag && code === 'DIGEST_INVALID')
  if (isRefused) {
    return isTag
      ? 'The registry that keeps the images cannot delete a tag alone. Delete the image instead: that takes all its tags along.'
      : 'The registry that keeps the images does not delete this: deleting is switched off there, or something else is made of this image, such as an index.'
  }
  // Zot, when it is told to be careful.
  if (status === 409 && !isTag) {
    return 'The registry that keeps the images wants its tags deleted first, one by one: more than one names it.'
  }
  const why = code === '' ? '' : ` (${code})`
  return `The registry that keeps the images did not do it: it answered ${status}${why}.`
}

function codeIn(body: Buffer | undefined): string {
  const [, code = ''] = /"code"\s*:\s*"([A-Z_]{1,40})"/.exec(body?.toString('utf8') ?? '') ?? []
  return code
}
