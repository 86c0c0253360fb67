import { describe, expect, test } from 'vitest'
import { conflictsOf } from './conflicts.ts'
import type { Values } from './settings.ts'

describe('values that do not go together', () => {
  const good: Values = {
    DOMAIN: 'a.example',
    SOCIAL_DOMAIN: 'b.example',
    LB_POOL: '192.0.2.0/28',
    EXTERNAL_ADDRESS: '192.0.2.1',
    INTERNAL_ADDRESS: '192.0.2.2',
  }
  test('are none at first', () => {
    expect(conflictsOf(good)).toEqual([])
  })
  test.each<[string, Values, RegExp]>([
    ['two domains that are one', { SOCIAL_DOMAIN: 'a.example' }, /the same as DOMAIN/],
    ['two addresses that are one', { INTERNAL_ADDRESS: '192.0.2.1' }, /same as EXTERNAL_ADDRESS/],
    ['an address outside the pool', { EXTERNAL_ADDRESS: '192.0.2.16' }, /not in LB_POOL/],
    ['a pool among the pods', { POD_CIDR: '192.0.0.0/16' }, /within POD_CIDR/],
    ['an API that no route leads to', { TAILNET_ROUTES: '10.43.0.0/16' }, /not in TAILNET_ROUTES/],
  ])('%s', (_, change, message) => {
    expect(conflictsOf({ ...good, ...change }).map((each) => each.message)).toEqual([
      expect.stringMatching(message),
    ])
  })
})
