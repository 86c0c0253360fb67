// The value of the sts capability. https://ircv3.net/specs/extensions/sts
import { expect, test } from 'vitest'
import { parseSts } from './sts.ts'

test.each([
  ['port=6697', { port: 6697, durationS: undefined, isPreload: false }],
  ['duration=2592000,preload', { port: undefined, durationS: 2_592_000, isPreload: true }],
  ['duration=0', { port: undefined, durationS: 0, isPreload: false }],
  ['port=99999,duration=-1', { port: undefined, durationS: undefined, isPreload: false }],
  [
    'unknown=x,port=1,duration=99999999999999',
    { port: 1, durationS: 315_360_000, isPreload: false },
  ],
  ['', { port: undefined, durationS: undefined, isPreload: false }],
])('sts=%s', (value, offer) => {
  expect(parseSts(value)).toEqual(offer)
})
