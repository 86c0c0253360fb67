// Custom emoji of this server: pictures in a media folder of their own, named by their shortcodes.
// As Mastodon has them: https://docs.joinmastodon.org/spec/activitypub/#Emoji

import type { Context } from '../context.ts'

/** The folder below media/, and in their URLs the place of a user; no user can have that name. */
export const EMOJI_FOLDER = 'emoji'

/** Image URLs by shortcode, without colons. */
export function emojiUrls({ store, urls }: Context): ReadonlyMap<string, string> {
  const files = store.media.names(EMOJI_FOLDER)
  return new Map(
    files.map((file) => [file.replace(/\.[^.]*$/, ''), urls.media(EMOJI_FOLDER, file)]),
  )
}
