import { expect, test } from 'vitest'
import { FairShare } from './fair-share.ts'

/** Takes all that there are for one; returns how to give them back. */
function takeAll(share: FairShare, who: string): (() => void)[] {
  const held: (() => void)[] = []
  for (let one = share.take(who); one; one = share.take(who)) held.push(one)
  return held
}

test('one alone gets half, two a third each, and there are always some left', () => {
  const share = new FairShare(256)
  expect(takeAll(share, 'ann')).toHaveLength(128)
  expect(takeAll(share, 'bob')).toHaveLength(64)
  for (let count = 0; count < 5; count += 1) {
    expect(takeAll(share, `another ${count}`).length).toBeGreaterThan(0)
  }
})

test('who has more than her share by now gets no more, and keeps what she has', () => {
  const share = new FairShare(8)
  const ann = takeAll(share, 'ann')
  expect(ann).toHaveLength(4)
  const bob = takeAll(share, 'bob')
  expect(bob).toHaveLength(2)
  bob[0]?.()
  expect(share.take('ann')).toBeUndefined()
  for (const giveBack of [...ann, ...bob.slice(1)]) giveBack()
  expect(takeAll(share, 'bob')).toHaveLength(4)
})
