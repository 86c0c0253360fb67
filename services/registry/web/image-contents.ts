// What is in an image: the platforms of an index, layers beside the steps that made them, configuration, annotations.
import { type Html, html } from '@fuchsbau/shared/html.ts'
import { count } from '@fuchsbau/shared/page/layout.ts'
import type { Descriptor, ImageConfig, Manifest } from '../images/document.ts'
import { type ImageFacts, platformsOf } from '../images/facts.ts'
import type { Digest, Repository } from '../name.ts'
import { shortDigest, sizeInWords } from './layout.ts'
import type { Visit } from './visit.ts'

type Index = Extract<Manifest, { kind: 'index' }>
type Image = Extract<Manifest, { kind: 'image' }>

export function platformList(
  { web: { site } }: Visit,
  repository: Repository,
  index: Index,
  facts: ReadonlyMap<Digest, ImageFacts>,
): Html {
  const rows = platformsOf(index).map(({ digest, platform }) => {
    const bytes = facts.get(digest)?.bytes
    return html`<li><div><a href="${site.path(`repositories/${repository}/digests/${digest}`)}">${platform ?? 'other'}</a> ${shortDigest(digest)}</div><span class="small">${bytes !== undefined && sizeInWords(bytes)}</span></li>`
  })
  return html`<h2>Platforms</h2>
${rows.length === 0 ? html`<p class="empty">It names none.</p>` : html`<ul class="rows">${rows}</ul>`}`
}

export function configuration(config: ImageConfig): Html | '' {
  const line = (label: string, words: readonly string[]) =>
    words.some(Boolean) &&
    html`<dt>${label}</dt><dd><code>${words.map(quoted).join(' ')}</code></dd>`
  const each = (label: string, words: readonly string[]) =>
    words.length > 0 &&
    html`<dt>${label}</dt><dd><ul class="plain">${words.map((word) => html`<li><code>${word}</code></li>`)}</ul></dd>`
  const lines = [
    line('Entrypoint', config.entrypoint),
    line('Command', config.command),
    line('User', [config.user]),
    line('Directory', [config.workingDirectory]),
    each('Ports', config.ports),
    each('Volumes', config.volumes),
    each('Environment', config.environment),
    config.author !== undefined && html`<dt>Author</dt><dd>${config.author}</dd>`,
  ].filter(Boolean)
  const labels = [...config.labels].map(([key, value]) => html`<dt>${key}</dt><dd>${value}</dd>`)
  if (lines.length + labels.length === 0) return ''
  return html`<h2>Configuration</h2>
${lines.length > 0 && html`<dl class="facts">${lines}</dl>`}
${labels.length > 0 && html`<details><summary>${count(labels.length, 'label')}</summary><dl class="facts wide">${labels}</dl></details>`}`
}

/** Words of a command as they were: one with a space is one. */
function quoted(word: string): string {
  return /[\s"]/.test(word) || word === '' ? JSON.stringify(word) : word
}

/** Layers beside the steps that made them, the first one first; each by itself when they do not fit together. */
export function layers({ layers: all }: Image, config: ImageConfig | undefined): Html {
  const history = config?.history ?? []
  const made = history.filter(({ isEmpty }) => !isEmpty)
  if (history.length === 0 || made.length !== all.length) return bareLayers(all, history)
  let next = 0
  const rows = history.map(({ createdBy, isEmpty }) => {
    const layer = isEmpty ? undefined : all[next++]
    return html`<li><div><code class="step">${createdBy || '–'}</code>${layer && html`<p class="small">${shortDigest(layer.digest)}</p>`}</div><span class="small number">${layer ? sizeInWords(layer.size) : 'no layer'}</span></li>`
  })
  return html`<h2>Layers</h2>
<ol class="rows">${rows}</ol>`
}

function bareLayers(all: readonly Descriptor[], history: ImageConfig['history']): Html {
  const rows = all.map(
    ({ digest, mediaType, size, annotations }) =>
      html`<li><div>${annotations.get('org.opencontainers.image.title') ?? mediaType}<p class="small">${shortDigest(digest)}</p></div><span class="small number">${sizeInWords(size)}</span></li>`,
  )
  return html`<h2>Layers</h2>
${rows.length === 0 ? html`<p class="empty">It has none.</p>` : html`<ol class="rows">${rows}</ol>`}
${
  history.length > 0 &&
  html`<details><summary>How it was made (these steps do not fit the layers)</summary><ol class="rows">${history.map(({ createdBy }) => html`<li><div><code class="step">${createdBy || '–'}</code></div></li>`)}</ol></details>`
}`
}

export function annotationList(annotations: ReadonlyMap<string, string>): Html | '' {
  if (annotations.size === 0) return ''
  return html`<h2>Annotations</h2>
<dl class="facts wide">${[...annotations].map(([key, value]) => html`<dt>${key}</dt><dd>${value}</dd>`)}</dl>`
}
