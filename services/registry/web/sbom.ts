// A bill of materials as a table: found by a word, a page at a time.
import { type Html, html } from '@fuchsbau/shared/html.ts'
import { queryOf } from '@fuchsbau/shared/page/form.ts'
import { count, time } from '@fuchsbau/shared/page/layout.ts'
import { type Component, MAX_COMPONENTS, type Sbom } from '../images/sbom.ts'
import { pageOf, pagingLinks, searchForm } from './paging.ts'
import type { Visit } from './visit.ts'

const PAGE = 100

/** `place`: what the address says of the document. */
export function sbomTable(
  { web: { site }, request }: Visit,
  sbom: Sbom,
  place: Readonly<Record<string, string>>,
): Html {
  const wanted = queryOf(request, 'q') ?? ''
  const found = filtered(sbom.components, wanted)
  const page = pageOf(found, request, PAGE)
  const path = site.path('attachment')
  return html`<h2>Document</h2>
<dl class="facts">
<dt>Format</dt><dd>${sbom.format}</dd>
${sbom.name && html`<dt>Of</dt><dd>${sbom.name}</dd>`}
${sbom.created && html`<dt>Made</dt><dd>${time(Date.parse(sbom.created))}</dd>`}
${sbom.tools.length > 0 && html`<dt>By</dt><dd>${sbom.tools.join(', ')}</dd>`}
${sbom.id && html`<dt>Id</dt><dd>${sbom.id}</dd>`}
</dl>
<h2>Components</h2>
<p class="small">${count(sbom.components.length, 'component')}${sbom.isCut && `; there are more, and ${MAX_COMPONENTS.toLocaleString('en')} are shown at most`}${wanted !== '' && `, of which ${count(found.length, 'fits', 'fit')} “${wanted}”`}.</p>
${sbom.components.length > 0 && searchForm(path, 'Name, licence or purl', wanted, place)}
${found.length === 0 ? html`<p class="empty">${wanted === '' ? 'It names none.' : 'None fits.'}</p>` : table(page.items)}
${pagingLinks(page, path, { ...place, q: wanted })}`
}

function filtered(components: readonly Component[], wanted: string): readonly Component[] {
  const word = wanted.toLowerCase()
  if (word === '') return components
  return components.filter(({ name, version, licence, purl }) =>
    `${name} ${version} ${licence} ${purl}`.toLowerCase().includes(word),
  )
}

function table(components: readonly Component[]): Html {
  return html`<div class="table" tabindex="0" role="region" aria-label="Components"><table class="components"><thead><tr><th scope="col">Name</th><th scope="col">Version</th><th scope="col">Licence</th><th scope="col">Package URL</th></tr></thead><tbody>${components.map(
    ({ name, version, licence, purl }) =>
      html`<tr><td>${name || '–'}</td><td>${version}</td><td>${licence}</td><td>${purl && html`<code>${purl}</code>`}</td></tr>`,
  )}</tbody></table></div>`
}
