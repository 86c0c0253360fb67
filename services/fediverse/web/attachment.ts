// What is attached to a post: pictures, sound, films, files, each with its alt text in sight.
import { type Html, html } from '@fuchsbau/shared/html.ts'
import type { AttachmentView } from './views.ts'

export function renderAttachments(attachments: readonly AttachmentView[]): Html | '' {
  if (attachments.length === 0) return ''
  return html`<div class="media">${attachments.map(renderAttachment)}</div>`
}

function renderAttachment(attachment: AttachmentView): Html {
  const { name } = attachment
  const caption = name
    ? html`<figcaption><span class="hidden">Description: </span>${name}</figcaption>`
    : html`<figcaption class="missing">No description</figcaption>`
  return html`<figure>${media(attachment)}${caption}</figure>`
}

function media({ url, mediaType, name, width, height }: AttachmentView): Html {
  if (!/^https?:/i.test(url)) return html`<p>${url}</p>`
  const kind = mediaType.split('/', 1)[0]
  if (kind === 'image' && mediaType !== 'image/svg+xml') {
    const size = width && height ? html` width="${width}" height="${height}"` : ''
    return html`<a href="${url}"><img class="u-photo" src="${url}" alt="${name}" loading="lazy"${size}></a>`
  }
  if (kind === 'video')
    return html`<video class="u-video" src="${url}" controls preload="none" aria-label="${name}"></video>`
  if (kind === 'audio')
    return html`<audio class="u-audio" src="${url}" controls preload="none" aria-label="${name}"></audio>`
  return html`<p><a href="${url}" rel="nofollow noopener noreferrer">Attached file (${mediaType})</a></p>`
}
