// The main facts of SLSA provenance: by what an image was built, from where, out of what.
import { type Html, html } from '@fuchsbau/shared/html.ts'
import { time } from '@fuchsbau/shared/page/layout.ts'
import type { Provenance } from '../images/provenance.ts'

export function provenanceFacts(provenance: Provenance): Html {
  const { builder, buildType, source, invocation, startedAt, finishedAt } = provenance
  const line = (label: string, value: Html | string) =>
    value !== '' && html`<dt>${label}</dt><dd>${value}</dd>`
  return html`<h2>How it was built</h2>
<dl class="facts">
${line('Builder', builder)}
${line('Kind of build', buildType)}
${source.length > 0 && html`<dt>Source</dt><dd><ul class="plain">${source.map((each) => html`<li>${each}</li>`)}</ul></dd>`}
${line('Run', invocation)}
${line('Began', dateOf(startedAt))}
${line('Ended', dateOf(finishedAt))}
</dl>
${materials(provenance)}`
}

function materials({ materials: all, materialCount }: Provenance): Html | '' {
  if (all.length === 0) return ''
  const rest = materialCount - all.length
  return html`<h2>Out of what</h2>
<ul class="rows">${all.map(({ uri, digest }) => html`<li><div>${uri || '–'}${digest && html`<p class="small"><code>${digest}</code></p>`}</div></li>`)}</ul>
${rest > 0 && html`<p class="small">And ${rest.toLocaleString('en')} more: download it to see all.</p>`}`
}

function dateOf(text: string): Html | string {
  const at = Date.parse(text)
  return Number.isNaN(at) ? text : time(at)
}
