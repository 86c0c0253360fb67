// Fields of forms: label, control, hint and what is wrong with it, tied together for screen readers.
import { type Html, html } from '@fuchsbau/shared/html.ts'

export interface Field {
  name: string
  label: string
  hint?: string
  /** Values and their words, for a select. */
  options?: readonly (readonly [value: string, words: string])[]
  kind?: 'text' | 'number' | 'secret' | 'new-secret' | 'area' | 'check' | 'search'
  isRequired?: boolean
  placeholder?: string
  /** For `autocomplete`; else browsers are told to leave it alone. */
  complete?: string
  rows?: number
}

/** What was wrong with which field, when a form is shown again. */
export interface Problem {
  reason: string
  field?: string
}

/** One field with its value. Secrets are never filled in. */
export function renderField(field: Field, value: string, problem?: Problem): Html {
  const { name, label, hint, kind = 'text' } = field
  const isWrong = problem?.field === name
  const ids = [hint && `${name}-hint`, isWrong && `${name}-problem`].filter(Boolean).join(' ')
  const about = html`${ids && html` aria-describedby="${ids}"`}${isWrong && html` aria-invalid="true"`}`
  const more = html`${hint && html`<p class="small hint" id="${name}-hint">${hint}</p>`}${
    isWrong && html`<p class="wrong" id="${name}-problem">${problem.reason}</p>`
  }`
  if (kind === 'check') {
    return html`<label><input type="checkbox" name="${name}" value="yes"${value && html` checked`}${about}> <span>${label}</span></label>${more}`
  }
  return html`<div class="field"><label for="${name}">${label}</label>
${control(field, value, about)}${more}</div>`
}

function control(field: Field, value: string, about: Html): Html {
  const { name, options, kind = 'text', isRequired, placeholder, complete = 'off' } = field
  const common = html` id="${name}" name="${name}" autocomplete="${complete}"${
    isRequired && html` required`
  }${placeholder && html` placeholder="${placeholder}"`}${about}`
  if (options) {
    return html`<select${common}>${options.map(
      ([each, words]) =>
        html`<option value="${each}"${each === value && html` selected`}>${words}</option>`,
    )}</select>`
  }
  if (kind === 'area') {
    return html`<textarea${common} rows="${field.rows ?? 4}" spellcheck="false">
${value}</textarea>`
  }
  if (kind === 'number')
    return html`<input inputmode="numeric" pattern="[0-9]*"${common} value="${value}">`
  if (kind === 'secret' || kind === 'new-secret') return html`<input type="password"${common}>`
  return html`<input type="${kind}" autocapitalize="none" spellcheck="false"${common} value="${value}">`
}
