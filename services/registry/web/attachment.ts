// One attestation or SBOM of an image, to be read: who signed it, what it states, and all of it as a file.
import { type Html, html } from '@fuchsbau/shared/html.ts'
import { queryOf } from '@fuchsbau/shared/page/form.ts'
import { securePage } from '@fuchsbau/shared/page/send.ts'
import type { FastifyReply } from 'fastify'
import { type Attached, attachedTo } from '../images/attached.ts'
import type { Attachment } from '../images/attachment.ts'
import { MAX_DOCUMENT_BYTES } from '../images/document-opener.ts'
import { type ImageReader, reading } from '../images/reader.ts'
import { type Digest, parseDigest, parseRepository, type Repository } from '../name.ts'
import { goneOf } from '../pass/exchange.ts'
import { HARMLESS } from '../pass/headers.ts'
import { sendDenied } from './denied.ts'
import { attachedLabel } from './image-attached.ts'
import { shortDigest, sizeInWords } from './layout.ts'
import { addressOf } from './paging.ts'
import { provenanceFacts } from './provenance.ts'
import { sbomTable } from './sbom.ts'
import { sendError, sendOwn } from './send.ts'
import { mayNot, type Visit } from './visit.ts'

/** Reading a large document takes longer than a page else may. */
const DEADLINE_MS = 30_000

interface Place {
  repository: Repository
  /** Of the image that it is attached to. */
  image: Digest
  attached: Attached
}

export async function showAttachment(visit: Visit): Promise<FastifyReply> {
  using images = visit.web.images.reader(DEADLINE_MS)
  const place = await find(visit, images)
  if ('reply' in place) return place.reply
  const opened = await open(visit, images, place)
  if (!opened) return sendError(visit, 404)
  const { repository, image, attached } = place
  const { site } = visit.web
  const label = attachedLabel({ ...attached, predicateType: opened.predicateType })
  const back = site.path(`repositories/${repository}/digests/${image}`)
  const body = html`<p class="crumbs"><a href="${site.path(`repositories/${repository}`)}">${repository}</a> / <a href="${back}">${shortDigest(image)}</a></p>
<h1>${label}</h1>
${signerSentence(opened)}
<dl class="facts">
<dt>Of</dt><dd><code class="copy">${attached.image}</code></dd>
${opened.predicateType && html`<dt>Type</dt><dd>${opened.predicateType}</dd>`}
<dt>File</dt><dd>${sizeInWords(attached.bytes)} · <a href="${addressOf(site.path('attachment/raw'), placeQuery(place))}">Download it as it is</a></dd>
</dl>
${contents(visit, place, opened)}`
  return sendOwn(visit, { title: label, body, section: '' })
}

/** The document as it was pushed: a file, never a page. */
export async function downloadAttachment(visit: Visit): Promise<FastifyReply> {
  const { web, reply } = visit
  using images = web.images.reader()
  const place = await find(visit, images)
  if ('reply' in place) return place.reply
  const { repository, attached } = place
  const answer = await web.images.ask({
    path: `/v2/${repository}/blobs/${attached.blob}`,
    scope: reading(repository),
    signal: goneOf(reply),
  })
  if (answer.status !== 200) {
    answer.discard()
    return sendError(visit, 404)
  }
  const name = `${attached.blob.slice(7, 19)}.${/json/.test(attached.mediaType) ? 'json' : 'txt'}`
  const length = answer.headers.get('content-length')
  securePage(reply).hijack()
  reply.raw.writeHead(200, {
    ...HARMLESS,
    'content-type': 'application/octet-stream',
    'content-disposition': `attachment; filename="${name}"`,
    'cache-control': 'private, no-store',
    ...(length !== undefined && { 'content-length': length }),
  })
  try {
    await answer.pipe(reply.raw)
    reply.raw.end()
  } catch {
    reply.raw.destroy()
  }
  return reply
}

/** Only what is attached to the image that the address names, in a repository that she may read. */
async function find(
  visit: Visit,
  images: ImageReader,
): Promise<Place | { reply: FastifyReply | Promise<FastifyReply> }> {
  const query = (name: string) => queryOf(visit.request, name) ?? ''
  const repository = parseRepository(query('repository'))
  const [image, manifest, blob] = ['image', 'manifest', 'blob'].map((name) =>
    parseDigest(query(name)),
  )
  if (!repository || !image || !manifest || !blob) return { reply: sendError(visit, 404) }
  if (mayNot(visit, 'pull', repository)) return { reply: sendDenied(visit, 'pull', repository) }
  const found = await images.manifest(repository, { kind: 'digest', digest: image })
  if (!found) return { reply: sendError(visit, 404) }
  const referrers = await images.referrers(repository, image)
  const keys = visit.web.registry.trustedKeys
  const question = { repository, digest: image, manifest: found.manifest, keys, referrers }
  const all = await attachedTo(images, question)
  const attached = all.find((each) => each.manifest === manifest && each.blob === blob)
  return attached ? { repository, image, attached } : { reply: sendError(visit, 404) }
}

async function open(
  { web }: Visit,
  images: ImageReader,
  { repository, attached }: Place,
): Promise<Attachment | undefined> {
  const { blob, image, bytes } = attached
  if (bytes > MAX_DOCUMENT_BYTES) return tooLarge
  return await web.documents.open(`${repository} ${image} ${blob}`, async () => {
    const content = await images.blob(repository, blob, MAX_DOCUMENT_BYTES)
    const signed = await images.named(repository, image)
    const keys = web.registry.trustedKeys
    return content && { bytes: content, image, manifest: signed?.raw, keys }
  })
}

const tooLarge: Attachment = {
  predicateType: '',
  key: undefined,
  isOfImage: true,
  content: {
    kind: 'unreadable',
    why: `It has more than ${sizeInWords(MAX_DOCUMENT_BYTES)}, and is not read here. Download it.`,
  },
}

function placeQuery({ repository, image, attached }: Place): Record<string, string> {
  const { manifest, blob } = attached
  return { repository, image, manifest, blob }
}

function signerSentence({ key, isOfImage, content }: Attachment): Html {
  if (!isOfImage) {
    return html`<p class="notice bad">It speaks of something else than this image.</p>`
  }
  if (key) return html`<p class="signed">Signed by ${key}: verified.</p>`
  if (key === null) {
    return html`<p class="unsigned">Signed, but by no key that is trusted here: not verified.</p>`
  }
  if (content.kind === 'unreadable') return html``
  return html`<p class="unsigned">Not signed: whoever may push to this repository can have written it.</p>`
}

function contents(visit: Visit, place: Place, { content }: Attachment): Html | '' {
  switch (content.kind) {
    case 'sbom':
      return sbomTable(visit, content.sbom, placeQuery(place))
    case 'provenance':
      return provenanceFacts(content.provenance)
    case 'json':
      return html`<h2>What it says</h2>
<pre><code>${content.text}</code></pre>
${content.isCut && html`<p class="small">It goes on: download it to read all of it.</p>`}`
    case 'unreadable':
      return html`<p class="notice bad">${content.why}</p>`
    case 'signature':
      return html`<p>It states that the image is signed, and nothing else.</p>`
  }
}
