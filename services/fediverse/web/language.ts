// The languages that a post or a profile can be said to be in.
import { type Html, html } from '@fuchsbau/shared/html.ts'

/** ISO 639 code and the language's own name. */
const languages: [string, string][] = [
  ['ar', 'العربية'],
  ['bg', 'Български'],
  ['ca', 'Català'],
  ['cs', 'Čeština'],
  ['da', 'Dansk'],
  ['de', 'Deutsch'],
  ['el', 'Ελληνικά'],
  ['en', 'English'],
  ['eo', 'Esperanto'],
  ['es', 'Español'],
  ['et', 'Eesti'],
  ['eu', 'Euskara'],
  ['fa', 'فارسی'],
  ['fi', 'Suomi'],
  ['fr', 'Français'],
  ['ga', 'Gaeilge'],
  ['gl', 'Galego'],
  ['he', 'עברית'],
  ['hi', 'हिन्दी'],
  ['hr', 'Hrvatski'],
  ['hu', 'Magyar'],
  ['id', 'Bahasa Indonesia'],
  ['it', 'Italiano'],
  ['ja', '日本語'],
  ['ko', '한국어'],
  ['lt', 'Lietuvių'],
  ['lv', 'Latviešu'],
  ['nl', 'Nederlands'],
  ['no', 'Norsk'],
  ['pl', 'Polski'],
  ['pt', 'Português'],
  ['ro', 'Română'],
  ['ru', 'Русский'],
  ['sk', 'Slovenčina'],
  ['sl', 'Slovenščina'],
  ['sr', 'Српски'],
  ['sv', 'Svenska'],
  ['tr', 'Türkçe'],
  ['uk', 'Українська'],
  ['vi', 'Tiếng Việt'],
  ['zh', '中文'],
]

/** A language tag as the form takes it (BCP 47, without its rarer parts). */
export const LANGUAGE = /^[a-z]{2,3}(?:-[a-z0-9]{2,8}){0,3}$/i

/** The options of a select; a language that is not in the list is put first. */
export function languageOptions(chosen: string): Html {
  const isListed = languages.some(([code]) => code === chosen)
  const all: [string, string][] = isListed || !chosen ? languages : [[chosen, chosen], ...languages]
  return html`${all.map(
    ([code, name]) =>
      html`<option value="${code}"${code === chosen ? html` selected` : ''}>${name}</option>`,
  )}`
}
