import { describe, expect, test } from 'vitest'
import { openService } from './service.ts'

const running = { url: 'http://den.test', listening: '', notReady: () => undefined }

describe('a service', () => {
  test('is closed part by part, the last one first, and once', async () => {
    const closed: string[] = []
    const service = await openService(async (opened) => {
      opened.defer(() => void closed.push('store'))
      opened.defer(async () => void closed.push('listener'))
      return running
    })
    expect(service.url).toBe('http://den.test')
    expect(closed).toEqual([])
    await service.close()
    await service.close()
    expect(closed).toEqual(['listener', 'store'])
  })

  test('that cannot be opened whole leaves nothing open, and says why', async () => {
    const closed: string[] = []
    const opening = openService(async (opened) => {
      opened.defer(() => void closed.push('store'))
      opened.defer(() => void closed.push('listener'))
      throw new Error('the port is taken')
    })
    await expect(opening).rejects.toThrow('the port is taken')
    expect(closed).toEqual(['listener', 'store'])
  })

  test('closes its store though a listener cannot be closed, and says so', async () => {
    const closed: string[] = []
    const service = await openService(async (opened) => {
      opened.defer(() => void closed.push('store'))
      opened.defer(() => Promise.reject(new Error('the listener hangs')))
      return running
    })
    await expect(service.close()).rejects.toThrow('the listener hangs')
    expect(closed).toEqual(['store'])
  })
})
