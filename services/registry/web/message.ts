// Messages that a page shows after a form was sent: a code in the address names one of these sentences.

export const messages = {
  approved: 'Approved. The terminal goes on by itself in a few seconds.',
  deleted: 'Deleted.',
  denied: 'Denied. The terminal gets nothing.',
  out: 'You are logged out.',
  revoked: 'Revoked. It is no good any more from now on.',
  enabled: 'Enabled.',
  robot: 'The robot is there. Make a token for it, so that it can log in.',
  disabled: 'Disabled, from now on.',
  over: 'The sessions have ended.',
  ended: 'Your other sessions have ended.',
} as const
