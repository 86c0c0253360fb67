// How pages speak of signatures: what was checked, what was not, nothing in between.
import { type Html, html } from '@fuchsbau/shared/html.ts'
import type { SignatureState } from '../images/attached.ts'
import type { Signer } from '../images/signature.ts'

/** A sentence. */
export function signatureSentence(state: SignatureState): Html {
  switch (state.kind) {
    case 'verified':
      return html`<p class="signed">Signature verified by ${state.keys.join(', ')}.</p>`
    case 'unverified':
      return html`<p class="unsigned">Signed, but by no key that is trusted here: not verified.</p>`
    case 'none':
      return html`<p class="unsigned">Not signed.</p>`
    case 'unknown':
      return html`<p class="unsigned">Whether it is signed is not known: something that is attached to it could not be read. Reload the page in a minute.</p>`
  }
}

/** In a list: a word or two. */
export function signatureWords(state: SignatureState | undefined): Html | '' {
  switch (state?.kind) {
    case 'verified':
      return html`<span class="signed">verified by ${state.keys.join(', ')}</span>`
    case 'unverified':
      return html`<span class="unsigned">signed, not verified</span>`
    case 'none':
      return html`<span class="unsigned">not signed</span>`
    default:
      return ''
  }
}

/** Of one document; undefined: nobody signed it. */
export function signerWords(key: Signer | undefined): Html {
  if (key === undefined) return html`<span class="unsigned">not signed</span>`
  if (key === null) return html`<span class="unsigned">not verified</span>`
  return html`<span class="signed">verified by ${key}</span>`
}
