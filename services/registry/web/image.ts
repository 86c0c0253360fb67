// One image: what it is of, its platforms or layers, who signed it, and what refers to it.
import { type Html, html } from '@fuchsbau/shared/html.ts'
import { time } from '@fuchsbau/shared/page/layout.ts'
import type { FastifyReply } from 'fastify'
import type { Descriptor, ImageConfig, Manifest } from '../images/document.ts'
import type { FoundManifest } from '../images/reader.ts'
import { SIGNED, type Signature, signaturesOf } from '../images/signed.ts'
import { parseReference, type Repository } from '../name.ts'
import { shortDigest, sizeInWords } from './layout.ts'
import { sendError, sendOwn } from './send.ts'
import type { Visit } from './visit.ts'

/** `reference`: a tag or a digest. */
export async function showImage(
  visit: Visit,
  repository: Repository,
  reference: string,
): Promise<FastifyReply> {
  const { images, registry } = visit.web
  const named = parseReference(reference)
  const found = named && (await images.manifest(repository, named))
  if (!found) return sendError(visit, 404)
  const { digest, manifest } = found
  const [signatures, referrers, config] = await Promise.all([
    signaturesOf(images, repository, digest, registry.trustedKeys),
    images.referrers(repository, digest),
    manifest?.kind === 'image' && manifest.config && isImage(manifest.config)
      ? images.config(repository, manifest.config.digest)
      : undefined,
  ])
  const address = `${registry.host}/${repository}@${digest}`
  const body = html`<h1>${repository}:${reference}</h1>
${signatureState(signatures)}
${facts(found, config)}
<h2>Pull</h2>
<pre><code>docker pull ${address}
podman pull ${address}
skopeo copy docker://${address} dir:image</code></pre>
${manifest && contents(visit, repository, manifest)}
${config && configuration(config)}
${referrerList(visit, repository, referrers, signatures)}
<h2>Verify</h2>
<pre><code>cosign verify --key KEY.pub ${address}</code></pre>`
  return sendOwn(visit, { title: `${repository}:${reference}`, body, section: '' })
}

/** Reproducible builds have no date, or one that is none. */
const YEAR_1990 = Date.UTC(1990)

const isImage = ({ mediaType }: Descriptor) =>
  /^application\/vnd\.(oci\.image\.config\.v1|docker\.container\.image\.v1)\+json$/.test(mediaType)

/** Says what was checked, and what was not: nothing in between. */
function signatureState(signatures: readonly Signature[]): Html {
  const signed = signatures.filter(({ predicateType }) => predicateType === SIGNED)
  const keys = [...new Set(signed.flatMap(({ key }) => key ?? []))]
  if (keys.length > 0) {
    return html`<p class="signed">Signature verified by ${keys.join(', ')}.</p>`
  }
  return signed.length > 0
    ? html`<p class="unsigned">Signed, but by no key that is trusted here: not verified.</p>`
    : html`<p class="unsigned">Not signed.</p>`
}

function facts({ digest, bytes, manifest }: FoundManifest, config: ImageConfig | undefined): Html {
  const layers = manifest?.kind === 'image' ? manifest.layers : []
  const total = layers.reduce((sum, { size }) => sum + size, bytes)
  return html`<dl class="facts">
<dt>Digest</dt><dd><code>${digest}</code></dd>
<dt>Kind</dt><dd>${manifest?.artifactType ?? manifest?.mediaType ?? 'unknown'}</dd>
${config?.platform && html`<dt>Platform</dt><dd>${config.platform}</dd>`}
${config?.created && Date.parse(config.created) > YEAR_1990 && html`<dt>Made</dt><dd>${time(Date.parse(config.created))}</dd>`}
${manifest?.kind === 'image' && html`<dt>Size</dt><dd>${sizeInWords(total)}</dd>`}
</dl>`
}

function contents({ web: { site } }: Visit, repository: Repository, manifest: Manifest): Html {
  if (manifest.kind === 'index') {
    return html`<h2>Platforms</h2>
<ul class="rows">${manifest.manifests.map(
      ({ digest, platform, size }) =>
        html`<li><div><a href="${site.path(`repositories/${repository}/digests/${digest}`)}">${platform ?? 'other'}</a> ${shortDigest(digest)}</div><span class="small">manifest of ${sizeInWords(size)}</span></li>`,
    )}</ul>`
  }
  return html`<h2>Layers</h2>
<div class="table"><table><thead><tr><th scope="col">Digest</th><th scope="col">Kind</th><th scope="col" class="number">Size</th></tr></thead><tbody>${manifest.layers.map(
    ({ digest, mediaType, size }) =>
      html`<tr><td>${shortDigest(digest)}</td><td>${mediaType}</td><td class="number">${sizeInWords(size)}</td></tr>`,
  )}</tbody></table></div>`
}

function configuration(config: ImageConfig): Html {
  const line = (label: string, words: readonly string[]) =>
    words.some(Boolean) && html`<dt>${label}</dt><dd><code>${words.join(' ')}</code></dd>`
  return html`<h2>Configuration</h2>
<dl class="facts">
${line('Entrypoint', config.entrypoint)}
${line('Command', config.command)}
${line('User', [config.user])}
${line('Directory', [config.workingDirectory])}
${line('Ports', config.ports)}
${config.environment.map((each) => html`<dt>Environment</dt><dd><code>${each}</code></dd>`)}
${[...config.labels].map(([key, value]) => html`<dt>${key}</dt><dd>${value}</dd>`)}
</dl>
${
  config.history.length > 0 &&
  html`<details><summary>History</summary><ol class="rows">${config.history.map(
    ({ createdBy }) => html`<li><div><code>${createdBy || '–'}</code></div></li>`,
  )}</ol></details>`
}`
}

function referrerList(
  { web: { site } }: Visit,
  repository: Repository,
  referrers: readonly Descriptor[],
  signatures: readonly Signature[],
): Html | '' {
  if (referrers.length === 0 && signatures.length === 0) return ''
  return html`<h2>What refers to it</h2>
<ul class="rows">${referrers.map(
    ({ digest, artifactType, mediaType, size }) =>
      html`<li><div><a href="${site.path(`repositories/${repository}/digests/${digest}`)}">${artifactType ?? mediaType}</a> ${shortDigest(digest)}</div><span class="small">${sizeInWords(size)}</span></li>`,
  )}${signatures.map(
    ({ form, key, predicateType }) =>
      html`<li><div>${predicateType === SIGNED ? 'Signature' : predicateType} <span class="small">(${form === 'tag' ? 'by its tag' : 'bundle'})</span></div><span class="${key ? 'signed' : 'unsigned'}">${key ? `verified by ${key}` : 'not verified'}</span></li>`,
  )}</ul>`
}
