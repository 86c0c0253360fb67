// Addresses of lists: a word that is looked for, an order, and a page; and the links between their pages.
import { type Html, html } from '@fuchsbau/shared/html.ts'
import { queryOf } from '@fuchsbau/shared/page/form.ts'
import type { FastifyRequest } from 'fastify'

export interface PageOf<T> {
  items: readonly T[]
  /** From 1. */
  page: number
  pages: number
}

/** The part of a list that the address asks for; the nearest one when there is no such page. */
export function pageOf<T>(all: readonly T[], request: FastifyRequest, size: number): PageOf<T> {
  const pages = Math.max(1, Math.ceil(all.length / size))
  const wanted = Number(/^\d{1,6}$/.exec(queryOf(request, 'page') ?? '')?.[0] ?? 1)
  const page = Math.min(pages, Math.max(1, wanted))
  return { items: all.slice((page - 1) * size, page * size), page, pages }
}

/** `path?a=1&b=2`, without what is empty. */
export function addressOf(
  path: string,
  query: Readonly<Record<string, string | number | undefined>>,
): string {
  const words = new URLSearchParams()
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined && value !== '') words.set(key, String(value))
  }
  return words.size === 0 ? path : `${path}?${words}`
}

/** Links to the page before and the next; nothing when there is one page. */
export function pagingLinks(
  { page, pages }: PageOf<unknown>,
  path: string,
  query: Readonly<Record<string, string>>,
): Html | '' {
  if (pages === 1) return ''
  const link = (to: number, label: string, rel: string) =>
    to < 1 || to > pages
      ? html`<span></span>`
      : html`<a rel="${rel}" href="${addressOf(path, { ...query, page: to })}">${label}</a>`
  return html`<nav class="paging" aria-label="Pages">${link(page - 1, 'Previous', 'prev')}<span class="small">Page ${page} of ${pages}</span>${link(page + 1, 'Next', 'next')}</nav>`
}

/** A field to look for something in a list, which leads to its first page. */
export function searchForm(
  path: string,
  label: string,
  wanted: string,
  kept: Readonly<Record<string, string>> = {},
): Html {
  return html`<form class="search" role="search" action="${path}">${Object.entries(kept)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}
<div><label for="q">${label}</label><input id="q" name="q" value="${wanted}" maxlength="255" autocapitalize="none" autocomplete="off" spellcheck="false"></div>
<button>Search</button>
</form>`
}
