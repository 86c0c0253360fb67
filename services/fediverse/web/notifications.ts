// What happened to the signed-in person's posts and profile.
import { type Html, html } from '@fuchsbau/shared/html.ts'
import { plainText } from '../post/sanitize.ts'
import { renderArticle } from './article.ts'
import { csrfField, notice, paging, type Reader, renderPage, time } from './layout.ts'
import { personLine, personName } from './person.ts'
import type { Site } from './site.ts'
import type { NotificationView, PageOf } from './views.ts'

type Options = { site: Site; reader: Reader; back: string; message?: string | undefined }

const sentences: Record<NotificationView['kind'], string> = {
  mention: 'mentioned you',
  reply: 'answered you',
  like: 'liked your post',
  reaction: 'reacted to your post',
  boost: 'boosted your post',
  follow: 'follows you now',
  request: 'wants to follow you',
  poll: 'closed a poll that you voted in or made',
  edit: 'edited a post that you boosted',
  move: 'moved to another account',
}

/** Kinds whose post is to be read and answered; the others only say which post it was. */
const shown = new Set(['mention', 'reply', 'poll', 'edit'])

export function renderNotifications(page: PageOf<NotificationView>, options: Options): string {
  const { site, reader, message } = options
  const path = site.own(reader.user, 'notifications')
  const body = html`<h1>Notifications</h1>
${notice(message)}
${page.items.map((item) => renderNotification(item, options))}
${page.items.length === 0 ? html`<p class="empty">Nothing has happened yet.</p>` : ''}
${paging(path, page)}`
  return renderPage({ site, title: 'Notifications', body, reader, current: path })
}

function renderNotification(item: NotificationView, { site, reader, back }: Options): Html {
  const { kind, who, post, emoji, isNew, key, at } = item
  const isFull = post && shown.has(kind)
  return html`<section class="notification${isNew ? ' new' : ''}" id="n-${key}">
<p class="what">${isNew ? html`<span class="badge">new</span> ` : ''}${isFull ? html`<strong>${personName(who)}</strong>` : personLine(who, 'p-name')} <span>${sentences[kind]}${
    emoji ? html` with ${emoji}` : ''
  }</span> <span class="small">${time(at)}</span></p>
${post ? (isFull ? renderArticle(post, { site, reader, back }) : excerpt(post, site, reader)) : ''}
${kind === 'request' ? answer(item, site, reader, back) : ''}
</section>`
}

function excerpt(post: NonNullable<NotificationView['post']>, site: Site, reader: Reader): Html {
  const text = post.warning ?? plainText(post.content.text, 140)
  return html`<p class="excerpt" dir="auto"><a href="${site.own(reader.user, 'post')}?id=${encodeURIComponent(post.id)}">${text || 'A post without text'}</a></p>`
}

function answer({ who }: NotificationView, site: Site, reader: Reader, back: string): Html {
  const { user } = reader
  return html`<form class="actions" method="post" action="${site.own(user, 'accept')}">${csrfField(reader)}
<input type="hidden" name="whom" value="${who.id}"><input type="hidden" name="back" value="${back}">
<button class="act" aria-label="Accept ${who.handle}">Accept</button>
<button class="act" formaction="${site.own(user, 'reject')}" aria-label="Reject ${who.handle}">Reject</button></form>`
}
