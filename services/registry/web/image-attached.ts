// On the page of an image: what is attached to it, and the tree of what refers to it.
import { type Html, html } from '@fuchsbau/shared/html.ts'
import { time } from '@fuchsbau/shared/page/layout.ts'
import { type Attached, isSignature } from '../images/attached.ts'
import { meantDate } from '../images/facts.ts'
import type { Referrer, ReferrerTree } from '../images/tree.ts'
import { artifactInWords, predicateInWords } from '../images/words.ts'
import type { Digest, Repository } from '../name.ts'
import { shortDigest, sizeInWords } from './layout.ts'
import { addressOf } from './paging.ts'
import { signerWords } from './signature-words.ts'
import type { Visit } from './visit.ts'

const FORMS = { tag: 'by its tag', bundle: 'bundle', referrer: 'attached', index: 'in the index' }

/** Signatures, attestations and SBOMs, each with who signed it. */
export function attachedList(
  visit: Visit,
  repository: Repository,
  digest: Digest,
  attached: readonly Attached[] | undefined,
): Html | '' {
  if (!attached) {
    return html`<h2>Signatures, attestations, SBOMs</h2>
<p class="notice bad">They could not be read now. Reload the page in a minute.</p>`
  }
  if (attached.length === 0) return ''
  return html`<h2>Signatures, attestations, SBOMs</h2>
<ul class="rows">${attached.map((each) => attachedRow(visit, repository, digest, each))}</ul>`
}

function attachedRow(
  { web: { site } }: Visit,
  repository: Repository,
  digest: Digest,
  attached: Attached,
): Html {
  const { manifest, blob, bytes, form, image, key, unchecked } = attached
  const label = attachedLabel(attached)
  const address = addressOf(site.path('attachment'), { repository, image: digest, manifest, blob })
  // What is only a signature says nothing more.
  const name = isSignature(attached) ? label : html`<a href="${address}">${label}</a>`
  const about = [FORMS[form], bytes > 0 && sizeInWords(bytes)].filter(Boolean).join(', ')
  const state =
    unchecked === undefined
      ? signerWords(key)
      : html`<span class="unsigned">${unchecked === 'large' ? 'open it to check who signed it' : 'could not be read'}</span>`
  return html`<li><div>${name}<p class="small">${about}${image !== digest && html` · for ${shortDigest(image)}`}</p></div>${state}</li>`
}

export function attachedLabel({ predicateType, mediaType }: Attached): string {
  return predicateType === '' ? artifactInWords(mediaType) : predicateInWords(predicateType)
}

/** What refers to the image, and what refers to that. */
export function referrerTree(
  visit: Visit,
  repository: Repository,
  tree: ReferrerTree | undefined,
): Html | '' {
  if (!tree || tree.referrers.length === 0) return ''
  return html`<h2>What refers to it</h2>
${branch(visit, repository, tree.referrers)}
${tree.isCut && html`<p class="small">There is more than is shown here; <code>oras discover</code> shows all.</p>`}`
}

function branch(visit: Visit, repository: Repository, referrers: readonly Referrer[]): Html {
  const { site } = visit.web
  return html`<ul class="tree">${referrers.map(({ descriptor, referrers: more }) => {
    const { digest, artifactType, mediaType, size, annotations } = descriptor
    const said = annotations.get('dev.sigstore.bundle.predicateType')
    const label =
      said === undefined ? artifactInWords(artifactType ?? mediaType) : predicateInWords(said)
    const made = meantDate(annotations.get('org.opencontainers.image.created'))
    return html`<li><a href="${site.path(`repositories/${repository}/digests/${digest}`)}">${label}</a> ${shortDigest(digest)} <span class="small">manifest of ${sizeInWords(size)}${made !== undefined && html`, made ${time(made)}`}</span>${more.length > 0 && branch(visit, repository, more)}</li>`
  })}</ul>`
}
