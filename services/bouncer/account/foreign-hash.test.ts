// Hashes as other programs make them. ZNC's is sha256(password + salt), see CUtils::SaltedSHA256Hash.
import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { checkForeignHash, isForeignHash } from './foreign-hash.ts'

const salted = (method: string) =>
  `znc-${method}$.Y(n*!salt$${createHash(method).update('hunter2.Y(n*!salt').digest('hex')}`

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve))

describe('a hash from elsewhere', () => {
  test.each([
    ["ZNC's SHA-256", salted('sha256')],
    ["ZNC's MD5", salted('md5')],
    ["soju's bcrypt", '$2b$04$abcdefghijklmnopqrstuuA3q5JhK7sPuNoNZUxXOoGZqG5u2vQfK'],
  ])('%s is known as one, and a wrong password does not fit', async (_, hash) => {
    expect(isForeignHash(hash)).toBe(true)
    expect(await checkForeignHash('hunter3', hash)).toBe(false)
  })

  test('lets the right password in', async () => {
    expect(await checkForeignHash('hunter2', salted('sha256'))).toBe(true)
    expect(await checkForeignHash('hunter2', salted('md5'))).toBe(true)
    // A vector of OpenBSD's bcrypt, as all implementations have it.
    const vector = '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'
    expect(await checkForeignHash('U*U', vector)).toBe(true)
    expect(await checkForeignHash('U*V', vector)).toBe(false)
  })

  test('is checked while all others have their turns', async () => {
    const checking = { turns: 0, isOver: false }
    // Cost 12: some 300 ms of work.
    const hash = '$2b$12$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'
    const check = checkForeignHash('U*U', hash).finally(() => {
      checking.isOver = true
    })
    for (; !checking.isOver; checking.turns += 1) await nextTurn()
    expect(await check).toBe(false)
    // In pieces of 100 ms there are five.
    expect(checking.turns).toBeGreaterThan(50)
  })

  test('that would take seconds is not tried', async () => {
    const slow = '$2b$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'
    expect(isForeignHash(slow)).toBe(true)
    expect(await checkForeignHash('U*U', slow)).toBe(false)
  })

  test.each(['', 'secret', '$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA', 'znc-sha256$salt$xyz'])(
    'is not %j',
    (hash) => {
      expect(isForeignHash(hash)).toBe(false)
    },
  )
})
