// Messages that a page shows after a form was sent: a code in the address names one of these sentences.

export const messages = {
  added: 'Added. The bouncer connects now.',
  away: 'Ended.',
  changed: 'Saved.',
  channel: 'Added: it is joined now, or as soon as the network is back.',
  certificate: 'Made. Give its fingerprint to the network, then reconnect.',
  connecting: 'Connecting. Reload the page to see how it goes.',
  deleted: 'Deleted.',
  disconnected: 'Disconnected. The bouncer stays away until you connect it again.',
  linked: 'Linked: you can log in with the identity provider from now on.',
  out: 'You are logged out.',
  parted: 'Left. Its history stays.',
  password: 'Your password is changed. Other browsers are logged out.',
  reconnecting: 'Saved. The bouncer connects anew with the new settings.',
  revoked: 'Revoked. Nobody logs in with it any more.',
  unlinked: 'The identity provider is unlinked from this account.',
} as const
export type MessageCode = keyof typeof messages
