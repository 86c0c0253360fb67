// One post as it stands in every list and thread, an h-entry (https://microformats.org/wiki/h-entry).
import { type Html, html } from '@fuchsbau/shared/html.ts'
import { renderActions } from './actions.ts'
import { renderAttachments } from './attachment.ts'
import { count, type Reader, time } from './layout.ts'
import { nameText, personLine, personName } from './person.ts'
import { renderPoll } from './poll.ts'
import type { Site } from './site.ts'
import type { Audience, PostView } from './views.ts'

export type ArticleOptions = {
  site: Site
  /** Set on private pages: the post gets its actions. */
  reader?: Reader
  /** Where an action returns to, see `back.ts`. */
  back?: string
  className?: string
}

const audiences: Record<Audience, string> = {
  public: 'Public',
  unlisted: 'Unlisted',
  followers: 'Followers only',
  direct: 'Direct message',
}

export function renderArticle(post: PostView, options: ArticleOptions): Html {
  const { site, reader, back = '', className = '' } = options
  const { own, audience } = post
  const page = reader
    ? `${site.own(reader.user, 'post')}?id=${encodeURIComponent(post.id)}`
    : post.url
  const content = html`${post.title ? html`<h3 class="p-name title">${post.title}</h3>` : ''}
<div class="e-content content" dir="auto"${post.language ? html` lang="${post.language}"` : ''}>${post.content}</div>
${renderPoll(post, site, reader, back)}
${renderMedia(post)}`
  return html`<article id="${post.isPinned ? 'pin' : 'p'}-${post.key}" class="post h-entry ${className}" aria-label="Post by ${nameText(post.author)}">
${context(post)}
<header>${personLine(post.author)}
<p class="meta"><a class="u-url" href="${page}">${time(post.publishedAt, 'dt-published')}</a>${
    post.editedAt ? html` · <span>edited ${time(post.editedAt, 'dt-updated', true)}</span>` : ''
  }${audience === 'public' ? '' : html` · <span class="audience">${audiences[audience]}</span>`}</p></header>
${post.warning ? behindWarning(post.warning, content) : content}
<footer>${reader && own ? renderActions(post, own, { site, reader, back }) : counts(post)}</footer>
</article>`
}

/** What comes before the post itself: who boosted it, whom it answers, that it is pinned. */
function context({ boostedBy, inReplyTo, isPinned }: PostView): Html {
  const answered = inReplyTo?.url
    ? html`<a class="u-in-reply-to" href="${inReplyTo.url}">${inReplyTo.handle}</a>`
    : inReplyTo?.handle
  return html`${isPinned ? html`<p class="context">Pinned</p>` : ''}${
    boostedBy
      ? html`<p class="context"><a href="${boostedBy.url}">${personName(boostedBy)}</a> boosted</p>`
      : ''
  }${inReplyTo ? html`<p class="context">In reply to ${answered}</p>` : ''}`
}

function behindWarning(warning: string, content: Html): Html {
  return html`<details class="warning"><summary><span class="hidden">Content warning: </span><span class="p-summary">${warning}</span></summary>
${content}</details>`
}

/** Sensitive pictures wait for a click, unless the whole post does. */
function renderMedia({ attachments, isSensitive, warning }: PostView): Html | '' {
  const media = renderAttachments(attachments)
  if (!media || !isSensitive || warning) return media
  return html`<details class="warning"><summary>Sensitive: ${count(attachments.length, 'attachment')}</summary>${media}</details>`
}

function counts({ counts: { replies, boosts, likes } }: PostView): Html {
  const parts = [
    ...(replies > 0 ? [count(replies, 'reply', 'replies')] : []),
    ...(boosts > 0 ? [count(boosts, 'boost')] : []),
    ...(likes > 0 ? [count(likes, 'like')] : []),
  ]
  return parts.length > 0 ? html`<p class="small">${parts.join(' · ')}</p>` : html``
}
