// How a person is named and pictured, everywhere.
import { type Html, html, raw } from '@fuchsbau/shared/html.ts'
import { textWithEmoji } from '../post/sanitize.ts'
import type { PersonView } from './views.ts'

/** Her name with its custom emoji, or her handle; kept apart so that its direction does not leak. */
export function personName({ name, handle, emoji }: PersonView): Html {
  return html`<bdi>${raw(textWithEmoji(name.trim() === '' ? handle : name, emoji))}</bdi>`
}

/** Name as plain text, for titles. */
export function nameText({ name, handle }: PersonView): string {
  return name.trim() === '' ? handle : name
}

/** The picture, without alt text: the name always stands beside it. */
export function avatar(person: PersonView, size: number): Html {
  if (person.avatarUrl) {
    return html`<img class="avatar" src="${person.avatarUrl}" alt="" width="${size}" height="${size}" loading="lazy">`
  }
  const letter = [...nameText(person).replace(/^@/, '')][0] ?? '?'
  return html`<svg class="avatar" width="${size}" height="${size}" viewBox="0 0 40 40" aria-hidden="true"><rect width="40" height="40"/><text x="20" y="27" text-anchor="middle">${letter.toUpperCase()}</text></svg>`
}

/** Picture, name and handle on one line, as an h-card (https://microformats.org/wiki/h-card). */
export function personLine(person: PersonView, className = 'p-author'): Html {
  const label = person.name.trim() === '' ? '' : html` <span class="handle">${person.handle}</span>`
  return html`<a class="person ${className} h-card" href="${person.url}">${avatar(person, 44)}<span class="who"><span class="p-name">${personName(person)}</span>${label}</span></a>`
}
