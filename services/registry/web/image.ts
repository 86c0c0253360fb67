// One image: what it is, how to use it, who signed it, what is in it, and what refers to it.
import { type Html, html } from '@fuchsbau/shared/html.ts'
import { time } from '@fuchsbau/shared/page/layout.ts'
import type { FastifyReply } from 'fastify'
import { type Attached, attachedTo, stateOf } from '../images/attached.ts'
import { type ImageConfig, isImageConfig } from '../images/document.ts'
import { factsOf, type ImageFacts, meantDate, platformsOf, sizeOf } from '../images/facts.ts'
import type { FoundManifest, ImageReader } from '../images/reader.ts'
import { inTime } from '../images/tags.ts'
import { type ReferrerTree, treeOf } from '../images/tree.ts'
import { artifactInWords } from '../images/words.ts'
import { type Digest, formatReference, type Reference, type Repository } from '../name.ts'
import { commands } from './commands.ts'
import { attachedList, referrerTree } from './image-attached.ts'
import { annotationList, configuration, layers, platformList } from './image-contents.ts'
import { shortDigest, sizeInWords } from './layout.ts'
import { addressOf } from './paging.ts'
import { sendError, sendOwn } from './send.ts'
import { signatureSentence } from './signature-words.ts'
import { mayNot, type Visit } from './visit.ts'

/** All that the page shows. */
interface Shown {
  found: FoundManifest
  config: ImageConfig | undefined
  /** Of the platforms of an index. */
  platforms: ReadonlyMap<Digest, ImageFacts>
  attached: readonly Attached[] | undefined
  tree: ReferrerTree | undefined
}

/** `reference`: a tag or a digest. */
export async function showImage(
  visit: Visit,
  repository: Repository,
  reference: Reference,
): Promise<FastifyReply> {
  using images = visit.web.images.reader()
  const found = await images.manifest(repository, reference)
  if (!found) return sendError(visit, 404)
  const shown = await gather(visit, images, repository, found)
  const title = titleOf(repository, reference)
  const { manifest } = found
  const body = html`<p class="crumbs">${crumbs(visit, repository)}</p>
<h1>${title}</h1>
${shown.attached ? signatureSentence(stateOf(shown.attached)) : signatureSentence({ kind: 'unknown' })}
${facts(visit, repository, reference, shown)}
${commands(visit, repository, reference, found)}
${manifest?.kind === 'index' && platformList(visit, repository, manifest, shown.platforms)}
${attachedList(visit, repository, found.digest, shown.attached)}
${shown.config && configuration(shown.config)}
${manifest?.kind === 'image' && layers(manifest, shown.config)}
${manifest && annotationList(manifest.annotations)}
${referrerTree(visit, repository, shown.tree)}
${deleteLinks(visit, repository, reference, found.digest)}`
  return sendOwn(visit, { title, body, section: '' })
}

export function titleOf(repository: Repository, reference: Reference): string {
  return reference.kind === 'tag'
    ? `${repository}:${reference.tag}`
    : `${repository}@${reference.digest.slice(0, 19)}…`
}

export function crumbs({ web: { site } }: Visit, repository: Repository): Html {
  return html`<a href="${site.path('')}">Repositories</a> / <a href="${site.path(`repositories/${repository}`)}">${repository}</a>`
}

/** What the upstream does not say in time is left out, and said to be. */
async function gather(
  { web: { registry } }: Visit,
  images: ImageReader,
  repository: Repository,
  found: FoundManifest,
): Promise<Shown> {
  const { digest, manifest } = found
  const config = manifest?.kind === 'image' ? manifest.config : undefined
  const referrers = await inTime(() => images.referrers(repository, digest))
  const keys = registry.trustedKeys
  const [attached, tree, read, platforms] = await Promise.all([
    referrers &&
      inTime(() => attachedTo(images, { repository, digest, manifest, keys, referrers })),
    referrers && inTime(() => treeOf(images, repository, referrers)),
    config && isImageConfig(config)
      ? inTime(() => images.config(repository, config.digest))
      : undefined,
    platformFacts(images, repository, found),
  ])
  return { found, config: read, platforms, attached, tree }
}

const MOST_PLATFORMS = 50

async function platformFacts(
  images: ImageReader,
  repository: Repository,
  { manifest }: FoundManifest,
): Promise<ReadonlyMap<Digest, ImageFacts>> {
  const all = platformsOf(manifest).slice(0, MOST_PLATFORMS)
  const entries = await Promise.all(
    all.map(async ({ digest }) => {
      const facts = await inTime(() => factsOf(images, repository, digest))
      return facts ? [[digest, facts] as const] : []
    }),
  )
  return new Map(entries.flat())
}

function facts(
  { web: { registry, site } }: Visit,
  repository: Repository,
  reference: Reference,
  { found: { digest, manifest }, config }: Shown,
): Html {
  const size = sizeOf(manifest)
  const made = meantDate(
    config?.created ?? manifest?.annotations.get('org.opencontainers.image.created'),
  )
  const push =
    reference.kind === 'tag' ? registry.store.pushes.of(repository, reference.tag) : undefined
  const type = manifest?.artifactType ?? manifest?.mediaType ?? ''
  return html`<dl class="facts">
<dt>Digest</dt><dd><code class="copy">${digest}</code></dd>
<dt>Kind</dt><dd>${type === '' ? 'unknown' : artifactInWords(type)}</dd>
${manifest?.of && html`<dt>Refers to</dt><dd><a href="${site.path(`repositories/${repository}/digests/${manifest.of}`)}">${shortDigest(manifest.of)}</a></dd>`}
${config?.platform && html`<dt>Platform</dt><dd>${config.platform}</dd>`}
${size !== undefined && html`<dt>Size</dt><dd>${sizeInWords(size)}</dd>`}
${made !== undefined && html`<dt>Made</dt><dd>${time(made)}</dd>`}
${push?.digest === digest && html`<dt>Pushed</dt><dd>${time(push.at)}</dd>`}
</dl>`
}

/** Only for who may. */
function deleteLinks(
  visit: Visit,
  repository: Repository,
  reference: Reference,
  digest: Digest,
): Html | '' {
  if (mayNot(visit, 'delete', repository) !== undefined) return ''
  const { site } = visit.web
  const link = (name: string, label: string) =>
    html`<a class="small-button" href="${addressOf(site.path('delete'), { repository, reference: name })}">${label}</a>`
  return html`<h2>Delete</h2>
<p class="buttons">${reference.kind === 'tag' && link(formatReference(reference), `Delete the tag ${reference.tag} …`)}
${link(digest, 'Delete the image with all its tags …')}</p>`
}
