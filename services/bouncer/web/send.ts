// How pages are sent, and what they say of what went wrong.
import { makePageSender, type PageExchange } from '@fuchsbau/shared/page/sender.ts'
import { renderPage } from './layout.ts'
import { messages } from './message.ts'
import type { Web } from './visit.ts'

export type Exchange = PageExchange<Web>

const texts = {
  503: ['Not now', 'Nothing can be stored at the moment. Whoever runs the bouncer can see why.'],
} as const

export const { sendOwn, sendPublic, sendError, done } = makePageSender({
  render: renderPage,
  messages,
  texts,
  home: 'To your networks',
})
